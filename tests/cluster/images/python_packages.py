"""Locked Python packages as a layer, for the Python that Debian brings."""

from __future__ import annotations

import compileall
import hashlib
import py_compile
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

from tests.cluster.errors import ClusterError
from tests.cluster.images.layers import Prepared
from tests.cluster.layout import CHECKOUT
from tests.cluster.progress import step

PYTHON = (3, 11)
PYTHON_SITE = "/usr/local/lib/python3.11/dist-packages"
LEFT_OUT = frozenset({"__pycache__", "tests", "test"})


def python_packages(lock: Path, target: str) -> Prepared:
    """What the lock file pins, with hashes, in the folder `target` of the image."""
    if not lock.exists():
        raise ClusterError(f"{lock} does not exist: it pins what the image holds")
    locked = hashlib.sha256(lock.read_bytes()).hexdigest()
    return Prepared(f"python packages 1 {locked} {target} {compiles()}", partial(_install, lock, target), target)


def _install(lock: Path, target: str, folder: Path) -> None:
    version = ".".join(map(str, PYTHON))
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    command += ["--require-hashes", "--only-binary=:all:", f"--python-version={version}", f"--target={folder}"]
    with step(f"the packages of {lock.relative_to(CHECKOUT)}"):
        done = subprocess.run([*command, f"--requirement={lock}"], capture_output=True, text=True, check=False)
        if done.returncode:
            raise ClusterError(f"`{' '.join(command)}` failed:\n{done.stderr.strip()}")
        shutil.rmtree(folder / "bin", ignore_errors=True)
        for left_out in [path for path in folder.rglob("*") if path.name in LEFT_OUT and path.is_dir()]:
            shutil.rmtree(left_out)
        compile_all(folder, target)


def compiles() -> bool:
    """Only the same Python can write what the image's Python reads."""
    return sys.version_info[:2] == PYTHON


def compile_all(folder: Path, target: str) -> None:
    """Save the start from compiling; unchecked, for the files' times are not kept."""
    if compiles():
        unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
        compileall.compile_dir(
            folder, quiet=2, workers=0, invalidation_mode=unchecked, stripdir=str(folder), prependdir=target
        )
