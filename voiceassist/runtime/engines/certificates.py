"""The local certificate authority and the certificate of localhost."""

import datetime as dt
import ipaddress
from typing import TYPE_CHECKING

from voiceassist.core.files import PRIVATE, write_whole
from voiceassist.runtime.engines.faults import EngineError
from voiceassist.runtime.engines.layout import Layout

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes

PUBLIC = 0o644
CA_LIFE = dt.timedelta(days=3650)
LEAF_LIFE = dt.timedelta(days=397)  # browsers refuse longer ones
RENEW_BEFORE = dt.timedelta(days=30)
CLOCK_SKEW = dt.timedelta(hours=1)


def ensure(layout: Layout, *, now: dt.datetime) -> None:
    """Create the CA once and the certificate when it is missing, near its end or not from this CA."""
    layout.tls.mkdir(mode=0o755, exist_ok=True)
    if not (layout.ca.exists() and layout.ca_key.exists()):
        create_ca(layout, now=now)
    if not leaf_usable(layout, now=now):
        create_leaf(layout, now=now)


def create_ca(layout: Layout, *, now: dt.datetime) -> None:
    """A CA that may sign end certificates only; its key never leaves the data directory."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "VoiceAssist local CA")])
    certificate = (
        _builder(name, name, key, now=now, life=CA_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(sign_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    write_whole(layout.ca_key, _pem(key), mode=PRIVATE)
    write_whole(layout.ca, _pem(certificate), mode=PUBLIC)


def adopt_ca(layout: Layout, certificate: bytes, key: bytes, *, now: dt.datetime) -> None:
    """Replace the CA by one of the operator's (PEM) and sign a new certificate with it."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        given = x509.load_pem_x509_certificate(certificate)
        may_sign = given.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        fits = load_pem_private_key(key, None).public_key() == given.public_key()
    except (ValueError, TypeError, x509.ExtensionNotFound):
        raise EngineError("This is not a CA certificate with its key in PEM without passphrase.") from None
    if not may_sign or not fits or given.not_valid_after_utc <= now:
        raise EngineError("This CA may not sign, has ended, or the key is another one's: nothing was changed.")
    layout.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    layout.tls.mkdir(mode=0o755, exist_ok=True)
    write_whole(layout.ca_key, key, mode=PRIVATE)
    write_whole(layout.ca, certificate, mode=PUBLIC)
    create_leaf(layout, now=now)


def create_leaf(layout: Layout, *, now: dt.datetime) -> None:
    """A certificate for localhost, 127.0.0.1 and ::1, signed by the CA of the data directory."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    ca, ca_key = load_ca(layout)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names: list[x509.GeneralName] = [
        x509.DNSName("localhost"),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
        x509.IPAddress(ipaddress.ip_address("::1")),
    ]
    certificate = (
        _builder(name, ca.subject, key, now=now, life=LEAF_LIFE)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(sign_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca.public_key()),  # type: ignore[arg-type]
            critical=False,
        )
        .sign(ca_key, hashes.SHA256())
    )
    write_whole(layout.certificate_key, _pem(key), mode=PRIVATE)
    # The CA is appended so that a client which trusts it by file sees the whole chain.
    write_whole(layout.certificate, _pem(certificate) + layout.ca.read_bytes(), mode=PUBLIC)


def load_ca(layout: Layout) -> "tuple[x509.Certificate, CertificateIssuerPrivateKeyTypes]":
    """The CA and its key; raises EngineError when they do not fit each other."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        certificate = x509.load_pem_x509_certificate(layout.ca.read_bytes())
        key = load_pem_private_key(layout.ca_key.read_bytes(), None)
    except (ValueError, TypeError, OSError):
        raise EngineError(f"The local CA in {layout.tls} cannot be read: delete that folder and start again.") from None
    if key.public_key() != certificate.public_key():
        raise EngineError(f"{layout.ca_key} is not the key of {layout.ca}: delete {layout.tls} and start again.")
    return certificate, key  # type: ignore[return-value]


def leaf_usable(layout: Layout, *, now: dt.datetime) -> bool:
    """Whether the certificate exists, is signed by the present CA, fits its key and lasts a while."""
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        leaf = x509.load_pem_x509_certificate(layout.certificate.read_bytes())
        key = load_pem_private_key(layout.certificate_key.read_bytes(), None)
        leaf.verify_directly_issued_by(load_ca(layout)[0])
    except (OSError, ValueError, TypeError, InvalidSignature):
        return False
    return leaf.public_key() == key.public_key() and leaf.not_valid_after_utc - now > RENEW_BEFORE


def _builder(
    subject: "x509.Name", issuer: "x509.Name", key: "EllipticCurvePrivateKey", *, now: dt.datetime, life: dt.timedelta
) -> "x509.CertificateBuilder":
    from cryptography import x509

    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + life)
    )


def _usage(*, sign_certificates: bool) -> "x509.KeyUsage":
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(thing: "EllipticCurvePrivateKey | x509.Certificate") -> bytes:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    if isinstance(thing, x509.Certificate):
        return thing.public_bytes(Encoding.PEM)
    return thing.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
