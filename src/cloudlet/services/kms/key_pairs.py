"""What key pairs do: RSA, elliptic curves and Ed25519, by the names that KMS gives their algorithms.

Keeps no key, and knows none of KMS's.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from msgspec import Struct

from cloudlet.services.kms.errors import InvalidCiphertextException, ValidationException
from cloudlet.services.kms.specs import EDWARDS, RSA_SIZES

if TYPE_CHECKING:
    from collections.abc import Mapping

_CURVES: Final[Mapping[str, type[ec.EllipticCurve]]] = MappingProxyType(
    {
        "ECC_NIST_P256": ec.SECP256R1,
        "ECC_NIST_P384": ec.SECP384R1,
        "ECC_NIST_P521": ec.SECP521R1,
        "ECC_SECG_P256K1": ec.SECP256K1,
    }
)
_HASHES: Final[Mapping[str, type[hashes.HashAlgorithm]]] = MappingProxyType(
    {"SHA_1": hashes.SHA1, "SHA_256": hashes.SHA256, "SHA_384": hashes.SHA384, "SHA_512": hashes.SHA512}
)
_PUBLIC_EXPONENT: Final = 65537


class KeyPair(Struct, frozen=True):
    """A key pair in DER: PKCS #8, and SubjectPublicKeyInfo."""

    private_key: bytes
    public_key: bytes


class SigningRequest(Struct, frozen=True):
    """What is to be signed, or to be checked, and how."""

    algorithm: str
    message: bytes
    is_digest: bool

    @property
    def hash(self) -> hashes.HashAlgorithm:
        """The algorithm's own hash."""
        return _hash(self.algorithm)

    def check_digest(self) -> None:
        """Raises ValidationException for a digest that the algorithm's hash cannot have made."""
        if self.is_digest and len(self.message) != self.hash.digest_size:
            raise ValidationException(f"Digest is invalid length for algorithm {self.algorithm}.")


def generate(spec_name: str) -> KeyPair:
    """A new pair. RSA takes up to a second, so not on the loop."""
    if spec_name in RSA_SIZES:
        return _pair(rsa.generate_private_key(_PUBLIC_EXPONENT, RSA_SIZES[spec_name]))
    if spec_name == EDWARDS:
        return _pair(ed25519.Ed25519PrivateKey.generate())
    return _pair(ec.generate_private_key(_CURVES[spec_name]()))


def read(spec_name: str, private_key: bytes) -> KeyPair | None:
    """A pair from its private half in DER; None for what is no key of the spec."""
    try:
        key = serialization.load_der_private_key(private_key, None)
    except ValueError:
        return None
    if isinstance(key, rsa.RSAPrivateKey):
        return _pair(key) if key.key_size == RSA_SIZES.get(spec_name) else None
    if isinstance(key, ec.EllipticCurvePrivateKey):
        curve = _CURVES.get(spec_name)
        return _pair(key) if curve is not None and key.curve.name == curve().name else None
    if isinstance(key, ed25519.Ed25519PrivateKey) and spec_name == EDWARDS:
        return _pair(key)
    return None


def size_bytes(private_key: bytes) -> int:
    """How many bytes an RSA key encrypts to. Raises TypeError for a key of a curve."""
    key = serialization.load_der_private_key(private_key, None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError(type(key))
    return key.key_size // 8


def sign(private_key: bytes, request: SigningRequest) -> bytes:
    """A signature: DER for curves, as large as the key for RSA."""
    key = serialization.load_der_private_key(private_key, None)
    chosen = Prehashed(request.hash) if request.is_digest else request.hash
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(request.message, _signature_padding(request), chosen)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(request.message, ec.ECDSA(chosen))
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(request.message)
    raise TypeError(type(key))


def verify(public_key: bytes, request: SigningRequest, signature: bytes) -> bool:
    """Whether a signature is the message's."""
    key = serialization.load_der_public_key(public_key)
    chosen = Prehashed(request.hash) if request.is_digest else request.hash
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, request.message, _signature_padding(request), chosen)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, request.message, ec.ECDSA(chosen))
        elif isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, request.message)
    except InvalidSignature:
        return False
    return True


def encrypt(public_key: bytes, spec_name: str, algorithm: str, plaintext: bytes) -> bytes:
    """By RSAES_OAEP. Raises ValidationException for more than fits into the key."""
    key = serialization.load_der_public_key(public_key)
    if not isinstance(key, rsa.RSAPublicKey):
        raise TypeError(type(key))
    most = key.key_size // 8 - 2 * _hash(algorithm).digest_size - 2
    if len(plaintext) > most:
        together = f"Algorithm {algorithm} and key spec {spec_name}"
        raise ValidationException(f"{together} cannot encrypt data larger than {most} bytes.")
    return key.encrypt(plaintext, _oaep(algorithm))


def decrypt(private_key: bytes, algorithm: str, ciphertext: bytes) -> bytes:
    """What encrypt() has encrypted. Raises InvalidCiphertextException."""
    key = serialization.load_der_private_key(private_key, None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError(type(key))
    try:
        return key.decrypt(ciphertext, _oaep(algorithm))
    except ValueError as error:
        raise InvalidCiphertextException("") from error


def shared_secret(private_key: bytes, peer_public_key: bytes) -> bytes:
    """By ECDH: the x coordinate of the shared point. Raises ValidationException for another curve."""
    key = serialization.load_der_private_key(private_key, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(type(key))
    try:
        peer = serialization.load_der_public_key(peer_public_key)
    except ValueError as error:
        raise ValidationException("The public key is not a DER-encoded X.509 public key.") from error
    if not isinstance(peer, ec.EllipticCurvePublicKey) or peer.curve.name != key.curve.name:
        raise ValidationException("The public key is not on the curve of the KMS key.")
    return key.exchange(ec.ECDH(), peer)


def _pair(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> KeyPair:
    private = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return KeyPair(private, public)


def _signature_padding(request: SigningRequest) -> padding.AsymmetricPadding:
    if "_PSS_" in request.algorithm:
        return padding.PSS(padding.MGF1(request.hash), request.hash.digest_size)
    return padding.PKCS1v15()


def _oaep(algorithm: str) -> padding.OAEP:
    chosen = _hash(algorithm)
    return padding.OAEP(padding.MGF1(chosen), chosen, None)


def _hash(algorithm: str) -> hashes.HashAlgorithm:
    """The hash that an algorithm's name ends with."""
    return _HASHES["_".join(algorithm.rsplit("_", 2)[-2:])]()
