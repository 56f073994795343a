/*
 * Sessions, logins and the whole run end while operations are under way, in the same thread and in others; handles are used
 * after their end. Needs a PIN: SIGNPATH_TEST_PIN.
 * Usage: interruptions MODULE [ROUNDS]
 */
#define _XOPEN_SOURCE 700

#include <pthread.h>

#include "module.h"

static CK_SESSION_HANDLE session;
static CK_OBJECT_HANDLE key;

static void log_in_with_every_pin(void)
{
    static const char *const WRONG[] = { "", "1234", ":", "00000000-0000-0000-0000-000000000000:x", "\xff\xfe" };
    session = open_session();
    for (size_t i = 0; i < COUNT(WRONG); i++)
        EXPECT(CKR_PIN_INCORRECT, login_with(session, WRONG[i]));
    char *cut = copy_of(pin(), strlen(pin()));
    cut[strlen(pin()) - 1] = 0;
    EXPECT(CKR_PIN_INCORRECT, login_with(session, cut));
    free(cut);
    EXPECT(CKR_PIN_INCORRECT, p11->C_Login(session, CKU_USER, NULL, 5));
    EXPECT(CKR_USER_TYPE_INVALID, p11->C_Login(session, CKU_SO, NULL, 0));
    EXPECT(CKR_USER_NOT_LOGGED_IN, p11->C_Logout(session));
    OK(login_with(session, pin()));
    EXPECT(CKR_USER_ALREADY_LOGGED_IN, login_with(session, pin()));
    OK(p11->C_Logout(session));
    OK(p11->C_CloseSession(session));
}

/* A session in which a message has been signed in part. */
static void begin_to_sign(void)
{
    unsigned char *part = exact(10);
    session = logged_in();
    key = object(session, CKO_PRIVATE_KEY, "demo/ec");
    OK(begin(p11->C_SignInit, session, key, CKM_ECDSA_SHA256, NULL, 0));
    OK(p11->C_SignUpdate(session, part, 10));
    free(part);
}

static CK_RV sign_final(void)
{
    unsigned char *signature = exact(64);
    CK_ULONG len = 64;
    CK_RV rv = p11->C_SignFinal(session, signature, &len);
    free(signature);
    return rv;
}

/* What ends while a signature, a search, a digest are under way. */
static void end_it_in_every_way(void)
{
    begin_to_sign();
    OK(p11->C_CloseSession(session));
    EXPECT(CKR_SESSION_HANDLE_INVALID, sign_final());
    begin_to_sign();
    OK(p11->C_CloseAllSessions(slot));
    EXPECT(CKR_SESSION_HANDLE_INVALID, sign_final());
    begin_to_sign();
    OK(p11->C_Logout(session));
    EXPECT(CKR_USER_NOT_LOGGED_IN, sign_final());
    EXPECT(CKR_KEY_HANDLE_INVALID, begin(p11->C_SignInit, session, key, CKM_ECDSA, NULL, 0));
    OK(p11->C_CloseSession(session));
    begin_to_sign();
    OK(p11->C_Finalize(NULL));
    EXPECT(CKR_CRYPTOKI_NOT_INITIALIZED, sign_final());
    initialize();
    EXPECT(CKR_SESSION_HANDLE_INVALID, sign_final());
}

/* A search goes on with the handles that it has found; what they stand for may be gone. */
static void log_out_during_a_search(void)
{
    CK_OBJECT_HANDLE *found = exact(2 * sizeof *found);
    CK_ATTRIBUTE attribute = { CKA_LABEL, NULL, 0 };
    CK_ULONG count;
    session = logged_in();
    OK(find_init(session, NULL, 0));
    OK(p11->C_FindObjects(session, found, 2, &count));
    CHECK(count == 2);
    OK(p11->C_Logout(session));
    CHECK(p11->C_GetAttributeValue(session, found[0], &attribute, 1) != CKR_OK);
    OK(p11->C_FindObjects(session, found, 2, &count));
    OK(p11->C_FindObjectsFinal(session));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, p11->C_FindObjectsFinal(session));
    OK(p11->C_CloseSession(session));
    free(found);
}

/* The answers that a call may have while another thread ends what it needs. */
static int is_interrupted(CK_RV rv)
{
    return rv == CKR_CRYPTOKI_NOT_INITIALIZED || rv == CKR_SESSION_HANDLE_INVALID || rv == CKR_USER_NOT_LOGGED_IN ||
           rv == CKR_KEY_HANDLE_INVALID || rv == CKR_OBJECT_HANDLE_INVALID;
}

/* Signs until it is interrupted. */
static void *sign_on(void *signed_once)
{
    CK_RV rv = CKR_OK;
    unsigned char *hash = exact(32), *signature = exact(64);
    CK_SESSION_HANDLE own = open_session();
    while (rv == CKR_OK) {
        CK_ULONG len = 64;
        rv = begin(p11->C_SignInit, own, key, CKM_ECDSA, NULL, 0);
        if (rv == CKR_OK)
            rv = p11->C_Sign(own, hash, 32, signature, &len);
        if (signed_once != NULL)
            pthread_barrier_wait(signed_once);
        signed_once = NULL;
    }
    CHECK(is_interrupted(rv));
    free(hash);
    free(signature);
    return NULL;
}

static void close_all_sessions(void)
{
    OK(p11->C_CloseAllSessions(slot));
}

static void log_out(void)
{
    OK(p11->C_Logout(session));
}

static void finalize(void)
{
    OK(p11->C_Finalize(NULL));
}

/* Once each of them has signed, it ends for all of them. */
static void interrupt(void (*end)(void))
{
    pthread_t signers[4];
    pthread_barrier_t signed_once;
    session = logged_in();
    key = object(session, CKO_PRIVATE_KEY, "demo/ec");
    CHECK(pthread_barrier_init(&signed_once, NULL, COUNT(signers) + 1) == 0);
    for (size_t i = 0; i < COUNT(signers); i++)
        CHECK(pthread_create(&signers[i], NULL, sign_on, &signed_once) == 0);
    pthread_barrier_wait(&signed_once);
    end();
    for (size_t i = 0; i < COUNT(signers); i++)
        CHECK(pthread_join(signers[i], NULL) == 0);
    pthread_barrier_destroy(&signed_once);
}

int main(int argc, char **argv)
{
    load(argc, argv);
    initialize();
    log_in_with_every_pin();
    step("right and wrong PINs");
    end_it_in_every_way();
    log_out_during_a_search();
    step("ended in between");
    for (int i = rounds(argc, argv, 10); i > 0; i--) {
        interrupt(close_all_sessions);
        interrupt(log_out);
        OK(p11->C_CloseAllSessions(slot));
        interrupt(finalize);
        initialize();
    }
    step("ended by another thread");
    OK(p11->C_Finalize(NULL));
    CHECK(dlclose(library) == 0);
    step("done");
    return 0;
}
