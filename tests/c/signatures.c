/*
 * Signs with every mechanism that the module offers, verifies, digests, takes random bytes; every buffer is a heap block of
 * exactly the length that it is said to have. For any module whose token has the keys demo/rsa, demo/ec, demo/ec384, demo/ec521.
 * Usage: signatures MODULE
 */
#include "module.h"

struct signature {
    const char *name;
    CK_MECHANISM_TYPE type;
    const char *key;
    size_t len;
    /* of what is signed, where the caller hashes; 0: the mechanism takes a message of any length */
    size_t hash_len;
    CK_RSA_PKCS_PSS_PARAMS pss;
};

#define PSS(hash, len) { CKM_SHA##hash, CKG_MGF1_SHA##hash, len }
#define NO_PSS { 0, 0, 0 }

static const struct signature SIGNATURES[] = {
    { "CKM_RSA_PKCS", CKM_RSA_PKCS, "demo/rsa", 384, 51, NO_PSS },
    { "CKM_SHA256_RSA_PKCS", CKM_SHA256_RSA_PKCS, "demo/rsa", 384, 0, NO_PSS },
    { "CKM_SHA384_RSA_PKCS", CKM_SHA384_RSA_PKCS, "demo/rsa", 384, 0, NO_PSS },
    { "CKM_SHA512_RSA_PKCS", CKM_SHA512_RSA_PKCS, "demo/rsa", 384, 0, NO_PSS },
    { "CKM_RSA_PKCS_PSS", CKM_RSA_PKCS_PSS, "demo/rsa", 384, 32, PSS(256, 32) },
    { "CKM_SHA256_RSA_PKCS_PSS", CKM_SHA256_RSA_PKCS_PSS, "demo/rsa", 384, 0, PSS(256, 32) },
    { "CKM_SHA384_RSA_PKCS_PSS", CKM_SHA384_RSA_PKCS_PSS, "demo/rsa", 384, 0, PSS(384, 48) },
    { "CKM_SHA512_RSA_PKCS_PSS", CKM_SHA512_RSA_PKCS_PSS, "demo/rsa", 384, 0, PSS(512, 64) },
    { "CKM_ECDSA on P-256", CKM_ECDSA, "demo/ec", 64, 32, NO_PSS },
    { "CKM_ECDSA on P-384", CKM_ECDSA, "demo/ec384", 96, 48, NO_PSS },
    { "CKM_ECDSA on P-521", CKM_ECDSA, "demo/ec521", 132, 64, NO_PSS },
    { "CKM_ECDSA_SHA256", CKM_ECDSA_SHA256, "demo/ec", 64, 0, NO_PSS },
    { "CKM_ECDSA_SHA384", CKM_ECDSA_SHA384, "demo/ec384", 96, 0, NO_PSS },
    { "CKM_ECDSA_SHA512", CKM_ECDSA_SHA512, "demo/ec521", 132, 0, NO_PSS },
};

struct digest {
    const char *name;
    CK_MECHANISM_TYPE type;
    size_t len;
    /* the first bytes for "abc" (FIPS 180-4, examples) */
    unsigned char abc[4];
};

static const struct digest DIGESTS[] = {
    { "CKM_SHA_1", CKM_SHA_1, 20, { 0xa9, 0x99, 0x3e, 0x36 } },
    { "CKM_SHA224", CKM_SHA224, 28, { 0x23, 0x09, 0x7d, 0x22 } },
    { "CKM_SHA256", CKM_SHA256, 32, { 0xba, 0x78, 0x16, 0xbf } },
    { "CKM_SHA384", CKM_SHA384, 48, { 0xcb, 0x00, 0x75, 0x3f } },
    { "CKM_SHA512", CKM_SHA512, 64, { 0xdd, 0xaf, 0x35, 0xa1 } },
};

/* DigestInfo of SHA-256 up to the hash (RFC 8017, 9.2) */
static const unsigned char SHA256_INFO[] = { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                             0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20 };

static const size_t MESSAGES[] = { 0, 1, 64, 1000 };

static CK_SESSION_HANDLE session;

