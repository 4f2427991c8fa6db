"""The cluster's certificates: one authority, a certificate for each server and each client, one token key."""

from __future__ import annotations

import base64
import datetime
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VALID = datetime.timedelta(days=3650)


@dataclass(frozen=True)
class Pair:
    """The paths of a PEM certificate and of its PEM private key."""

    certificate: Path
    key: Path


class Authority:
    """A certificate authority that keeps all its files in one folder; made on first use."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.pair = self._pair("ca")
        if not self.pair.certificate.exists():
            self._create()
        self._certificate = x509.load_pem_x509_certificate(self.pair.certificate.read_bytes())
        key = serialization.load_pem_private_key(self.pair.key.read_bytes(), password=None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        self._key = key

    def client(self, file_name: str, user: str, group: str | None = None) -> Pair:
        """A certificate that logs in as `user` in `group`."""
        return self._issue(file_name, _name(user, group), ExtendedKeyUsageOID.CLIENT_AUTH, ())

    def server(self, file_name: str, names: Sequence[str]) -> Pair:
        """A certificate for a server that is reached by `names` (DNS names and IP addresses)."""
        return self._issue(file_name, _name(names[0], None), ExtendedKeyUsageOID.SERVER_AUTH, names)

    def token_key(self) -> tuple[Path, Path]:
        """The private and the public key that sign and check service account tokens."""
        private, public = self.folder / "sa.key", self.folder / "sa.pub"
        if not public.exists():
            key = ec.generate_private_key(ec.SECP256R1())
            _write_key(private, key)
            public.write_bytes(
                key.public_key().public_bytes(
                    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
                )
            )
        return private, public

    def kubeconfig(self, path: Path, server: str, client: Pair) -> Path:
        """Write a kubeconfig that needs no other file."""

        def data(file: Path) -> str:
            return base64.b64encode(file.read_bytes()).decode()

        user = {"client-certificate-data": data(client.certificate), "client-key-data": data(client.key)}
        cluster = {"server": server, "certificate-authority-data": data(self.pair.certificate)}
        name = "socketio-operator"
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": cluster}],
            "users": [{"name": name, "user": user}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "current-context": name,
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(yaml.safe_dump(config, sort_keys=False))
        return path

    def _pair(self, file_name: str) -> Pair:
        return Pair(self.folder / f"{file_name}.crt", self.folder / f"{file_name}.key")

    def _create(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("socketio-operator test cluster", None)
        builder = _builder(name, name, key).add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        _write_key(self.pair.key, key)
        _write_certificate(self.pair.certificate, builder.sign(key, hashes.SHA256()))

    def _issue(self, file_name: str, subject: x509.Name, usage: x509.ObjectIdentifier, names: Sequence[str]) -> Pair:
        pair = self._pair(file_name)
        if pair.certificate.exists():
            return pair
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(subject, self._certificate.subject, key)
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), False)
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName([_general_name(n) for n in names]), False)
        _write_key(pair.key, key)
        _write_certificate(pair.certificate, builder.sign(self._key, hashes.SHA256()))
        return pair


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    # An hour of slack: clocks jump on suspended machines.
    start = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=1)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + VALID)
    )


def _name(common_name: str, organization: str | None) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization)] if organization else []
    return x509.Name([*parts, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    path.touch(mode=0o600)
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def _write_certificate(path: Path, certificate: x509.Certificate) -> None:
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
