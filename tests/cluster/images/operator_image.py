"""The operator's image: Python, the locked dependencies and our package, a layer each.

Only the last one is made again when the code changes.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from tests.cluster.images.accounts import accounts
from tests.cluster.images.archive import Image
from tests.cluster.images.debian import debian_root
from tests.cluster.images.entries import File, Folder, Item, Text
from tests.cluster.images.layers import Files, Prepared
from tests.cluster.images.python_packages import PYTHON_SITE, compile_all, compiles, python_packages
from tests.cluster.layout import CHECKOUT

USER = 65532
LOCK = CHECKOUT / "requirements.lock"
PACKAGE = CHECKOUT / "operator/socketio_operator"
CRD = CHECKOUT / "crds/socketioclusters.yaml"
LEFT_OUT = frozenset({"__pycache__"})

SCRIPT = """#!/usr/bin/python3.11
import sys

from socketio_operator.cli.main import main

sys.exit(main())
"""


def operator() -> Image:
    """`socketio-operator` with the working tree's code."""
    python = debian_root("python3.11-minimal", "libpython3.11-stdlib", "ca-certificates")
    layers = (python, python_packages(LOCK, PYTHON_SITE), Files(_configuration()), _package())
    environment = (
        "LOGNAME=operator",  # Kopf asks for the user's name
        "PYTHONDONTWRITEBYTECODE=1",  # the root file system may be read-only
        "PYTHONUNBUFFERED=1",
        "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt",
    )
    return Image(
        "registry.local/socketio-operator:dev",
        layers,
        entrypoint=("/usr/local/bin/socketio-operator",),
        user=USER,
        env=environment,
        arguments=("run",),
    )


def _package() -> Prepared:
    """Our package, compiled; its recipe is the content of its sources."""
    sources = Files(_sources())
    return Prepared(f"our package 1 {sources.key()} {compiles()}", lambda folder: _copy(sources, folder), PYTHON_SITE)


def _sources() -> tuple[Item, ...]:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    metadata = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    information = f"socketio_operator-{project['version']}.dist-info"
    return (
        Folder(PACKAGE, "socketio_operator", exclude=LEFT_OUT),
        File(CRD, "socketio_operator/crd.yaml"),
        Text(f"{information}/METADATA", metadata),
    )


def _copy(sources: Files, folder: Path) -> None:
    for entry in sources.entries():
        target = folder / entry.path
        if entry.source or entry.content is not None:
            target.write_bytes(entry.source.read_bytes() if entry.source else entry.content or b"")
        else:
            target.mkdir()
    compile_all(folder, PYTHON_SITE)


def _configuration() -> tuple[Item, ...]:
    return (*accounts("operator", USER), Text("/usr/local/bin/socketio-operator", SCRIPT, mode=0o755))
