/*
 * Threads sign, each in a session of its own, while one opens and closes sessions, one searches and one asks for the token.
 * For any module whose token has the key demo/ec.
 * Usage: threads MODULE [ROUNDS]
 */
#include <pthread.h>

#include "module.h"

#define SIGNERS 6

static CK_OBJECT_HANDLE key;
static int times;
static int working;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int still_signing(void)
{
    pthread_mutex_lock(&lock);
    int any = working > 0;
    pthread_mutex_unlock(&lock);
    return any;
}

static void *sign(void *unused)
{
    CK_SESSION_HANDLE session = open_session();
    for (int i = 0; i < times; i++) {
        unsigned char *hash = exact(32), *signature = exact(64);
        CK_ULONG len = 64;
        OK(begin(p11->C_SignInit, session, key, CKM_ECDSA, NULL, 0));
        OK(p11->C_Sign(session, hash, 32, signature, &len));
        CHECK(len == 64);
        free(hash);
        free(signature);
    }
    OK(p11->C_CloseSession(session));
    pthread_mutex_lock(&lock);
    working--;
    pthread_mutex_unlock(&lock);
    return unused;
}

static void *open_and_close(void *unused)
{
    while (still_signing()) {
        CK_SESSION_HANDLE sessions[10];
        for (size_t i = 0; i < COUNT(sessions); i++)
            sessions[i] = open_session();
        for (size_t i = 0; i < COUNT(sessions); i++)
            OK(p11->C_CloseSession(sessions[i]));
    }
    return unused;
}

static void *search(void *unused)
{
    CK_SESSION_HANDLE session = open_session();
    while (still_signing())
        CHECK(object(session, CKO_PRIVATE_KEY, "demo/ec") == key);
    OK(p11->C_CloseSession(session));
    return unused;
}

static void *ask(void *unused)
{
    CK_TOKEN_INFO *info = exact(sizeof *info);
    while (still_signing())
        OK(p11->C_GetTokenInfo(slot, info));
    free(info);
    return unused;
}

int main(int argc, char **argv)
{
    load(argc, argv);
    times = rounds(argc, argv, 10);
    initialize();
    CK_SESSION_HANDLE session = logged_in();
    key = object(session, CKO_PRIVATE_KEY, "demo/ec");
    void *(*const OTHERS[])(void *) = { open_and_close, search, ask };
    pthread_t threads[SIGNERS + COUNT(OTHERS)];
    working = SIGNERS;
    for (size_t i = 0; i < COUNT(threads); i++)
        CHECK(pthread_create(&threads[i], NULL, i < SIGNERS ? sign : OTHERS[i - SIGNERS], NULL) == 0);
    for (size_t i = 0; i < COUNT(threads); i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    step("threads");
    OK(p11->C_Finalize(NULL));
    CHECK(dlclose(library) == 0);
    step("done");
    return 0;
}
