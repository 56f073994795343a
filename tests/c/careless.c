/*
 * A careless host: NULL where nothing may be NULL, lengths that no memory has, parameters of every wrong length, handles that
 * nobody gave, functions that no signing token has.
 * Usage: careless MODULE
 */
#include "module.h"

/* A length that wraps around when it is added to a pointer. */
#define TOO_LONG (~0UL)

static CK_SESSION_HANDLE session;
static CK_OBJECT_HANDLE rsa, ec, ec_public;

/* One call of each kind of arguments before C_Initialize; handles and buffers are not looked at. */
static void call_before_the_beginning(void)
{
    unsigned char *block = exact(8);
    CK_ULONG len = 8;
    CK_MECHANISM mechanism = { CKM_ECDSA, NULL, 0 };
    CK_RV answers[] = {
        p11->C_GetInfo((CK_INFO *)block),
        p11->C_GetSlotList(CK_TRUE, NULL, &len),
        p11->C_GetSlotInfo(1, (CK_SLOT_INFO *)block),
        p11->C_GetTokenInfo(1, (CK_TOKEN_INFO *)block),
        p11->C_GetMechanismList(1, NULL, &len),
        p11->C_GetMechanismInfo(1, CKM_ECDSA, (CK_MECHANISM_INFO *)block),
        p11->C_OpenSession(1, CKF_SERIAL_SESSION, NULL, NULL, (CK_SESSION_HANDLE *)block),
        p11->C_CloseSession(1),
        p11->C_CloseAllSessions(1),
        p11->C_GetSessionInfo(1, (CK_SESSION_INFO *)block),
        p11->C_Login(1, CKU_USER, block, 8),
        p11->C_Logout(1),
        p11->C_GetAttributeValue(1, 1, (CK_ATTRIBUTE *)block, 1),
        p11->C_FindObjectsInit(1, (CK_ATTRIBUTE *)block, 1),
        p11->C_FindObjects(1, (CK_OBJECT_HANDLE *)block, 1, &len),
        p11->C_FindObjectsFinal(1),
        p11->C_SignInit(1, &mechanism, 1),
        p11->C_Sign(1, block, 8, block, &len),
        p11->C_VerifyInit(1, &mechanism, 1),
        p11->C_Verify(1, block, 8, block, 8),
        p11->C_DigestInit(1, &mechanism),
        p11->C_DigestFinal(1, block, &len),
        p11->C_GenerateRandom(1, block, 8),
        p11->C_GetFunctionStatus(1),
        p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, (CK_SLOT_ID *)block, NULL),
    };
    for (size_t i = 0; i < COUNT(answers); i++)
        CHECK(answers[i] == CKR_CRYPTOKI_NOT_INITIALIZED);
    CHECK(is_untouched(block, 0, 8) && len == 8);
    free(block);
}

static void ask_into_nothing(void)
{
    CK_ULONG len = 1;
    CK_OBJECT_HANDLE found;
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_GetFunctionList(NULL));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_GetInfo(NULL));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_GetSlotList(CK_TRUE, NULL, NULL));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_GetSlotInfo(slot, NULL));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_GetTokenInfo(slot, NULL));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_GetMechanismList(slot, NULL, NULL));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_GetMechanismInfo(slot, CKM_ECDSA, NULL));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, NULL));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_GetSessionInfo(session, NULL));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_GetObjectSize(session, ec, NULL));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_GetAttributeValue(session, ec, NULL, 1));
    OK(p11->C_GetAttributeValue(session, ec, NULL, 0));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_GenerateRandom(session, NULL, 1));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_SeedRandom(session, NULL, 1));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_FindObjectsInit(session, NULL, 1));
    OK(p11->C_FindObjectsInit(session, NULL, 0));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_FindObjects(session, NULL, 1, &len));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_FindObjects(session, &found, 1, NULL));
    OK(p11->C_FindObjects(session, &found, 0, &len));
    CHECK(len == 0);
    OK(p11->C_FindObjectsFinal(session));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_SignInit(session, NULL, ec));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_VerifyInit(session, NULL, ec_public));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_DigestInit(session, NULL));
}

static CK_RV begin_digest(CK_SESSION_HANDLE in, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE unused)
{
    (void)unused;
    return p11->C_DigestInit(in, mechanism);
}