static int is_offered(CK_MECHANISM_TYPE type)
{
    CK_MECHANISM_INFO *info = exact(sizeof *info);
    CK_RV rv = p11->C_GetMechanismInfo(slot, type, info);
    free(info);
    CHECK(rv == CKR_OK || rv == CKR_MECHANISM_INVALID);
    return rv == CKR_OK;
}

/* What is signed: a block of exactly its length. */
static unsigned char *data_for(const struct signature *row, size_t len)
{
    unsigned char *data = exact(len);
    if (row->type == CKM_RSA_PKCS)
        memcpy(data, SHA256_INFO, sizeof SHA256_INFO);
    return data;
}

static CK_RV init(init_function function, const struct signature *row, CK_OBJECT_HANDLE key)
{
    int is_pss = row->pss.hashAlg != 0;
    return begin(function, session, key, row->type, is_pss ? &row->pss : NULL, is_pss ? sizeof row->pss : 0);
}

/* C_Sign: asks for the length, has a byte too little, has enough. */
static unsigned char *sign_whole(const struct signature *row, CK_OBJECT_HANDLE key, unsigned char *data, size_t data_len)
{
    CK_ULONG len = 0;
    OK(init(p11->C_SignInit, row, key));
    OK(p11->C_Sign(session, data, data_len, NULL, &len));
    CHECK(len == row->len);
    unsigned char *is_short = exact(row->len - 1), *enough = exact(row->len);
    len = row->len - 1;
    EXPECT(CKR_BUFFER_TOO_SMALL, p11->C_Sign(session, data, data_len, is_short, &len));
    CHECK(len == row->len && is_untouched(is_short, 0, row->len - 1));
    OK(p11->C_Sign(session, data, data_len, enough, &len));
    CHECK(len == row->len);
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, p11->C_Sign(session, data, data_len, enough, &len));
    free(is_short);
    return enough;
}

/* Hands the data on in parts of 1, 2, 4 … bytes, each in a block of its own that is gone afterwards. */
static void in_parts(CK_RV (*update)(CK_SESSION_HANDLE, CK_BYTE *, CK_ULONG), const unsigned char *data, size_t len)
{
    for (size_t done = 0, part = 1; done < len; done += part, part *= 2) {
        part = part < len - done ? part : len - done;
        unsigned char *copy = copy_of(data + done, part);
        OK(update(session, copy, part));
        free(copy);
    }
}

/* C_SignUpdate and C_SignFinal, with more room than is needed. */
static unsigned char *sign_in_parts(const struct signature *row, CK_OBJECT_HANDLE key, unsigned char *data, size_t data_len)
{
    CK_ULONG len = 0;
    OK(init(p11->C_SignInit, row, key));
    in_parts(p11->C_SignUpdate, data, data_len);
    OK(p11->C_SignFinal(session, NULL, &len));
    CHECK(len == row->len);
    unsigned char *is_short = exact(row->len - 1), *roomy = exact(row->len + 9);
    len = row->len - 1;
    EXPECT(CKR_BUFFER_TOO_SMALL, p11->C_SignFinal(session, is_short, &len));
    CHECK(len == row->len && is_untouched(is_short, 0, row->len - 1));
    len = row->len + 9;
    OK(p11->C_SignFinal(session, roomy, &len));
    CHECK(len == row->len && is_untouched(roomy, row->len, row->len + 9));
    unsigned char *signature = copy_of(roomy, row->len);
    free(is_short);
    free(roomy);
    return signature;
}

static void verify(const struct signature *row, CK_OBJECT_HANDLE key, unsigned char *data, size_t data_len,
                   unsigned char *signature)
{
    OK(init(p11->C_VerifyInit, row, key));
    OK(p11->C_Verify(session, data, data_len, signature, row->len));
    unsigned char *is_short = copy_of(signature, row->len - 1);
    OK(init(p11->C_VerifyInit, row, key));
    EXPECT(CKR_SIGNATURE_LEN_RANGE, p11->C_Verify(session, data, data_len, is_short, row->len - 1));
    free(is_short);
    unsigned char *altered = copy_of(signature, row->len);
    altered[row->len - 1] ^= 1;
    OK(init(p11->C_VerifyInit, row, key));
    EXPECT(CKR_SIGNATURE_INVALID, p11->C_Verify(session, data, data_len, altered, row->len));
    free(altered);
    if (row->hash_len == 0) {
        OK(init(p11->C_VerifyInit, row, key));
        in_parts(p11->C_VerifyUpdate, data, data_len);
        OK(p11->C_VerifyFinal(session, signature, row->len));
    }
}

