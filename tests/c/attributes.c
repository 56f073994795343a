/*
 * Searches in batches of every size and reads every attribute of what it finds, meanwhile, into no buffer, one that is a byte
 * too short, one that is exactly right, and one that is too long; all of them heap blocks. For any module.
 * Usage: attributes MODULE
 */
#include "module.h"

/* 3.0, which p11-kit's header need not have */
#define UNIQUE_ID 0x4UL
#define PROFILE_ID 0x601UL
#define PROFILE 0x9UL

static const CK_ATTRIBUTE_TYPE TYPES[] = {
    CKA_CLASS, CKA_TOKEN, CKA_PRIVATE, CKA_LABEL, UNIQUE_ID, CKA_APPLICATION, CKA_VALUE, CKA_OBJECT_ID,
    CKA_CERTIFICATE_TYPE, CKA_ISSUER, CKA_SERIAL_NUMBER, CKA_TRUSTED, CKA_CERTIFICATE_CATEGORY,
    CKA_JAVA_MIDP_SECURITY_DOMAIN, CKA_URL, CKA_HASH_OF_SUBJECT_PUBLIC_KEY, CKA_HASH_OF_ISSUER_PUBLIC_KEY,
    CKA_CHECK_VALUE, CKA_KEY_TYPE, CKA_SUBJECT, CKA_ID, CKA_SENSITIVE, CKA_ENCRYPT, CKA_DECRYPT, CKA_WRAP, CKA_UNWRAP,
    CKA_SIGN, CKA_SIGN_RECOVER, CKA_VERIFY, CKA_VERIFY_RECOVER, CKA_DERIVE, CKA_START_DATE, CKA_END_DATE, CKA_MODULUS,
    CKA_MODULUS_BITS, CKA_PUBLIC_EXPONENT, CKA_PRIVATE_EXPONENT, CKA_PRIME_1, CKA_PRIME_2, CKA_EXPONENT_1,
    CKA_EXPONENT_2, CKA_COEFFICIENT, CKA_PUBLIC_KEY_INFO, CKA_EXTRACTABLE, CKA_LOCAL, CKA_NEVER_EXTRACTABLE,
    CKA_ALWAYS_SENSITIVE, CKA_KEY_GEN_MECHANISM, CKA_MODIFIABLE, CKA_COPYABLE, CKA_DESTROYABLE, CKA_EC_PARAMS,
    CKA_EC_POINT, CKA_ALWAYS_AUTHENTICATE, CKA_WRAP_WITH_TRUSTED, CKA_ALLOWED_MECHANISMS, CKA_MECHANISM_TYPE,
    PROFILE_ID, CKA_SIGNPATH_ORGANIZATION_ID, CKA_SIGNPATH_PROJECT_SLUG, CKA_SIGNPATH_SIGNING_POLICY_SLUG,
    CKA_SIGNPATH_SIGNING_POLICY_ID, CKA_VENDOR_DEFINED | 0x7fffffffUL,
};

static const CK_OBJECT_CLASS CLASSES[] = {
    CKO_PRIVATE_KEY, CKO_PUBLIC_KEY, CKO_CERTIFICATE, CKO_SECRET_KEY, CKO_DATA, CKO_HW_FEATURE, CKO_MECHANISM, PROFILE,
};

static CK_SESSION_HANDLE session;

/* C_GetAttributeValue with a template that ends where its block ends; the answer is copied back. */
static CK_RV read_value(CK_OBJECT_HANDLE from, CK_ATTRIBUTE *attribute)
{
    CK_ATTRIBUTE *template = copy_of(attribute, sizeof *attribute);
    CK_RV rv = p11->C_GetAttributeValue(session, from, template, 1);
    CHECK(template->type == attribute->type && template->pValue == attribute->pValue);
    *attribute = *template;
    free(template);
    return rv;
}

