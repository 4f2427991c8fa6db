"""Go programs in the user's cache: Kubernetes, etcd and CoreDNS from modules of ours, and released tools."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.cluster.building import FOLDER, built, go, go_environment
from tests.cluster.errors import ClusterError

MODULES = Path(__file__).parent / "modules"
SERVERS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy")


@dataclass(frozen=True)
class Module:
    """A Go module of ours in the folder `beside`, and its main package, which may be another module's.

    `expected`: seconds of a first build on 2 cores, with downloads.
    """

    name: str
    expected: int
    programs: tuple[str, ...] = ()
    beside: Path = MODULES
    package: str = "."

    @property
    def source(self) -> Path:
        """The module's folder."""
        return self.beside / self.name


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


def ensure(modules: tuple[Module, ...] = ALL, environment: Mapping[str, str] | None = None) -> Binaries:
    """The programs of `modules`, building what the cache does not have; raises ClusterError when a build fails.

    `environment`: of go_environment(), whose PATH has another Go than the machine's.
    """
    environment = environment or go_environment()
    version = _go_version(environment)
    folders = {module.name: FOLDER / f"{module.name}-{_key(module, version)}" for module in modules}
    for module in modules:
        built(folders[module.name], partial(_build, module, environment))
    return Binaries(folders)


def _go_version(environment: Mapping[str, str]) -> str:
    if not shutil.which("go", path=environment["PATH"]):
        raise ClusterError("there is no `go` in PATH; the cluster's programs are built with Go 1.26 or later")
    return subprocess.run(
        ["go", "env", "GOVERSION"], capture_output=True, text=True, check=True, env=environment
    ).stdout.strip()


def _key(module: Module, go: str) -> str:
    names = ("go.mod", "go.sum", *sorted(path.name for path in module.source.glob("*.go")))
    sources = [(module.source / name).read_bytes() for name in names]
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


def _build(module: Module, environment: Mapping[str, str], folder: Path) -> None:
    flags = ["-v", "-mod=readonly", "-trimpath", f"-ldflags={' '.join(_linker_flags(module))}"]
    arguments = ["build", *flags, "-o", str(folder / module.name), module.package]
    go(module.name, module.expected, arguments, module.source, environment)
    for program in module.programs:
        (folder / program).symlink_to(module.name)


@dataclass(frozen=True)
class Tool:
    """A released Go program, installed by `go install`; `expected` is the seconds of a first build."""

    name: str
    package: str
    version: str
    expected: int


def ensure_tool(tool: Tool) -> Path:
    """The program, built when the cache does not have it; raises ClusterError when the build fails."""

    def install(folder: Path) -> None:
        arguments = ["install", "-v", "-trimpath", f"{tool.package}@{tool.version}"]
        go(f"{tool.name}-{tool.version}", tool.expected, arguments, folder, go_environment(GOBIN=str(folder)))

    return built(FOLDER / f"{tool.name}-{tool.version}", install) / tool.name
