/* Does not compile: the header says what has to be included first. */
#include "signpath_pkcs11.h"

int main(void)
{
    return 0;
}