static void sign_and_verify(const struct signature *row, size_t data_len)
{
    CK_OBJECT_HANDLE key = object(session, CKO_PRIVATE_KEY, row->key);
    CK_OBJECT_HANDLE public_key = object(session, CKO_PUBLIC_KEY, row->key);
    unsigned char *data = data_for(row, data_len);
    unsigned char *signature = sign_whole(row, key, data, data_len);
    verify(row, public_key, data, data_len, signature);
    free(signature);
    if (row->hash_len == 0) {
        signature = sign_in_parts(row, key, data, data_len);
        verify(row, public_key, data, data_len, signature);
        free(signature);
    }
    free(data);
}

static void sign_with_every_mechanism(void)
{
    for (size_t i = 0; i < COUNT(SIGNATURES); i++) {
        const struct signature *row = &SIGNATURES[i];
        if (!is_offered(row->type)) {
            printf("not offered: %s\n", row->name);
            continue;
        }
        if (row->hash_len > 0)
            sign_and_verify(row, row->hash_len);
        else /* each length once, taking turns */
            sign_and_verify(row, MESSAGES[i % COUNT(MESSAGES)]);
        printf("signed and verified: %s\n", row->name);
    }
}

static CK_RV digest_init(CK_MECHANISM_TYPE type)
{
    CK_MECHANISM mechanism = { type, NULL, 0 };
    CK_MECHANISM *copy = copy_of(&mechanism, sizeof mechanism);
    CK_RV rv = p11->C_DigestInit(session, copy);
    free(copy);
    return rv;
}

static void digest(const struct digest *row)
{
    CK_ULONG len = 0;
    unsigned char *data = copy_of("abc", 3), *is_short = exact(row->len - 1), *enough = exact(row->len);
    OK(digest_init(row->type));
    OK(p11->C_Digest(session, data, 3, NULL, &len));
    CHECK(len == row->len);
    len = row->len - 1;
    EXPECT(CKR_BUFFER_TOO_SMALL, p11->C_Digest(session, data, 3, is_short, &len));
    CHECK(len == row->len && is_untouched(is_short, 0, row->len - 1));
    OK(p11->C_Digest(session, data, 3, enough, &len));
    CHECK(len == row->len && memcmp(enough, row->abc, sizeof row->abc) == 0);
    memset(enough, 0, row->len);
    OK(digest_init(row->type));
    in_parts(p11->C_DigestUpdate, data, 3);
    OK(p11->C_DigestFinal(session, enough, &len));
    CHECK(len == row->len && memcmp(enough, row->abc, sizeof row->abc) == 0);
    free(data);
    free(is_short);
    free(enough);
}

static void take_random_bytes(void)
{
    static const size_t LENGTHS[] = { 0, 1, 33, 5000 };
    for (size_t i = 0; i < COUNT(LENGTHS); i++) {
        unsigned char *bytes = exact(LENGTHS[i]);
        OK(p11->C_GenerateRandom(session, bytes, LENGTHS[i]));
        CHECK(LENGTHS[i] < 33 || !is_untouched(bytes, LENGTHS[i] - 8, LENGTHS[i]));
        OK(p11->C_SeedRandom(session, bytes, LENGTHS[i]));
        free(bytes);
    }
}

int main(int argc, char **argv)
{
    load(argc, argv);
    initialize();
    session = logged_in();
    sign_with_every_mechanism();
    for (size_t i = 0; i < COUNT(DIGESTS); i++) {
        digest(&DIGESTS[i]);
        printf("digested: %s\n", DIGESTS[i].name);
    }
    take_random_bytes();
    step("random bytes");
    OK(p11->C_CloseSession(session));
    OK(p11->C_Finalize(NULL));
    CHECK(dlclose(library) == 0);
    step("done");
    return 0;
}
