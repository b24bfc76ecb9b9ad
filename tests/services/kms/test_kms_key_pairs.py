"""Key pairs and HMAC keys as boto3 sees them; members and texts are those recorded at AWS."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding

MESSAGE = b"some important message"
SIGNING = [
    ("RSA_2048", "RSASSA_PSS_SHA_256"),
    ("RSA_2048", "RSASSA_PSS_SHA_384"),
    ("RSA_2048", "RSASSA_PKCS1_V1_5_SHA_512"),
    ("ECC_NIST_P256", "ECDSA_SHA_256"),
    ("ECC_NIST_P384", "ECDSA_SHA_384"),
    ("ECC_NIST_P521", "ECDSA_SHA_512"),
    ("ECC_SECG_P256K1", "ECDSA_SHA_256"),
]


@pytest.fixture
def make(kms):
    """Makes a key of a spec for a usage."""
    return lambda spec, usage: kms.create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]


@pytest.mark.parametrize(("spec", "algorithm"), SIGNING)
def test_what_is_signed_is_verified_and_nothing_else(kms, make, refusal, spec, algorithm):
    key = make(spec, "SIGN_VERIFY")
    digest = hashlib.new(algorithm[-7:].replace("_", ""), MESSAGE).digest()
    with_digest = {"Message": digest, "MessageType": "DIGEST"}
    asked = {"KeyId": key["KeyId"], "SigningAlgorithm": algorithm}

    signed = kms.sign(**asked, Message=MESSAGE)
    verified = kms.verify(**asked, **with_digest, Signature=signed["Signature"])

    assert (signed["KeyId"], signed["SigningAlgorithm"]) == (key["Arn"], algorithm)
    assert (verified["KeyId"], verified["SignatureValid"]) == (key["Arn"], True)
    assert refusal(kms.verify, **asked, Message=b"other", Signature=signed["Signature"]) == (
        "KMSInvalidSignatureException",
        "",
    )
    assert refusal(kms.sign, **asked, Message=b"short", MessageType="DIGEST") == (
        "ValidationException",
        f"Digest is invalid length for algorithm {algorithm}.",
    )


def test_a_signature_is_checked_with_the_public_key_alone(kms, make):
    key = make("RSA_2048", "SIGN_VERIFY")
    algorithm = "RSASSA_PSS_SHA_256"
    signature = kms.sign(KeyId=key["KeyId"], SigningAlgorithm=algorithm, Message=MESSAGE)["Signature"]
    answer = kms.get_public_key(KeyId=key["KeyId"])

    chosen = hashes.SHA256()
    public_key = serialization.load_der_public_key(answer["PublicKey"])
    public_key.verify(signature, MESSAGE, padding.PSS(padding.MGF1(chosen), 32), chosen)
    assert (answer["KeyId"], answer["KeySpec"], answer["KeyUsage"]) == (key["Arn"], "RSA_2048", "SIGN_VERIFY")
    assert answer["SigningAlgorithms"] == key["SigningAlgorithms"]


def test_edwards_keys_sign_messages(kms, make, refusal):
    key = make("ECC_NIST_EDWARDS25519", "SIGN_VERIFY")
    asked = {"KeyId": key["KeyId"], "SigningAlgorithm": "ED25519_SHA_512"}
    signature = kms.sign(**asked, Message=MESSAGE)["Signature"]

    assert kms.verify(**asked, Message=MESSAGE, Signature=signature)["SignatureValid"]
    public_key = serialization.load_der_public_key(kms.get_public_key(KeyId=key["KeyId"])["PublicKey"])
    public_key.verify(signature, MESSAGE)
    asked["SigningAlgorithm"] = "ED25519_PH_SHA_512"
    assert refusal(kms.sign, **asked, Message=b"x" * 64, MessageType="DIGEST")[0] == "NotImplemented"


@pytest.mark.parametrize(("algorithm", "most"), [("RSAES_OAEP_SHA_1", 214), ("RSAES_OAEP_SHA_256", 190)])
def test_rsa_keys_encrypt_what_fits_into_them(kms, make, refusal, algorithm, most):
    key = make("RSA_2048", "ENCRYPT_DECRYPT")
    asked = {"KeyId": key["KeyId"], "EncryptionAlgorithm": algorithm}

    blob = kms.encrypt(**asked, Plaintext=b"x" * most)["CiphertextBlob"]
    assert kms.decrypt(**asked, CiphertextBlob=blob)["Plaintext"] == b"x" * most
    assert refusal(kms.decrypt, **asked, CiphertextBlob=blob[:-1] + b"\0")[0] == "InvalidCiphertextException"
    assert refusal(kms.encrypt, **asked, Plaintext=b"x" * (most + 1)) == (
        "ValidationException",
        f"Algorithm {algorithm} and key spec RSA_2048 cannot encrypt data larger than {most} bytes.",
    )


@pytest.mark.parametrize("bits", [224, 256, 384, 512])
def test_a_mac_is_the_messages(kms, make, refusal, bits):
    key = make(f"HMAC_{bits}", "GENERATE_VERIFY_MAC")
    asked = {"KeyId": key["KeyId"], "MacAlgorithm": f"HMAC_SHA_{bits}"}

    answer = kms.generate_mac(**asked, Message=MESSAGE)
    verified = kms.verify_mac(**asked, Message=MESSAGE, Mac=answer["Mac"])

    assert (answer["KeyId"], len(answer["Mac"])) == (key["Arn"], bits // 8)
    assert (verified["KeyId"], verified["MacValid"]) == (key["Arn"], True)
    assert refusal(kms.verify_mac, **asked, Message=b"other", Mac=answer["Mac"]) == (
        "KMSInvalidMacException",
        "",
    )


def test_an_hmac_key_is_described_as_at_aws(kms, make, account):
    key = make("HMAC_256", "GENERATE_VERIFY_MAC")
    assert key.pop("CreationDate")
    assert key == {
        "AWSAccountId": account,
        "Arn": f"arn:aws:kms:us-east-1:{account}:key/{key['KeyId']}",
        "CustomerMasterKeySpec": "HMAC_256",
        "Description": "",
        "Enabled": True,
        "KeyId": key["KeyId"],
        "KeyManager": "CUSTOMER",
        "KeySpec": "HMAC_256",
        "KeyState": "Enabled",
        "KeyUsage": "GENERATE_VERIFY_MAC",
        "MacAlgorithms": ["HMAC_SHA_256"],
        "MultiRegion": False,
        "Origin": "AWS_KMS",
    }


def test_a_key_is_used_for_what_it_is_made_for(kms, key, make, refusal):
    mac_key, pair = make("HMAC_224", "GENERATE_VERIFY_MAC"), make("RSA_2048", "SIGN_VERIFY")
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    wrong = "InvalidKeyUsageException"

    mac = {"Message": MESSAGE, "MacAlgorithm": "HMAC_SHA_224"}
    assert refusal(kms.generate_mac, KeyId=key["KeyId"], **mac) == (
        wrong,
        f"{key['Arn']} key usage is ENCRYPT_DECRYPT which is not valid for GenerateMac.",
    )
    signing = {"Message": MESSAGE, "SigningAlgorithm": "RSASSA_PSS_SHA_256"}
    assert refusal(kms.sign, KeyId=mac_key["KeyId"], **signing) == (
        wrong,
        f"{mac_key['Arn']} key usage is GENERATE_VERIFY_MAC which is not valid for Sign.",
    )
    assert refusal(kms.encrypt, KeyId=pair["KeyId"], Plaintext=b"x") == (
        wrong,
        f"{pair['Arn']} key usage is SIGN_VERIFY which is not valid for Encrypt.",
    )
    assert refusal(kms.decrypt, KeyId=mac_key["KeyId"], CiphertextBlob=blob) == (
        "IncorrectKeyException",
        "The key ID in the request does not identify a CMK that can perform this operation.",
    )
    mac["MacAlgorithm"] = "HMAC_SHA_256"
    assert refusal(kms.generate_mac, KeyId=mac_key["KeyId"], **mac) == (
        wrong,
        "Algorithm HMAC_SHA_256 is incompatible with key spec HMAC_224.",
    )


def test_a_spec_wants_a_usage(kms, refusal):
    assert refusal(kms.create_key, KeySpec="HMAC_256") == (
        "ValidationException",
        "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.",
    )


def test_what_cloudlet_has_no_keys_of_is_refused(kms, refusal):
    assert (
        refusal(kms.create_key, KeySpec="SM2", KeyUsage="SIGN_VERIFY")[0] == "UnsupportedOperationException"
    )
    assert refusal(kms.create_key, KeySpec="ML_DSA_44", KeyUsage="SIGN_VERIFY")[0] == "NotImplemented"
    assert refusal(kms.create_key, Origin="AWS_CLOUDHSM", CustomKeyStoreId="cks-1")[0] == "NotImplemented"


def test_two_pairs_agree_on_a_secret(kms, make, refusal):
    key = make("ECC_NIST_P256", "KEY_AGREEMENT")
    peer = ec.generate_private_key(ec.SECP256R1())
    public = serialization.load_der_public_key(kms.get_public_key(KeyId=key["KeyId"])["PublicKey"])

    def der(private_key):
        return private_key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    asked = {"KeyId": key["KeyId"], "KeyAgreementAlgorithm": "ECDH"}
    answer = kms.derive_shared_secret(**asked, PublicKey=der(peer))
    assert answer["SharedSecret"] == peer.exchange(ec.ECDH(), public)
    assert (answer["KeyId"], answer["KeyOrigin"]) == (key["Arn"], "AWS_KMS")
    other_curve = ec.generate_private_key(ec.SECP384R1())
    assert refusal(kms.derive_shared_secret, **asked, PublicKey=der(other_curve))[0] == "ValidationException"


def test_a_data_key_pair_comes_in_the_clear_and_encrypted(kms, key, refusal):
    context = {"purpose": "test"}
    asked = {"KeyId": key["KeyId"], "KeyPairSpec": "ECC_NIST_P256", "EncryptionContext": context}
    answer = kms.generate_data_key_pair(**asked)
    answer.pop("ResponseMetadata")

    assert set(answer) == {
        "KeyId",
        "KeyMaterialId",
        "KeyPairSpec",
        "PrivateKeyCiphertextBlob",
        "PrivateKeyPlaintext",
        "PublicKey",
    }
    private = serialization.load_der_private_key(answer["PrivateKeyPlaintext"], None)
    signature = private.sign(MESSAGE, ec.ECDSA(hashes.SHA256()))
    public = serialization.load_der_public_key(answer["PublicKey"])
    public.verify(signature, MESSAGE, ec.ECDSA(hashes.SHA256()))
    blob = answer["PrivateKeyCiphertextBlob"]
    decrypted = kms.decrypt(CiphertextBlob=blob, EncryptionContext=context)
    assert decrypted["Plaintext"] == answer["PrivateKeyPlaintext"]
    assert refusal(kms.decrypt, CiphertextBlob=blob) == ("InvalidCiphertextException", "")
    assert "PrivateKeyPlaintext" not in kms.generate_data_key_pair_without_plaintext(**asked)