/* Data that is not there, and lengths that no memory has: nothing is read. */
static void hand_in_impossible_lengths(void)
{
    unsigned char *byte = exact(1);
    CK_ULONG len = 64;
    static const CK_ULONG LENS[] = { TOO_LONG, TOO_LONG / 2 + 1 };
    for (size_t i = 0; i < 2 * COUNT(LENS); i++) {
        unsigned char *data = i % 2 ? byte : NULL;
        CK_ULONG data_len = LENS[i / 2];
        CK_ATTRIBUTE template = { CKA_LABEL, data, data_len };
        EXPECT(CKR_ARGUMENTS_BAD, p11->C_FindObjectsInit(session, &template, 1));
        EXPECT(CKR_ARGUMENTS_BAD, p11->C_FindObjectsInit(session, &template, data_len));
        EXPECT(CKR_ARGUMENTS_BAD, p11->C_GetAttributeValue(session, ec, &template, data_len));
        EXPECT(CKR_ARGUMENTS_BAD, p11->C_SeedRandom(session, data, data_len));
        OK(begin(p11->C_SignInit, session, ec, CKM_ECDSA, NULL, 0));
        EXPECT(CKR_ARGUMENTS_BAD, p11->C_Sign(session, data, data_len, byte, &len));
        OK(begin(p11->C_SignInit, session, ec, CKM_ECDSA_SHA256, NULL, 0));
        EXPECT(CKR_ARGUMENTS_BAD, p11->C_SignUpdate(session, data, data_len));
        OK(begin(p11->C_VerifyInit, session, ec_public, CKM_ECDSA, NULL, 0));
        EXPECT(CKR_ARGUMENTS_BAD, p11->C_Verify(session, byte, 1, data, data_len));
        OK(begin(begin_digest, session, 0, CKM_SHA256, NULL, 0));
        EXPECT(CKR_ARGUMENTS_BAD, p11->C_DigestUpdate(session, data, data_len));
        CK_MECHANISM mechanism = { CKM_RSA_PKCS_PSS, data, data_len };
        EXPECT(CKR_ARGUMENTS_BAD, p11->C_SignInit(session, &mechanism, rsa));
    }
    OK(begin(p11->C_SignInit, session, ec, CKM_ECDSA, NULL, 0));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_Sign(session, byte, 1, byte, NULL));
    CHECK(is_untouched(byte, 0, 1));
    free(byte);
}

/* Parameters of every length up to one that is too long, which end where their blocks end. */
static void hand_in_parameters_of_every_length(void)
{
    static const CK_MECHANISM_TYPE PSS[] = { CKM_RSA_PKCS_PSS, CKM_SHA256_RSA_PKCS_PSS };
    static const CK_MECHANISM_TYPE PLAIN[] = { CKM_RSA_PKCS, CKM_SHA256_RSA_PKCS };
    CK_RSA_PKCS_PSS_PARAMS right[2] = { { CKM_SHA256, CKG_MGF1_SHA256, 32 }, { 0, 0, 0 } };
    for (CK_ULONG len = 0; len < sizeof right; len++) {
        CK_RV answer = len == sizeof right[0] ? CKR_OK : CKR_MECHANISM_PARAM_INVALID;
        for (size_t i = 0; i < COUNT(PSS); i++) {
            EXPECT(answer, begin(p11->C_SignInit, session, rsa, PSS[i], &right, len));
            if (answer == CKR_OK)
                OK(p11->C_SignInit(session, NULL, rsa));
        }
        answer = len == 0 ? CKR_OK : CKR_MECHANISM_PARAM_INVALID;
        for (size_t i = 0; i < COUNT(PLAIN); i++) {
            EXPECT(answer, begin(p11->C_SignInit, session, rsa, PLAIN[i], &right, len));
            if (answer == CKR_OK)
                OK(p11->C_SignInit(session, NULL, rsa));
        }
        EXPECT(answer, begin(begin_digest, session, 0, CKM_SHA256, &right, len));
        if (answer == CKR_OK)
            OK(p11->C_DigestInit(session, NULL));
    }
}

/* What cannot be signed, of every length up to one that is too long: no request is made. */
static void hand_in_data_of_every_length(void)
{
    unsigned char *signature = exact(384);
    for (CK_ULONG data_len = 0; data_len < 90; data_len++) {
        unsigned char *data = exact(data_len);
        CK_ULONG len = 384;
        OK(begin(p11->C_SignInit, session, rsa, CKM_RSA_PKCS, NULL, 0));
        CHECK(p11->C_Sign(session, data, data_len, signature, &len) != CKR_OK);
        EXPECT(CKR_OPERATION_NOT_INITIALIZED, p11->C_Sign(session, data, data_len, signature, &len));
        OK(begin(p11->C_VerifyInit, session, ec_public, CKM_ECDSA, NULL, 0));
        CHECK(p11->C_Verify(session, data, data_len, data, data_len) != CKR_OK);
        free(data);
    }
    CHECK(is_untouched(signature, 0, 384));
    free(signature);
}

