"""Docker where an engine with BuildKit answers, else Debian's buildah: both read the same Dockerfiles."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from tests.cluster import packages
from tests.cluster.errors import ClusterError
from tests.images.archive import oci_tar

ANSWER_SECONDS = 10.0
LAST_LINES = 30


class Builder(Protocol):
    """Makes images in a store of its own. An image is named by its whole reference; each call raises ClusterError."""

    program: str

    def has(self, image: str) -> bool:
        """Whether the image is in the store."""
        ...

    def answers(self, image: str) -> bool:
        """Whether the image's registry has it, as far as can be known in some seconds."""
        ...

    def pull(self, image: str) -> None:
        """Bring it from its registry."""
        ...

    def import_root(self, root: Path, image: str) -> None:
        """Make an image with a tar's root file system."""
        ...

    def build(
        self,
        dockerfile: Path,
        context: Path,
        image: str,
        arguments: Mapping[str, str],
        secrets: Mapping[str, Path],
        fresh: bool = False,
    ) -> None:
        """Build a Dockerfile; a secret is seen by the steps that mount it. `fresh`: nothing comes from the cache."""
        ...

    def save(self, image: str, target: Path) -> None:
        """Write an archive that containerd and kind load."""
        ...

    def into_engine(self, image: str) -> None:
        """Have the image in the Docker engine that answers."""
        ...


class _Program:
    program = ""
    build_settings: tuple[str, ...] = ()
    build_environment: Mapping[str, str] = MappingProxyType({})

    def build(
        self,
        dockerfile: Path,
        context: Path,
        image: str,
        arguments: Mapping[str, str],
        secrets: Mapping[str, Path],
        fresh: bool = False,
    ) -> None:
        settings = [
            *self.build_settings,
            *(["--no-cache"] if fresh else []),
            f"--file={dockerfile}",
            f"--tag={image}",
            *(f"--build-arg={name}={value}" for name, value in arguments.items()),
            *(f"--secret=id={name},src={path}" for name, path in secrets.items()),
        ]
        self._run("build", "--network=host", *settings, str(context), **self.build_environment)

    def answers(self, image: str) -> bool:
        try:
            return self._ends_well("manifest", "inspect", image)
        except subprocess.TimeoutExpired:
            return False

    def pull(self, image: str) -> None:
        self._run("pull", image)

    def _ends_well(self, *arguments: str) -> bool:
        command = [self.program, *arguments]
        return subprocess.run(command, capture_output=True, timeout=ANSWER_SECONDS, check=False).returncode == 0

    def _run(self, *arguments: str, **more: str) -> str:
        command = [self.program, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | more)
        if done.returncode:
            last = "\n".join((done.stdout + done.stderr).splitlines()[-LAST_LINES:])
            raise ClusterError(f"`{' '.join(command)}` failed:\n{last}")
        return done.stdout.strip()


class Docker(_Program):
    """A Docker engine. Its archive is Docker's, which containerd and kind load as well."""

    program = "docker"
    build_environment = MappingProxyType({"DOCKER_BUILDKIT": "1"})

    def usable(self) -> bool:
        """Whether an engine answers and its client can have secrets."""
        if not shutil.which(self.program) or not self._ends_well("version"):
            return False
        client = self._run("version", "--format", "{{.Client.Version}}")
        # Since 23 the client leaves BuildKit to a plug-in.
        return int(client.split(".")[0]) < 23 or self._ends_well("buildx", "version")

    def has(self, image: str) -> bool:
        return self._ends_well("image", "inspect", image)

    def has_any(self, repository: str) -> bool:
        """Whether an image of the repository is in the store, under whatever tag."""
        # Docker lists what comes from its own registry under the short name alone.
        return bool(self._run("image", "ls", "--quiet", repository.removeprefix("docker.io/")))

    def import_root(self, root: Path, image: str) -> None:
        self._run("import", str(root), image)

    def save(self, image: str, target: Path) -> None:
        self._run("save", f"--output={target}", image)

    def into_engine(self, image: str) -> None:
        """Nothing to do: what this builds is there."""


class Buildah(_Program):
    """Debian's buildah, without a daemon and, by `chroot`, without the rights that a container needs."""

    program = "buildah"
    # A base is there or was made here; Debian's own label would name the builder.
    build_settings = ("--isolation=chroot", "--pull=never", "--identity-label=false", "--layers")

    def has(self, image: str) -> bool:
        return self._ends_well("inspect", "--type=image", image)

    def import_root(self, root: Path, image: str) -> None:
        container = self._run("from", "scratch")
        try:
            self._run("add", "--quiet", container, str(root), "/")
            self._run("commit", "--quiet", container, image)
        finally:
            self._run("rm", container)

    def save(self, image: str, target: Path) -> None:
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            self._run("push", "--quiet", "--disable-compression", image, f"dir:{folder}")
            oci_tar(Path(folder), image, target)

    def into_engine(self, image: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            tar = Path(folder, "image.tar")
            self._run("push", "--quiet", image, f"docker-archive:{tar}:{image}")
            Docker()._run("load", f"--input={tar}")


def find() -> Builder:
    """Docker if it can be used, else buildah, which is installed when it is missing."""
    docker = Docker()
    if docker.usable():
        return docker
    packages.ensure(("buildah",))
    return Buildah()
