"""What python-pkcs11 does with the module; tests/clients/python.rs runs each function by its name.

The module is $MODULE, the PIN is $PIN; signatures are of message.txt.
"""

import hashlib
import os
import sys

import pkcs11
from pkcs11 import MGF, Attribute, KeyType, Mechanism, ObjectClass
from pkcs11.util.ec import encode_ecdsa_signature

MESSAGE = open("message.txt", "rb").read()
POLICIES = ["approval", "ec", "ec384", "ec521", "nocert", "rsa"]

# policy, file, mechanism
SIGNED = [
    ("rsa", "rsa.sha256", Mechanism.SHA256_RSA_PKCS),
    ("rsa", "rsa.sha384", Mechanism.SHA384_RSA_PKCS),
    ("rsa", "rsa.sha512", Mechanism.SHA512_RSA_PKCS),
    ("ec", "ec.sha256", Mechanism.ECDSA_SHA256),
    ("ec", "ec.sha384", Mechanism.ECDSA_SHA384),
    ("ec384", "ec384.sha384", Mechanism.ECDSA_SHA384),
    ("ec384", "ec384.sha512", Mechanism.ECDSA_SHA512),
]

# file, mechanism, parameter
SIGNED_PSS = [
    ("pss.sha256", Mechanism.SHA256_RSA_PKCS_PSS, (Mechanism.SHA256, MGF.SHA256, 32)),
    ("pss.sha512", Mechanism.SHA512_RSA_PKCS_PSS, (Mechanism.SHA512, MGF.SHA512, 64)),
]


def open_session():
    token = pkcs11.lib(os.environ["MODULE"]).get_token(token_label="SignPath")
    return token.open(user_pin=os.environ.get("PIN"))


def private_key(session, policy):
    return session.get_key(ObjectClass.PRIVATE_KEY, label=f"demo/{policy}")


def write(name, key, signature):
    if key.key_type == KeyType.EC:
        signature = encode_ecdsa_signature(signature)
    with open(name, "wb") as file:
        file.write(signature)


def sign():
    with open_session() as session:
        for number, (policy, name, mechanism) in enumerate(SIGNED):
            key = private_key(session, policy)
            # A list is handed over part by part, with C_SignUpdate.
            data = MESSAGE if number % 2 else [MESSAGE[:5], b"", MESSAGE[5:]]
            write(name, key, key.sign(data, mechanism=mechanism))


def sign_pss():
    with open_session() as session:
        key = private_key(session, "rsa")
        for name, mechanism, parameter in SIGNED_PSS:
            write(name, key, key.sign(MESSAGE, mechanism=mechanism, mechanism_param=parameter))
        digest = hashlib.sha256(MESSAGE).digest()
        parameter = (Mechanism.SHA256, MGF.SHA256, 32)
        bare = key.sign(digest, mechanism=Mechanism.RSA_PKCS_PSS, mechanism_param=parameter)
        write("pss.bare", key, bare)


def verify_and_digest():
    with open_session() as session:
        for policy, _, mechanism in SIGNED:
            public = session.get_key(ObjectClass.PUBLIC_KEY, label=f"demo/{policy}")
            signature = private_key(session, policy).sign(MESSAGE, mechanism=mechanism)
            assert public.verify(MESSAGE, signature, mechanism=mechanism)
            assert not public.verify(MESSAGE + b"!", signature, mechanism=mechanism)
        digest = session.digest(MESSAGE, mechanism=Mechanism.SHA256)
        assert digest == hashlib.sha256(MESSAGE).digest()
        parts = session.digest([MESSAGE[:5], MESSAGE[5:]], mechanism=Mechanism.SHA512)
        assert parts == hashlib.sha512(MESSAGE).digest()


def list_objects():
    """Attributes are read while the search goes on."""
    with open_session() as session:
        for kind in (ObjectClass.PRIVATE_KEY, ObjectClass.PUBLIC_KEY):
            keys = session.get_objects({Attribute.CLASS: kind})
            assert sorted(key.label for key in keys) == [f"demo/{name}" for name in POLICIES]
        # Profiles are among them, a class that the package has no type for.
        everything = list(session.get_objects())
        assert sum(isinstance(entry, pkcs11.PrivateKey) for entry in everything) == len(POLICIES)
        for key in session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY}):
            assert hasattr(key, "sign") and not hasattr(key, "decrypt"), key
        certificates = session.get_objects({Attribute.CLASS: ObjectClass.CERTIFICATE})
        labels = sorted(certificate[Attribute.LABEL] for certificate in certificates)
        assert labels == [f"demo/{name}" for name in POLICIES if name != "nocert"]


def be_refused():
    with open_session() as session:
        try:
            private_key(session, "approval").sign(MESSAGE, mechanism=Mechanism.ECDSA_SHA256)
        except pkcs11.exceptions.ArgumentsBad:
            return
        raise AssertionError("an approval process does not sign hashes")


globals()[sys.argv[1]]()