static void read_into(CK_OBJECT_HANDLE from, CK_ATTRIBUTE_TYPE type, CK_ULONG room, CK_ULONG len)
{
    unsigned char *block = exact(room);
    CK_ATTRIBUTE attribute = { type, block, room };
    CK_RV rv = read_value(from, &attribute);
    if (room < len) {
        CHECK(rv == CKR_BUFFER_TOO_SMALL && attribute.ulValueLen == CK_UNAVAILABLE_INFORMATION);
        CHECK(is_untouched(block, 0, room));
    } else {
        CHECK(rv == CKR_OK && attribute.ulValueLen == len);
        CHECK(is_untouched(block, len, room));
    }
    free(block);
}

/* Whether the object has the attribute to show. */
static int read_attribute(CK_OBJECT_HANDLE from, CK_ATTRIBUTE_TYPE type)
{
    CK_ATTRIBUTE attribute = { type, NULL, 0 };
    CK_RV rv = read_value(from, &attribute);
    if (rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_ATTRIBUTE_SENSITIVE) {
        CHECK(attribute.ulValueLen == CK_UNAVAILABLE_INFORMATION);
        return 0;
    }
    OK(rv);
    CK_ULONG len = attribute.ulValueLen;
    if (len > 0)
        read_into(from, type, len - 1, len);
    read_into(from, type, len, len);
    read_into(from, type, len + 7, len);
    return 1;
}

/* Every attribute in one call: the lengths, then into exact blocks, every third a byte too short. */
static void read_all_at_once(CK_OBJECT_HANDLE from)
{
    CK_ATTRIBUTE *template = exact(COUNT(TYPES) * sizeof *template);
    for (size_t i = 0; i < COUNT(TYPES); i++)
        template[i] = (CK_ATTRIBUTE) { TYPES[i], NULL, 0 };
    CK_RV rv = p11->C_GetAttributeValue(session, from, template, COUNT(TYPES));
    CHECK(rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_ATTRIBUTE_SENSITIVE);
    CK_ULONG lens[COUNT(TYPES)];
    for (size_t i = 0; i < COUNT(TYPES); i++) {
        lens[i] = template[i].ulValueLen;
        if (lens[i] == CK_UNAVAILABLE_INFORMATION)
            template[i].ulValueLen = 0;
        else if (i % 3 == 0 && lens[i] > 0)
            template[i].ulValueLen--;
        template[i].pValue = exact(template[i].ulValueLen);
    }
    rv = p11->C_GetAttributeValue(session, from, template, COUNT(TYPES));
    CHECK(rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_ATTRIBUTE_SENSITIVE || rv == CKR_BUFFER_TOO_SMALL);
    for (size_t i = 0; i < COUNT(TYPES); i++) {
        int is_short = i % 3 == 0 && lens[i] > 0;
        CHECK(template[i].ulValueLen == (is_short ? CK_UNAVAILABLE_INFORMATION : lens[i]));
        free(template[i].pValue);
    }
    free(template);
}

static int read_everything(CK_OBJECT_HANDLE from)
{
    int count = 0;
    for (size_t i = 0; i < COUNT(TYPES); i++)
        count += read_attribute(from, TYPES[i]);
    read_all_at_once(from);
    CK_ULONG size;
    OK(p11->C_GetObjectSize(session, from, &size));
    return count;
}

/* How many objects a search finds in batches of this size; `each` is called in between. */
static int search(const CK_ATTRIBUTE *template, CK_ULONG template_len, CK_ULONG batch, int (*each)(CK_OBJECT_HANDLE),
                  int *values)
{
    int total = 0;
    CK_OBJECT_HANDLE *objects = exact(batch * sizeof *objects);
    CK_ULONG count;
    OK(find_init(session, template, template_len));
    for (;;) {
        OK(p11->C_FindObjects(session, objects, batch, &count));
        CHECK(count <= batch);
        if (count == 0)
            break;
        for (CK_ULONG i = 0; each != NULL && i < count; i++)
            *values += each(objects[i]);
        total += (int)count;
    }
    OK(p11->C_FindObjectsFinal(session));
    free(objects);
    return total;
}