static void use_handles_that_nobody_gave(void)
{
    static const CK_ULONG HANDLES[] = { 0, NO_HANDLE, ~0UL };
    CK_SESSION_INFO info;
    for (size_t i = 0; i < COUNT(HANDLES); i++) {
        CK_ATTRIBUTE template = { CKA_LABEL, NULL, 0 };
        EXPECT(CKR_SESSION_HANDLE_INVALID, p11->C_GetSessionInfo(HANDLES[i], &info));
        EXPECT(CKR_SESSION_HANDLE_INVALID, p11->C_FindObjectsInit(HANDLES[i], NULL, 0));
        EXPECT(CKR_SESSION_HANDLE_INVALID, begin(p11->C_SignInit, HANDLES[i], ec, CKM_ECDSA, NULL, 0));
        EXPECT(CKR_OBJECT_HANDLE_INVALID, p11->C_GetAttributeValue(session, HANDLES[i], &template, 1));
        EXPECT(CKR_KEY_HANDLE_INVALID, begin(p11->C_SignInit, session, HANDLES[i], CKM_ECDSA, NULL, 0));
        EXPECT(CKR_KEY_HANDLE_INVALID, begin(p11->C_VerifyInit, session, HANDLES[i], CKM_ECDSA, NULL, 0));
    }
    EXPECT(CKR_KEY_FUNCTION_NOT_PERMITTED, begin(p11->C_SignInit, session, ec_public, CKM_ECDSA, NULL, 0));
    EXPECT(CKR_KEY_TYPE_INCONSISTENT, begin(p11->C_SignInit, session, ec, CKM_RSA_PKCS, NULL, 0));
    EXPECT(CKR_MECHANISM_INVALID, begin(p11->C_SignInit, session, rsa, CKM_RSA_X_509, NULL, 0));
}

/* The functions of 2.40 that this token has not, with arguments that a token which has them could use. */
static void call_what_no_signing_token_has(void)
{
    unsigned char *b = exact(16);
    CK_ULONG len = 16;
    CK_MECHANISM m = { CKM_AES_KEY_GEN, NULL, 0 };
    CK_ATTRIBUTE t = { CKA_LABEL, b, 16 };
    CK_OBJECT_HANDLE handle;
    CK_SESSION_HANDLE s = session;
    CK_RV answers[] = {
        p11->C_InitToken(slot, b, 16, b), p11->C_InitPIN(s, b, 16), p11->C_SetPIN(s, b, 16, b, 16),
        p11->C_GetOperationState(s, b, &len), p11->C_SetOperationState(s, b, 16, 0, 0),
        p11->C_CreateObject(s, &t, 1, &handle), p11->C_CopyObject(s, ec, &t, 1, &handle), p11->C_DestroyObject(s, ec),
        p11->C_SetAttributeValue(s, ec, &t, 1), p11->C_EncryptInit(s, &m, ec), p11->C_Encrypt(s, b, 16, b, &len),
        p11->C_EncryptUpdate(s, b, 16, b, &len), p11->C_EncryptFinal(s, b, &len), p11->C_DecryptInit(s, &m, ec),
        p11->C_Decrypt(s, b, 16, b, &len), p11->C_DecryptUpdate(s, b, 16, b, &len), p11->C_DecryptFinal(s, b, &len),
        p11->C_SignRecoverInit(s, &m, ec), p11->C_SignRecover(s, b, 16, b, &len), p11->C_VerifyRecoverInit(s, &m, ec),
        p11->C_VerifyRecover(s, b, 16, b, &len), p11->C_DigestEncryptUpdate(s, b, 16, b, &len),
        p11->C_DecryptDigestUpdate(s, b, 16, b, &len), p11->C_SignEncryptUpdate(s, b, 16, b, &len),
        p11->C_DecryptVerifyUpdate(s, b, 16, b, &len), p11->C_GenerateKey(s, &m, &t, 1, &handle),
        p11->C_GenerateKeyPair(s, &m, &t, 1, &t, 1, &handle, &handle), p11->C_WrapKey(s, &m, ec, ec, b, &len),
        p11->C_UnwrapKey(s, &m, ec, b, 16, &t, 1, &handle), p11->C_DeriveKey(s, &m, ec, &t, 1, &handle),
        p11->C_WaitForSlotEvent(0, &handle, NULL),
    };
    for (size_t i = 0; i < COUNT(answers); i++)
        CHECK(answers[i] == CKR_FUNCTION_NOT_SUPPORTED);
    CHECK(is_untouched(b, 0, 16) && len == 16);
    EXPECT(CKR_FUNCTION_NOT_PARALLEL, p11->C_GetFunctionStatus(session));
    EXPECT(CKR_FUNCTION_NOT_PARALLEL, p11->C_CancelFunction(session));
    free(b);
}

int main(int argc, char **argv)
{
    load(argc, argv);
    call_before_the_beginning();
    step("calls before C_Initialize");
    initialize();
    session = logged_in();
    rsa = object(session, CKO_PRIVATE_KEY, "demo/rsa");
    ec = object(session, CKO_PRIVATE_KEY, "demo/ec");
    ec_public = object(session, CKO_PUBLIC_KEY, "demo/ec");
    ask_into_nothing();
    step("NULL");
    hand_in_impossible_lengths();
    step("impossible lengths");
    hand_in_parameters_of_every_length();
    hand_in_data_of_every_length();
    step("parameters and data of every length");
    use_handles_that_nobody_gave();
    step("handles that nobody gave");
    call_what_no_signing_token_has();
    step("functions that the token has not");
    OK(p11->C_Finalize(NULL));
    CHECK(dlclose(library) == 0);
    step("done");
    return 0;
}
