/*
 * Forks with sessions open and an operation under way: the child begins anew and signs, and so does its own child; the parent
 * goes on where it was.
 * Usage: forks MODULE
 */
#define _XOPEN_SOURCE 700

#include <sys/wait.h>
#include <unistd.h>

#include "module.h"

static CK_SESSION_HANDLE session;

static void sign(void)
{
    CK_OBJECT_HANDLE key = object(session, CKO_PRIVATE_KEY, "demo/ec");
    unsigned char *hash = exact(32), *signature = exact(64);
    CK_ULONG len = 64;
    OK(begin(p11->C_SignInit, session, key, CKM_ECDSA, NULL, 0));
    OK(p11->C_Sign(session, hash, 32, signature, &len));
    free(hash);
    free(signature);
}

/* A child that begins anew, signs, and has a child that does the same. */
static void begin_anew(int generations);

/* Does nothing with what it inherited. */
static void do_nothing(int generations)
{
    (void)generations;
}

/* Ends first what it never began, as pkcs11-provider does. */
static void end_and_begin(int generations)
{
    EXPECT(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_Finalize(NULL));
    begin_anew(generations);
}

static void in_a_child(void (*body)(int), int generations)
{
    int status = 0;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        body(generations);
        exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void begin_anew(int generations)
{
    CK_INFO info;
    EXPECT(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_GetInfo(&info));
    EXPECT(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_CloseSession(session));
    initialize();
    session = logged_in();
    sign();
    if (generations > 0)
        in_a_child(begin_anew, generations - 1);
    OK(p11->C_Finalize(NULL));
}

int main(int argc, char **argv)
{
    load(argc, argv);
    initialize();
    session = logged_in();
    sign();
    unsigned char *data = exact(100), *signature = exact(64);
    CK_ULONG len = 64;
    CK_OBJECT_HANDLE key = object(session, CKO_PRIVATE_KEY, "demo/ec");
    OK(begin(p11->C_SignInit, session, key, CKM_ECDSA_SHA256, NULL, 0));
    OK(p11->C_SignUpdate(session, data, 100));
    in_a_child(do_nothing, 0);
    step("a child that does nothing");
    in_a_child(begin_anew, 1);
    step("a child and its child");
    in_a_child(end_and_begin, 0);
    step("a child that ends first");
    OK(p11->C_SignFinal(session, signature, &len));
    sign();
    step("the parent goes on");
    free(data);
    free(signature);
    OK(p11->C_Finalize(NULL));
    in_a_child(begin_anew, 0);
    CHECK(dlclose(library) == 0);
    step("done");
    return 0;
}
