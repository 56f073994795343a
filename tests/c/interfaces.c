/*
 * Every interface of the module, every version's function list, and the functions that are newer than 2.40.
 * Usage: interfaces MODULE
 */
#include <stddef.h>

#include "module.h"

/* 3.0 and 3.2, which p11-kit's header need not have */
#define CKS_LAST_VALIDATION_OK_3_2 0x1UL

struct interface {
    char *name;
    void *functions;
    CK_FLAGS flags;
};

typedef CK_RV (*get_interface_list)(struct interface *, CK_ULONG *);
typedef CK_RV (*get_interface)(const char *, CK_VERSION *, struct interface **, CK_FLAGS);
typedef CK_RV (*any_function)(void);

/* What follows the functions of 2.40 in the lists of 3.0 and 3.2. */
struct functions_3_0 {
    get_interface_list get_interface_list;
    get_interface get_interface;
    CK_RV (*login_user)(CK_SESSION_HANDLE, CK_USER_TYPE, CK_UTF8CHAR *, CK_ULONG, CK_UTF8CHAR *, CK_ULONG);
    CK_RV (*session_cancel)(CK_SESSION_HANDLE, CK_FLAGS);
    init_function message_encrypt_init;
    any_function encryption[9];
    init_function message_sign_init;
    CK_RV (*sign_message)(CK_SESSION_HANDLE, void *, CK_ULONG, CK_BYTE *, CK_ULONG, CK_BYTE *, CK_ULONG *);
    any_function sign_message_begin, sign_message_next;
    CK_RV (*message_sign_final)(CK_SESSION_HANDLE);
    init_function message_verify_init;
    any_function verify_message[4];
};

struct functions_3_2 {
    any_function encapsulate_key, decapsulate_key;
    CK_RV (*verify_signature_init)(CK_SESSION_HANDLE, CK_MECHANISM *, CK_OBJECT_HANDLE, CK_BYTE *, CK_ULONG);
    CK_RV (*verify_signature)(CK_SESSION_HANDLE, CK_BYTE *, CK_ULONG);
    CK_RV (*verify_signature_update)(CK_SESSION_HANDLE, CK_BYTE *, CK_ULONG);
    CK_RV (*verify_signature_final)(CK_SESSION_HANDLE);
    CK_RV (*validation_flags)(CK_SESSION_HANDLE, CK_ULONG, CK_FLAGS *);
    any_function async_complete, async_get_id, async_join, wrap_key_authenticated, unwrap_key_authenticated;
};

struct list_3_2 {
    CK_FUNCTION_LIST since_2_40;
    struct functions_3_0 since_3_0;
    struct functions_3_2 since_3_2;
};

/* How many functions the list of a version has; the default version first. */
struct version {
    CK_VERSION version;
    size_t functions;
};

#define FUNCTIONS(type) ((sizeof(type) - offsetof(CK_FUNCTION_LIST, C_Initialize)) / sizeof(any_function))

static const struct version VERSIONS[] = {
    { { 3, 0 }, 92 },
    { { 3, 2 }, 104 },
    { { 2, 40 }, 68 },
};

static get_interface_list list_interfaces;
static get_interface find_interface;
static const struct list_3_2 *newest;

static void load_interfaces(void)
{
    list_interfaces = (get_interface_list)dlsym(library, SIGNPATH_GET_INTERFACE_LIST);
    find_interface = (get_interface)dlsym(library, SIGNPATH_GET_INTERFACE);
    CHECK(list_interfaces != NULL && find_interface != NULL);
    CHECK(FUNCTIONS(struct list_3_2) == VERSIONS[1].functions);
}

