"""Kubernetes, etcd and CoreDNS, built from their Go modules once and kept in the user's cache."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.errors import ClusterError
from tests.cluster.layout import CACHE
from tests.cluster.progress import say

MODULES = Path(__file__).parent / "modules"
FOLDER = CACHE / "bin"
HEARTBEAT = 15.0
SERVERS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy")


@dataclass(frozen=True)
class Module:
    """A Go module of ours; `expected` is the seconds of a first build on 2 cores, downloads included."""

    name: str
    expected: int
    programs: tuple[str, ...] = ()

    @property
    def source(self) -> Path:
        """The module's folder."""
        return MODULES / self.name


KUBERNETES = Module("kubernetes", 340, (*SERVERS, "kubectl"))
ETCD = Module("etcd", 75)
COREDNS = Module("coredns", 80)
ALL = (ETCD, KUBERNETES, COREDNS)


@dataclass(frozen=True)
class Binaries:
    """The folders of the built modules."""

    folders: dict[str, Path]

    def kubernetes(self, program: str) -> Path:
        """A program of Kubernetes: a server or kubectl."""
        return self.folders["kubernetes"] / program

    @property
    def etcd(self) -> Path:
        """The etcd server."""
        return self.folders["etcd"] / "etcd"

    @property
    def coredns(self) -> Path:
        """The CoreDNS server."""
        return self.folders["coredns"] / "coredns"

    @property
    def versions(self) -> list[str]:
        """What identifies the build: a hash for each module."""
        return sorted(folder.name for folder in self.folders.values())


def ensure(modules: tuple[Module, ...] = ALL) -> Binaries:
    """The programs of `modules`, building what the cache does not have; raises ClusterError when a build fails."""
    go = _go_version()
    folders = {module.name: FOLDER / f"{module.name}-{_key(module, go)}" for module in modules}
    missing = [module for module in modules if not folders[module.name].exists()]
    if missing:
        with _only_builder():
            for module in missing:
                if not folders[module.name].exists():
                    _build(module, folders[module.name])
    return Binaries(folders)


def _go_version() -> str:
    if not shutil.which("go"):
        raise ClusterError("there is no `go` in PATH; the cluster's programs are built with Go 1.26 or later")
    return subprocess.run(
        ["go", "env", "GOVERSION"], capture_output=True, text=True, check=True, env=_environment()
    ).stdout.strip()


def _key(module: Module, go: str) -> str:
    sources = [(module.source / name).read_bytes() for name in ("go.mod", "go.sum", "main.go")]
    parts = [*sources, go.encode(), " ".join(_linker_flags(module)).encode()]
    digest = hashlib.sha256()
    for part in parts:
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()[:16]


def _linker_flags(module: Module) -> list[str]:
    """Strip symbols; Kubernetes gets its version, which charts and clients read from the API server."""
    found = re.search(r"k8s\.io/kubernetes v((\d+)\.(\d+)\.\d+)", (module.source / "go.mod").read_text())
    if not found:
        return ["-s", "-w"]
    values = {
        "gitVersion": f"v{found[1]}",
        "gitMajor": found[2],
        "gitMinor": found[3],
        "gitTreeState": "clean",
        "gitCommit": f"v{found[1]}",
    }
    packages = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    return ["-s", "-w", *(f"-X={package}.{key}={value}" for package in packages for key, value in values.items())]


def _environment() -> dict[str, str]:
    fixed = {"GOTOOLCHAIN": "local", "CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=false", "GOWORK": "off"}
    return os.environ | fixed


@contextmanager
def _only_builder() -> Iterator[None]:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Whoever holds the lock is the only builder, so what is unfinished was left by a killed one.
        for unfinished in FOLDER.glob("*.unfinished-*"):
            shutil.rmtree(unfinished)
        yield


def _build(module: Module, folder: Path) -> None:
    say(f"  building {module.name} (first time: about {module.expected} s on 2 idle cores)")
    unfinished = Path(tempfile.mkdtemp(prefix=f"{folder.name}.unfinished-", dir=FOLDER))
    command = ["go", "build", "-v", "-mod=readonly", "-trimpath", f"-ldflags={' '.join(_linker_flags(module))}"]
    log = FOLDER / f"{module.name}-build.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            # The build ends with this process, also when that is killed.
            ["setpriv", "--pdeathsig", "KILL", *command, "-o", str(unfinished / module.name), "."],
            cwd=module.source,
            env=_environment(),
            stdout=output,
            stderr=output,
        )
        _wait(process, module, log)
    if process.returncode:
        last = "\n".join(log.read_text().splitlines()[-20:])
        raise ClusterError(f"building {module.name} failed; the log is {log}, which ends:\n{last}")
    for program in module.programs:
        (unfinished / program).symlink_to(module.name)
    unfinished.chmod(0o755)
    unfinished.rename(folder)


def _wait(process: subprocess.Popen[bytes], module: Module, log: Path) -> None:
    started = time.monotonic()
    try:
        while True:
            try:
                process.wait(HEARTBEAT)
                break
            except subprocess.TimeoutExpired:
                packages = len(log.read_text().splitlines())
                elapsed = time.monotonic() - started
                say(f"    {module.name}: {elapsed:.0f} s of about {module.expected} s, {packages} packages compiled")
    except BaseException:
        process.kill()
        process.wait()
        raise
    say(f"    {module.name}: {'failed' if process.returncode else 'built'} in {time.monotonic() - started:.0f} s")
