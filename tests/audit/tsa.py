"""A small time-stamping authority of the tests: root, signer, and answers by RFC 3161."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from rfc3161_client.tsp import TimeStampRequest

SHA256 = "2.16.840.1.101.3.4.2.1"
RSA = "1.2.840.113549.1.1.1"
SIGNED_DATA, TST_INFO = "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"
CONTENT_TYPE, DIGEST, SIGNING_CERTIFICATE = (
    "1.2.840.113549.1.9.3",
    "1.2.840.113549.1.9.4",
    "1.2.840.113549.1.9.16.2.47",
)


def der(tag: int, *parts: bytes) -> bytes:
    """Return one value of DER."""
    content = b"".join(parts)
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 128 | len(length)]) + length + content


def seq(*parts: bytes) -> bytes:
    return der(0x30, *parts)


def many(*parts: bytes) -> bytes:
    return der(0x31, *sorted(parts))


def number(value: int) -> bytes:
    return der(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def oid(text: str) -> bytes:
    first, second, *rest = (int(part) for part in text.split("."))
    content = bytes([40 * first + second])
    for part in rest:
        digits = [part & 127]
        while part := part >> 7:
            digits.insert(0, 128 | part & 127)
        content += bytes(digits)
    return der(0x06, content)


def algorithm(text: str) -> bytes:
    return seq(oid(text), der(0x05))


def _certificate(
    name: str, key: rsa.RSAPrivateKey, issuer: x509.Certificate | None, by: rsa.RSAPrivateKey
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False
        )
    )
    if issuer is not None:
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(usage, critical=True)
    return builder.sign(by, hashes.SHA256())


@dataclass
class Authority:
    """One authority with its own root."""

    root: x509.Certificate
    signer: x509.Certificate
    key: rsa.RSAPrivateKey

    @classmethod
    def make(cls) -> Authority:
        """Make the keys and certificates of a new one."""
        keys = [rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2)]
        root = _certificate("Root of the tests", keys[0], None, keys[0])
        return cls(root, _certificate("Clock of the tests", keys[1], root, keys[0]), keys[1])

    @property
    def root_pem(self) -> bytes:
        """Return the root as a file holds it."""
        return self.root.public_bytes(serialization.Encoding.PEM)

    def answer(self, request: TimeStampRequest) -> bytes:
        """Return a time stamp for a request."""
        imprint = seq(algorithm(SHA256), der(0x04, request.message_imprint.message))
        moment = der(0x18, f"{datetime.now(UTC):%Y%m%d%H%M%SZ}".encode())
        nonce = number(request.nonce) if request.nonce is not None else b""
        info = seq(number(1), oid("1.2.3.4.1"), imprint, number(7), moment, nonce)
        certificate = self.signer.public_bytes(serialization.Encoding.DER)
        signing = seq(seq(seq(der(0x04, hashlib.sha256(certificate).digest()))))
        attributes = sorted(
            (
                seq(oid(CONTENT_TYPE), many(oid(TST_INFO))),
                seq(oid(DIGEST), many(der(0x04, hashlib.sha256(info).digest()))),
                seq(oid(SIGNING_CERTIFICATE), many(signing)),
            )
        )
        signature = self.key.sign(der(0x31, *attributes), padding.PKCS1v15(), hashes.SHA256())
        signer = seq(
            number(1), seq(self.signer.issuer.public_bytes(), number(self.signer.serial_number)),
            algorithm(SHA256), der(0xA0, *attributes), algorithm(RSA), der(0x04, signature),
        )  # fmt: skip
        signed = seq(
            number(3), many(algorithm(SHA256)), seq(oid(TST_INFO), der(0xA0, der(0x04, info))),
            der(0xA0, certificate), many(signer),
        )  # fmt: skip
        return seq(seq(number(0)), seq(oid(SIGNED_DATA), der(0xA0, signed)))
