"""A kubeconfig as what an HTTP client needs: address, TLS, headers."""

from __future__ import annotations

import base64
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True, slots=True)
class Credentials:
    """`headers` hold the user agent, and the token where the kubeconfig has one."""

    server: str
    tls: ssl.SSLContext
    headers: dict[str, str]


def credentials(kubeconfig: Path, agent: str) -> Credentials:
    """From a kubeconfig of one cluster and one user that refers to no file."""
    config = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    tls = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
    headers = {"User-Agent": agent}
    if "token" in user:
        headers["Authorization"] = f"Bearer {user['token']}"
    else:
        _load_client_certificate(tls, user)
    return Credentials(cluster["server"], tls, headers)


def _load_client_certificate(tls: ssl.SSLContext, user: dict[str, Any]) -> None:
    # Python reads a client's certificate from a file only.
    with tempfile.NamedTemporaryFile(suffix=".pem") as file:
        for field in ("client-certificate-data", "client-key-data"):
            file.write(base64.b64decode(user[field]))
        file.flush()
        tls.load_cert_chain(file.name)
