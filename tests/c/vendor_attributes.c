/*
 * Loads the module and prints the vendor attributes of its private keys: "organization project policy id", a line each.
 * Usage: vendor_attributes MODULE
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include <p11-kit/pkcs11.h>

#include "signpath_pkcs11.h"

static CK_FUNCTION_LIST *p11;

static void check(const char *what, CK_RV rv)
{
    if (rv != CKR_OK) {
        fprintf(stderr, "%s: 0x%lx\n", what, (unsigned long)rv);
        exit(1);
    }
}

static void print_attribute(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type)
{
    char text[256];
    CK_ATTRIBUTE attribute = { type, text, sizeof text };
    check("C_GetAttributeValue", p11->C_GetAttributeValue(session, object, &attribute, 1));
    printf("%.*s ", (int)attribute.ulValueLen, text);
}

int main(int argc, char **argv)
{
    void *module = dlopen(argc > 1 ? argv[1] : "", RTLD_NOW);
    if (module == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    CK_C_GetFunctionList get_list = (CK_C_GetFunctionList)dlsym(module, SIGNPATH_GET_FUNCTION_LIST);
    check(SIGNPATH_GET_FUNCTION_LIST, get_list(&p11));
    check("C_Initialize", p11->C_Initialize(NULL));

    CK_SESSION_HANDLE session;
    check("C_OpenSession",
          p11->C_OpenSession(SIGNPATH_FIRST_SLOT_ID, CKF_SERIAL_SESSION, NULL, NULL, &session));
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_ATTRIBUTE template[] = { { CKA_CLASS, &class, sizeof class } };
    check("C_FindObjectsInit", p11->C_FindObjectsInit(session, template, 1));
    CK_OBJECT_HANDLE object;
    CK_ULONG found;
    for (;;) {
        check("C_FindObjects", p11->C_FindObjects(session, &object, 1, &found));
        if (found == 0)
            break;
        print_attribute(session, object, CKA_SIGNPATH_ORGANIZATION_ID);
        print_attribute(session, object, CKA_SIGNPATH_PROJECT_SLUG);
        print_attribute(session, object, CKA_SIGNPATH_SIGNING_POLICY_SLUG);
        print_attribute(session, object, CKA_SIGNPATH_SIGNING_POLICY_ID);
        printf("\n");
    }
    check("C_FindObjectsFinal", p11->C_FindObjectsFinal(session));
    check("C_Finalize", p11->C_Finalize(NULL));
    return 0;
}