static void list_every_interface(void)
{
    CK_ULONG count = 0;
    OK(list_interfaces(NULL, &count));
    CHECK(count == COUNT(VERSIONS));
    struct interface *none = exact(0), *is_short = exact((count - 1) * sizeof *is_short);
    struct interface *all = exact(count * sizeof *all);
    CK_ULONG room = 0;
    EXPECT(CKR_BUFFER_TOO_SMALL, list_interfaces(none, &room));
    room = count - 1;
    EXPECT(CKR_BUFFER_TOO_SMALL, list_interfaces(is_short, &room));
    CHECK(room == count && is_untouched(is_short, 0, (count - 1) * sizeof *is_short));
    OK(list_interfaces(all, &room));
    EXPECT(CKR_ARGUMENTS_BAD, list_interfaces(all, NULL));
    for (CK_ULONG i = 0; i < count; i++)
        CHECK(strcmp(all[i].name, "PKCS 11") == 0 && all[i].flags == 0);
    free(none);
    free(is_short);
    free(all);
}

/* Reads every function of the list: none is missing, none lies behind its end. */
static void walk(const struct interface *interface, const struct version *expected)
{
    const CK_VERSION *version = interface->functions;
    CHECK(version->major == expected->version.major && version->minor == expected->version.minor);
    const CK_FUNCTION_LIST *list = interface->functions;
    const any_function *functions = (const any_function *)&list->C_Initialize;
    for (size_t i = 0; i < expected->functions; i++)
        CHECK(functions[i] != NULL);
    CHECK(list->C_Initialize == p11->C_Initialize && list->C_WaitForSlotEvent == p11->C_WaitForSlotEvent);
}

/* What pkcs11-spy does: puts a list of its own into the interface that it gets. Whoever asks next gets the module's again. */
static void exchange(struct interface *interface)
{
    static CK_FUNCTION_LIST own;
    interface->functions = &own;
}

static void find_every_interface(void)
{
    struct interface *found = NULL, *first;
    char *name = copy_of("PKCS 11", 8), *other = copy_of("Vendor", 7);
    for (size_t i = 0; i < COUNT(VERSIONS); i++) {
        CK_VERSION *version = copy_of(&VERSIONS[i].version, sizeof *version);
        OK(find_interface(name, version, &found, 0));
        walk(found, &VERSIONS[i]);
        if (version->major == 3 && version->minor == 2)
            newest = found->functions;
        exchange(found);
        version->minor = 77;
        EXPECT(CKR_ARGUMENTS_BAD, find_interface(name, version, &found, 0));
        free(version);
    }
    OK(find_interface(NULL, NULL, &first, 0));
    walk(first, &VERSIONS[0]);
    EXPECT(CKR_ARGUMENTS_BAD, find_interface(other, NULL, &found, 0));
    EXPECT(CKR_ARGUMENTS_BAD, find_interface(name, NULL, NULL, 0));
    EXPECT(CKR_ARGUMENTS_BAD, find_interface(name, NULL, &found, 1));
    CHECK(newest != NULL);
    free(name);
    free(other);
}

/* C_LoginUser: the organization's id is the name, the rest of the PIN the token. */
static void login_with_a_name(CK_SESSION_HANDLE session)
{
    const char *colon = strchr(pin(), ':');
    CHECK(colon != NULL);
    size_t name_len = (size_t)(colon - pin()), token_len = strlen(colon + 1);
    CK_UTF8CHAR *name = copy_of(pin(), name_len), *token = copy_of(colon + 1, token_len);
    const struct functions_3_0 *functions = &newest->since_3_0;
    EXPECT(CKR_PIN_INCORRECT, functions->login_user(session, CKU_USER, token, token_len - 1, name, name_len));
    EXPECT(CKR_ARGUMENTS_BAD, functions->login_user(session, CKU_USER, token, token_len, NULL, name_len));
    OK(functions->login_user(session, CKU_USER, token, token_len, name, name_len));
    free(name);
    free(token);
}

static CK_RV begin_verify(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, const unsigned char *signature, CK_ULONG len)
{
    CK_MECHANISM mechanism = { CKM_ECDSA_SHA256, NULL, 0 };
    CK_MECHANISM *copy = copy_of(&mechanism, sizeof mechanism);
    unsigned char *own = copy_of(signature, len);
    CK_RV rv = newest->since_3_2.verify_signature_init(session, copy, key, own, len);
    free(copy);
    free(own);
    return rv;
}

