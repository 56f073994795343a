/*
 * What the C programs share: the module, checks that say their line, heap blocks that end where the value ends (a byte too
 * many is seen by AddressSanitizer and valgrind), and the first steps of every client.
 */
#ifndef MODULE_H
#define MODULE_H

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <p11-kit/pkcs11.h>

#include "signpath_pkcs11.h"

/* The call answers so, or the program ends with its line. */
#define EXPECT(answer, call) expect(__FILE__, __LINE__, #call, (answer), (call))
#define OK(call) EXPECT(CKR_OK, call)
#define CHECK(condition) check(__FILE__, __LINE__, #condition, (condition))

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* A handle that no module gave. */
#define NO_HANDLE 0xdeadbeefUL

static void *library;
static CK_FUNCTION_LIST *p11;
static CK_SLOT_ID slot;

static inline void expect(const char *file, int line, const char *call, CK_RV expected, CK_RV rv)
{
    if (rv != expected) {
        fprintf(stderr, "%s:%d: %s: 0x%lx instead of 0x%lx\n", file, line, call, rv, expected);
        exit(1);
    }
}

static inline void check(const char *file, int line, const char *condition, int holds)
{
    if (!holds) {
        fprintf(stderr, "%s:%d: not so: %s\n", file, line, condition);
        exit(1);
    }
}

/* Says what has been done. */
static inline void step(const char *what)
{
    printf("%s\n", what);
    fflush(stdout);
}

/* A block of exactly this many bytes, filled with 0xa5. */
static inline void *exact(size_t len)
{
    void *block = malloc(len);
    CHECK(block != NULL);
    memset(block, 0xa5, len);
    return block;
}

static inline void *copy_of(const void *value, size_t len)
{
    return memcpy(exact(len), value, len);
}

static inline int is_untouched(const void *block, size_t from, size_t to)
{
    const unsigned char *bytes = block;
    for (size_t i = from; i < to; i++)
        if (bytes[i] != 0xa5)
            return 0;
    return 1;
}

/* The module that the program's argument names. */
static inline void load(int argc, char **argv)
{
    library = dlopen(argc > 1 ? argv[1] : "", RTLD_NOW);
    if (library == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        exit(1);
    }
    CK_C_GetFunctionList get_list = (CK_C_GetFunctionList)dlsym(library, SIGNPATH_GET_FUNCTION_LIST);
    CHECK(get_list != NULL);
    OK(get_list(&p11));
}

/* How often the program does what it repeats: its second argument. */
static inline int rounds(int argc, char **argv, int otherwise)
{
    return argc > 2 ? atoi(argv[2]) : otherwise;
}

static inline void initialize(void)
{
    CK_C_INITIALIZE_ARGS *arguments = exact(sizeof *arguments);
    memset(arguments, 0, sizeof *arguments);
    arguments->flags = CKF_OS_LOCKING_OK;
    OK(p11->C_Initialize(arguments));
    free(arguments);
}

/* A session with the first token. */
static inline CK_SESSION_HANDLE open_session(void)
{
    CK_ULONG count = 0;
    OK(p11->C_GetSlotList(CK_TRUE, NULL, &count));
    CK_SLOT_ID *slots = exact(count * sizeof *slots);
    OK(p11->C_GetSlotList(CK_TRUE, slots, &count));
    CHECK(count > 0);
    slot = slots[0];
    free(slots);
    CK_SESSION_HANDLE session;
    OK(p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session));
    return session;
}

/* C_Login with a PIN that ends where its block ends. */
static inline CK_RV login_with(CK_SESSION_HANDLE session, const char *pin)
{
    CK_UTF8CHAR *block = copy_of(pin, strlen(pin));
    CK_RV rv = p11->C_Login(session, CKU_USER, block, strlen(pin));
    memset(block, 0, strlen(pin));
    free(block);
    return rv;
}

/* The PIN that the environment gives; NULL where the token asks for none. */
static inline const char *pin(void)
{
    return getenv("SIGNPATH_TEST_PIN");
}

/* A session, logged in where there is a PIN for it. */
static inline CK_SESSION_HANDLE logged_in(void)
{
    CK_SESSION_HANDLE session = open_session();
    if (pin() != NULL)
        OK(login_with(session, pin()));
    return session;
}

/* C_FindObjectsInit with a template that is gone afterwards. */
static inline CK_RV find_init(CK_SESSION_HANDLE session, const CK_ATTRIBUTE *template, CK_ULONG count)
{
    CK_ATTRIBUTE *copy = copy_of(template, count * sizeof *template);
    for (CK_ULONG i = 0; i < count; i++)
        copy[i].pValue = copy_of(template[i].pValue, template[i].ulValueLen);
    CK_RV rv = p11->C_FindObjectsInit(session, copy, count);
    for (CK_ULONG i = 0; i < count; i++)
        free(copy[i].pValue);
    free(copy);
    return rv;
}

/* The one object of this class with this label. */
static inline CK_OBJECT_HANDLE object(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class, const char *label)
{
    CK_ATTRIBUTE template[] = {
        { CKA_CLASS, &class, sizeof class },
        { CKA_LABEL, (void *)(size_t)label, strlen(label) },
    };
    CK_OBJECT_HANDLE *found = exact(2 * sizeof *found), only;
    CK_ULONG count;
    OK(find_init(session, template, COUNT(template)));
    OK(p11->C_FindObjects(session, found, 2, &count));
    OK(p11->C_FindObjectsFinal(session));
    CHECK(count == 1);
    only = found[0];
    free(found);
    return only;
}

/* C_SignInit and its kin, with a mechanism and a parameter that are gone afterwards. */
typedef CK_RV (*init_function)(CK_SESSION_HANDLE, CK_MECHANISM *, CK_OBJECT_HANDLE);

static inline CK_RV begin(init_function init, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, CK_MECHANISM_TYPE type,
                          const void *parameter, CK_ULONG len)
{
    CK_MECHANISM mechanism = { type, parameter == NULL ? NULL : copy_of(parameter, len), len };
    CK_MECHANISM *copy = copy_of(&mechanism, sizeof mechanism);
    CK_RV rv = init(session, copy, key);
    free(copy);
    free(mechanism.pParameter);
    return rv;
}

#endif