static void search_every_class(void)
{
    static const CK_ULONG BATCHES[] = { 1, 2, 3, 10, 100, 8192 };
    for (size_t i = 0; i < COUNT(CLASSES); i++) {
        CK_OBJECT_CLASS class = CLASSES[i];
        CK_ATTRIBUTE template = { CKA_CLASS, &class, sizeof class };
        int values = 0, expected = search(&template, 1, 5, read_everything, &values);
        for (size_t j = 0; j < COUNT(BATCHES); j++)
            CHECK(search(&template, 1, BATCHES[j], NULL, NULL) == expected);
        printf("class %lu: %d objects, %d values\n", class, expected, values);
    }
    int values = 0, all = search(NULL, 0, 4, read_everything, &values);
    CHECK(all > 0);
    printf("no template: %d objects, %d values\n", all, values);
}

/* Values that no object has: of no bytes, of a byte less and a byte more than a number has, of many bytes. */
static void search_for_odd_values(void)
{
    static const CK_ATTRIBUTE_TYPE ODD[] = { CKA_CLASS, CKA_KEY_TYPE, CKA_TOKEN, CKA_LABEL, CKA_ID, CKA_MODULUS,
                                             CKA_SIGNPATH_PROJECT_SLUG };
    static const CK_ULONG LENS[] = { 0, 1, 7, 9, 5000 };
    for (size_t i = 0; i < COUNT(ODD); i++)
        for (size_t j = 0; j < COUNT(LENS); j++) {
            void *value = exact(LENS[j]);
            CK_ATTRIBUTE template = { ODD[i], value, LENS[j] };
            CHECK(ODD[i] == CKA_TOKEN || search(&template, 1, 3, NULL, NULL) == 0);
            free(value);
        }
    CK_ATTRIBUTE none = { CKA_LABEL, NULL, 0 };
    OK(p11->C_FindObjectsInit(session, &none, 1));
    OK(p11->C_FindObjectsFinal(session));
}

/* A template of everything that a key says of itself finds it, and it alone. */
static void search_by_every_value(CK_OBJECT_HANDLE key)
{
    static const CK_ATTRIBUTE_TYPE OWN[] = { CKA_CLASS, CKA_TOKEN, CKA_PRIVATE, CKA_LABEL, CKA_ID,
                                             CKA_KEY_TYPE, CKA_MODULUS, CKA_PUBLIC_EXPONENT };
    CK_ATTRIBUTE *template = exact(COUNT(OWN) * sizeof *template);
    for (size_t i = 0; i < COUNT(OWN); i++)
        template[i] = (CK_ATTRIBUTE) { OWN[i], NULL, 0 };
    OK(p11->C_GetAttributeValue(session, key, template, COUNT(OWN)));
    for (size_t i = 0; i < COUNT(OWN); i++)
        template[i].pValue = exact(template[i].ulValueLen);
    OK(p11->C_GetAttributeValue(session, key, template, COUNT(OWN)));
    CHECK(search(template, COUNT(OWN), 2, NULL, NULL) == 1);
    for (size_t i = 0; i < COUNT(OWN); i++)
        free(template[i].pValue);
    free(template);
}

int main(int argc, char **argv)
{
    load(argc, argv);
    initialize();
    session = logged_in();
    search_every_class();
    search_for_odd_values();
    step("values that no object has");
    search_by_every_value(object(session, CKO_PRIVATE_KEY, "demo/rsa"));
    search_by_every_value(object(session, CKO_PUBLIC_KEY, "demo/rsa"));
    step("values of a key");
    OK(p11->C_CloseSession(session));
    OK(p11->C_Finalize(NULL));
    CHECK(dlclose(library) == 0);
    step("done");
    return 0;
}