/* The signature comes first and is gone when it is looked at. */
static void verify_with_the_signature_first(CK_SESSION_HANDLE session)
{
    const struct functions_3_2 *functions = &newest->since_3_2;
    CK_OBJECT_HANDLE key = object(session, CKO_PUBLIC_KEY, "demo/ec");
    unsigned char *data = exact(77), *signature = exact(64);
    CK_ULONG len = 64;
    OK(begin(p11->C_SignInit, session, object(session, CKO_PRIVATE_KEY, "demo/ec"), CKM_ECDSA_SHA256, NULL, 0));
    OK(p11->C_Sign(session, data, 77, signature, &len));
    OK(begin_verify(session, key, signature, 64));
    OK(functions->verify_signature(session, data, 77));
    OK(begin_verify(session, key, signature, 64));
    OK(functions->verify_signature_update(session, data, 70));
    OK(functions->verify_signature_update(session, data + 70, 7));
    OK(functions->verify_signature_final(session));
    OK(begin_verify(session, key, signature, 63));
    EXPECT(CKR_SIGNATURE_LEN_RANGE, functions->verify_signature(session, data, 77));
    OK(begin_verify(session, key, signature, 64));
    EXPECT(CKR_SIGNATURE_INVALID, functions->verify_signature(session, data, 76));
    free(data);
    free(signature);
}

static void cancel_what_is_under_way(CK_SESSION_HANDLE session)
{
    CK_RV (*const cancel)(CK_SESSION_HANDLE, CK_FLAGS) = newest->since_3_0.session_cancel;
    CK_OBJECT_HANDLE key = object(session, CKO_PRIVATE_KEY, "demo/ec");
    unsigned char *data = exact(5);
    OK(begin(p11->C_SignInit, session, key, CKM_ECDSA_SHA256, NULL, 0));
    OK(p11->C_SignUpdate(session, data, 5));
    OK(cancel(session, CKF_DIGEST));
    OK(p11->C_SignUpdate(session, data, 5));
    OK(cancel(session, CKF_SIGN));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, p11->C_SignUpdate(session, data, 5));
    EXPECT(CKR_SESSION_HANDLE_INVALID, cancel(NO_HANDLE, CKF_SIGN));
    free(data);
}

static void call_the_newer_functions(CK_SESSION_HANDLE session)
{
    const struct functions_3_0 *functions = &newest->since_3_0;
    unsigned char *block = exact(16);
    CK_ULONG len = 16;
    CK_FLAGS *flags = exact(sizeof *flags);
    OK(newest->since_3_2.validation_flags(session, CKS_LAST_VALIDATION_OK_3_2, flags));
    CHECK(*flags == 0);
    EXPECT(CKR_FUNCTION_NOT_SUPPORTED, begin(functions->message_encrypt_init, session, 1, CKM_ECDSA, block, 16));
    EXPECT(CKR_FUNCTION_NOT_SUPPORTED, begin(functions->message_sign_init, session, 1, CKM_ECDSA, NULL, 0));
    EXPECT(CKR_FUNCTION_NOT_SUPPORTED, begin(functions->message_verify_init, session, 1, CKM_ECDSA, NULL, 0));
    EXPECT(CKR_FUNCTION_NOT_SUPPORTED, functions->sign_message(session, NULL, 0, block, 16, block, &len));
    EXPECT(CKR_FUNCTION_NOT_SUPPORTED, functions->message_sign_final(session));
    CHECK(is_untouched(block, 0, 16) && len == 16);
    free(block);
    free(flags);
}

int main(int argc, char **argv)
{
    load(argc, argv);
    load_interfaces();
    list_every_interface();
    find_every_interface();
    step("interfaces before C_Initialize");
    EXPECT(CKR_CRYPTOKI_NOT_INITIALIZED, newest->since_3_0.session_cancel(1, CKF_SIGN));
    initialize();
    CK_SESSION_HANDLE session = open_session();
    login_with_a_name(session);
    step("a login with a name");
    verify_with_the_signature_first(session);
    step("verified with the signature first");
    cancel_what_is_under_way(session);
    call_the_newer_functions(session);
    step("newer functions");
    OK(p11->C_Finalize(NULL));
    list_every_interface();
    CHECK(dlclose(library) == 0);
    step("done");
    return 0;
}
