"""An archive run as its own configuration says, by runc: read-only, unprivileged, in the host's network."""

from __future__ import annotations

import gzip
import json
import secrets
import subprocess
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, cast

from tests.cluster import packages

MOUNTS: tuple[tuple[str, str, str, list[str]], ...] = (
    ("/proc", "proc", "proc", []),
    ("/dev", "tmpfs", "tmpfs", ["nosuid", "mode=755", "size=65536k"]),
    ("/dev/shm", "tmpfs", "shm", ["nosuid", "noexec", "nodev", "mode=1777"]),
)
GZIP = b"\x1f\x8b"  # how such a file begins
VOLUME = "/volume"


@dataclass(frozen=True)
class Archive:
    """An image in a tar, by OCI's layout or Docker's."""

    tar: Path

    def config(self) -> dict[str, Any]:
        """The image's configuration, whole: `config`, `history`, `rootfs`."""
        with tarfile.open(self.tar) as whole:
            config: dict[str, Any] = json.load(_member(whole, self._parts(whole)[0]))
        return config

    def layers(self) -> Iterator[IO[bytes]]:
        """The layers from the lowest, each as an uncompressed tar."""
        with tarfile.open(self.tar) as whole:
            for name in self._parts(whole)[1]:
                layer = _member(whole, name)
                compressed = layer.read(len(GZIP)) == GZIP
                layer.seek(0)
                yield cast(IO[bytes], gzip.GzipFile(fileobj=layer)) if compressed else layer

    def _parts(self, whole: tarfile.TarFile) -> tuple[str, list[str]]:
        if "manifest.json" in whole.getnames():
            docker = json.load(_member(whole, "manifest.json"))[0]
            return docker["Config"], docker["Layers"]
        manifest = json.load(_member(whole, _blob(json.load(_member(whole, "index.json"))["manifests"][0])))
        return _blob(manifest["config"]), [_blob(layer) for layer in manifest["layers"]]


@dataclass(frozen=True)
class Container:
    """What runs of an archive: its bundle's folder, and the image's configuration."""

    bundle: Path

    @classmethod
    def of(cls, archive: Archive, bundle: Path) -> Container:
        """Unpack the archive into the empty folder `bundle`."""
        packages.ensure(("runc",))
        root = bundle / "rootfs"
        root.mkdir(parents=True)
        for layer in archive.layers():
            with tarfile.open(fileobj=layer) as tar:
                tar.extractall(root, filter="tar")
        for mount in ("proc", "dev", VOLUME[1:]):
            (root / mount).mkdir(exist_ok=True)
        (bundle / "image.json").write_text(json.dumps(archive.config()["config"]))
        return cls(bundle)

    def run(
        self, *arguments: str, entrypoint: Sequence[str] = (), volume: Path | None = None, seconds: float = 60.0
    ) -> subprocess.CompletedProcess[str]:
        """Run it to its end with `arguments` after its entry point; a `volume` is writable at /volume."""
        name = self._prepare(arguments, entrypoint=entrypoint, volume=volume)
        command = self._command(name)
        return subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)

    @contextmanager
    def running(self, log: Path, **environment: str) -> Iterator[None]:
        """Run it as long as the block."""
        name = self._prepare((), environment=environment)
        with log.open("wb") as output:
            process = subprocess.Popen(self._command(name), stdout=output, stderr=subprocess.STDOUT)
        try:
            yield
        finally:
            subprocess.run(["runc", "kill", name, "KILL"], capture_output=True, check=False)
            process.wait(30)

    def _command(self, name: str) -> list[str]:
        return ["runc", "run", f"--bundle={self.bundle}", name]

    def _prepare(
        self,
        arguments: Sequence[str],
        *,
        entrypoint: Sequence[str] = (),
        volume: Path | None = None,
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> str:
        image = json.loads((self.bundle / "image.json").read_text())
        process = {
            "args": [*(entrypoint or image["Entrypoint"]), *(arguments or image.get("Cmd") or ())],
            "cwd": image.get("WorkingDir") or "/",
            "env": [*image["Env"], *(f"{name}={value}" for name, value in environment.items())],
            "user": dict(zip(("uid", "gid"), map(int, image["User"].split(":")), strict=True)),
            "noNewPrivileges": True,
        }
        spec = {
            "ociVersion": "1.0.2",
            "process": process,
            "root": {"path": "rootfs", "readonly": True},
            "mounts": [
                {"destination": where, "type": kind, "source": source, "options": options}
                for where, kind, source, options in (*MOUNTS, *_bound(volume))
            ],
            "linux": {"namespaces": [{"type": kind} for kind in ("pid", "mount", "ipc", "uts")]},
        }
        (self.bundle / "config.json").write_text(json.dumps(spec))
        return f"image-test-{secrets.token_hex(6)}"


def _bound(volume: Path | None) -> list[tuple[str, str, str, list[str]]]:
    return [(VOLUME, "bind", str(volume), ["bind", "rw"])] if volume else []


def _member(whole: tarfile.TarFile, name: str) -> IO[bytes]:
    member = whole.extractfile(name)
    assert member is not None
    return member


def _blob(descriptor: dict[str, Any]) -> str:
    return f"blobs/{descriptor['digest'].replace(':', '/')}"
