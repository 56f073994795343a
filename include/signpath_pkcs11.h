/*
 * What a C or C++ host of libsignpath_pkcs11.so needs beside a standard pkcs11.h (PKCS #11 2.40 or later), which has to be
 * included first. Everything else is the standard's.
 */
#ifndef SIGNPATH_PKCS11_H
#define SIGNPATH_PKCS11_H

#ifndef CKA_VENDOR_DEFINED
#error "include a standard pkcs11.h before signpath_pkcs11.h"
#endif

/* The first slot; it is there from C_Initialize on, without a C_GetSlotList. */
#define SIGNPATH_FIRST_SLOT_ID 1UL

/*
 * Attributes of every key and of its certificate: the signing policy at SignPath that it belongs to, as UTF-8 text without a terminating NUL.
 * The id is missing (CKR_ATTRIBUTE_TYPE_INVALID) where the service gives none.
 */
#define CKA_SIGNPATH_ORGANIZATION_ID     (CKA_VENDOR_DEFINED | 0x53500001UL)
#define CKA_SIGNPATH_PROJECT_SLUG        (CKA_VENDOR_DEFINED | 0x53500002UL)
#define CKA_SIGNPATH_SIGNING_POLICY_SLUG (CKA_VENDOR_DEFINED | 0x53500003UL)
#define CKA_SIGNPATH_SIGNING_POLICY_ID   (CKA_VENDOR_DEFINED | 0x53500004UL)

/* The entry points, for hosts that look them up by name. The library exports these three and nothing else. */
#define SIGNPATH_GET_FUNCTION_LIST  "C_GetFunctionList"
#define SIGNPATH_GET_INTERFACE_LIST "C_GetInterfaceList"
#define SIGNPATH_GET_INTERFACE      "C_GetInterface"

#endif
