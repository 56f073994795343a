/* Compiled, not run: the header in a C++ program, beside a standard pkcs11.h. */
#include <p11-kit/pkcs11.h>

#include "signpath_pkcs11.h"

static_assert(SIGNPATH_FIRST_SLOT_ID == 1, "the first slot");
static_assert(CKA_SIGNPATH_ORGANIZATION_ID >= CKA_VENDOR_DEFINED, "a number of a vendor");
static_assert(CKA_SIGNPATH_PROJECT_SLUG == CKA_SIGNPATH_ORGANIZATION_ID + 1, "numbers in a row");
static_assert(CKA_SIGNPATH_SIGNING_POLICY_SLUG == CKA_SIGNPATH_PROJECT_SLUG + 1, "numbers in a row");
static_assert(CKA_SIGNPATH_SIGNING_POLICY_ID == CKA_SIGNPATH_SIGNING_POLICY_SLUG + 1, "numbers in a row");

const char *entry_points[] = { SIGNPATH_GET_FUNCTION_LIST, SIGNPATH_GET_INTERFACE_LIST, SIGNPATH_GET_INTERFACE };

int main()
{
    CK_ATTRIBUTE attribute = { CKA_SIGNPATH_PROJECT_SLUG, nullptr, 0 };
    return attribute.ulValueLen == 0 && entry_points[0] != nullptr ? 0 : 1;
}
