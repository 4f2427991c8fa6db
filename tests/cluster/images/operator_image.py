"""The operator's image: Python, the locked dependencies and our package, a layer each.

Only the last one is made again when the code changes.
"""

from __future__ import annotations

import compileall
import hashlib
import py_compile
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.cluster.errors import ClusterError
from tests.cluster.images.accounts import accounts
from tests.cluster.images.archive import Image
from tests.cluster.images.debian import debian_root
from tests.cluster.images.entries import File, Folder, Item, Text
from tests.cluster.images.layers import Files, Prepared
from tests.cluster.layout import CHECKOUT
from tests.cluster.progress import step

PYTHON = (3, 11)
USER = 65532
SITE = "/usr/local/lib/python3.11/dist-packages"
LOCK = CHECKOUT / "requirements.lock"
PACKAGE = CHECKOUT / "operator/socketio_operator"
CRD = CHECKOUT / "crds/socketioclusters.yaml"
LEFT_OUT = frozenset({"__pycache__", "tests", "test"})

SCRIPT = """#!/usr/bin/python3.11
import sys

from socketio_operator.cli.main import main

sys.exit(main())
"""


def operator() -> Image:
    """`socketio-operator` with the working tree's code."""
    python = debian_root("python3.11-minimal", "libpython3.11-stdlib", "ca-certificates")
    layers = (python, _dependencies(), Files(_configuration()), _package())
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


def _dependencies() -> Prepared:
    if not LOCK.exists():
        raise ClusterError(f"{LOCK} does not exist: it pins what the operator's image holds")
    locked = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    return Prepared(f"python dependencies 1 {locked} {_compiles()}", _install, SITE)


def _install(folder: Path) -> None:
    version = ".".join(map(str, PYTHON))
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    command += ["--require-hashes", "--only-binary=:all:", f"--python-version={version}", f"--target={folder}"]
    with step("the operator's dependencies"):
        done = subprocess.run([*command, f"--requirement={LOCK}"], capture_output=True, text=True, check=False)
        if done.returncode:
            raise ClusterError(f"`{' '.join(command)}` failed:\n{done.stderr.strip()}")
        shutil.rmtree(folder / "bin", ignore_errors=True)
        for left_out in [path for path in folder.rglob("*") if path.name in LEFT_OUT and path.is_dir()]:
            shutil.rmtree(left_out)
        _compile(folder)


def _package() -> Prepared:
    """Our package, compiled; its recipe is the content of its sources."""
    sources = Files(_sources())
    return Prepared(f"our package 1 {sources.key()} {_compiles()}", lambda folder: _copy(sources, folder), SITE)


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
    _compile(folder)


def _configuration() -> tuple[Item, ...]:
    return (*accounts("operator", USER), Text("/usr/local/bin/socketio-operator", SCRIPT, mode=0o755))


def _compiles() -> bool:
    """Only the same Python can write what the image's Python reads."""
    return sys.version_info[:2] == PYTHON


def _compile(folder: Path) -> None:
    """Save the start from compiling; unchecked, for the files' times are not kept."""
    if _compiles():
        unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
        compileall.compile_dir(
            folder, quiet=2, workers=0, invalidation_mode=unchecked, stripdir=str(folder), prependdir=SITE
        )
