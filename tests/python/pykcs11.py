"""What PyKCS11 does with the module; tests/clients/python.rs runs each function by its name.

The module is $MODULE, the PIN is $PIN; signatures are of message.txt.
"""

import hashlib
import os
import sys

from PyKCS11 import *

MESSAGE = open("message.txt", "rb").read()

# policy, file, mechanism
SIGNED = [
    ("rsa", "rsa.sha256", CKM_SHA256_RSA_PKCS),
    ("rsa", "rsa.sha384", CKM_SHA384_RSA_PKCS),
    ("rsa", "rsa.sha512", CKM_SHA512_RSA_PKCS),
    ("ec", "ec.sha256", CKM_ECDSA_SHA256),
    ("ec", "ec.sha384", CKM_ECDSA_SHA384),
    ("ec384", "ec384.sha384", CKM_ECDSA_SHA384),
    ("ec384", "ec384.sha512", CKM_ECDSA_SHA512),
]

# file, mechanism with its parameter
SIGNED_PSS = [
    ("pss.sha256", (CKM_SHA256_RSA_PKCS_PSS, CKM_SHA256, CKG_MGF1_SHA256, 32)),
    ("pss.sha512", (CKM_SHA512_RSA_PKCS_PSS, CKM_SHA512, CKG_MGF1_SHA512, 64)),
]


def open_session():
    library = PyKCS11Lib()
    library.load(os.environ["MODULE"])
    session = library.openSession(library.getSlotList(tokenPresent=True)[0])
    if "PIN" in os.environ:
        session.login(os.environ["PIN"])
    return session


def private_key(session, policy):
    template = [(CKA_CLASS, CKO_PRIVATE_KEY), (CKA_LABEL, f"demo/{policy}")]
    (key,) = session.findObjects(template)
    return key


def der(signature):
    """ECDSA-Sig-Value of RFC 3279 §2.2.3; no number here has 128 bytes."""
    half = len(signature) // 2
    numbers = b""
    for number in (signature[:half], signature[half:]):
        number = number.lstrip(b"\0") or b"\0"
        number = b"\0" + number if number[0] & 0x80 else number
        numbers += bytes([2, len(number)]) + number
    return bytes([0x30, len(numbers)]) + numbers


def write(name, signature):
    with open(name, "wb") as file:
        file.write(signature)


def sign():
    session = open_session()
    for policy, name, mechanism in SIGNED:
        signature = session.sign(private_key(session, policy), MESSAGE, Mechanism(mechanism))
        signature = bytes(signature)
        write(name, signature if policy == "rsa" else der(signature))


def sign_pss():
    session = open_session()
    key = private_key(session, "rsa")
    for name, (mechanism, *parameter) in SIGNED_PSS:
        signature = session.sign(key, MESSAGE, RSA_PSS_Mechanism(mechanism, *parameter))
        write(name, bytes(signature))
    bare = RSA_PSS_Mechanism(CKM_RSA_PKCS_PSS, CKM_SHA256, CKG_MGF1_SHA256, 32)
    write("pss.bare", bytes(session.sign(key, hashlib.sha256(MESSAGE).digest(), bare)))


def verify_and_digest():
    session = open_session()
    for policy, _, mechanism in SIGNED:
        template = [(CKA_CLASS, CKO_PUBLIC_KEY), (CKA_LABEL, f"demo/{policy}")]
        (public,) = session.findObjects(template)
        signature = session.sign(private_key(session, policy), MESSAGE, Mechanism(mechanism))
        assert session.verify(public, MESSAGE, signature, Mechanism(mechanism))
        assert not session.verify(public, MESSAGE + b"!", signature, Mechanism(mechanism))
    digest = bytes(session.digest(MESSAGE, Mechanism(CKM_SHA256)))
    assert digest == hashlib.sha256(MESSAGE).digest()


def read_attributes():
    """Of every object: a profile has neither a label nor an id."""
    session = open_session()
    labels = [entry.to_dict().get("CKA_LABEL") for entry in session.findObjects()]
    assert labels.count("demo/rsa") == 3 and labels.count("demo/nocert") == 2, labels
    key = private_key(session, "rsa").to_dict()
    assert key["CKA_SIGN"] and not key["CKA_DECRYPT"] and not key["CKA_EXTRACTABLE"], key
    assert bytes(key["CKA_ID"]) == b"demo/rsa", key


def be_refused():
    try:
        open_session()
    except PyKCS11Error as error:
        assert error.value == CKR_PIN_INCORRECT, error
        return
    raise AssertionError("the PIN is no organization and token")


globals()[sys.argv[1]]()
