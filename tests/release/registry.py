"""The steps that need a registry: commands of docker, cosign, Helm and gh, each printed before it runs."""

from __future__ import annotations

import json
import platform
import re
import shlex
import subprocess
from pathlib import Path

from tests.cluster.layout import CHECKOUT
from tests.cluster.progress import say
from tests.images.building import Source
from tests.release.versions import ReleaseError

ARCHITECTURES = ("amd64", "arm64")
OWN_ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
# BuildKit in a container: Docker's own builder makes no attestations.
BUILDER = "socketio-operator-release"


def ensure_builder() -> None:
    """Have the builder that makes attestations. Raises ReleaseError."""
    listed = run("docker", "buildx", "ls", shown=False).split()
    if BUILDER not in {word.rstrip("*") for word in listed}:
        run("docker", "buildx", "create", f"--name={BUILDER}", "--driver=docker-container")


def push_image(source: Source, image: str, version: str, repository_url: str) -> None:
    """Build for this machine's processor and push as IMAGE-ARCHITECTURE, with SBOM and provenance."""
    settings = [
        f"--builder={BUILDER}",
        f"--platform=linux/{OWN_ARCHITECTURE}",
        f"--file={CHECKOUT / source.dockerfile}",
        f"--build-arg=VERSION={version}",
        f"--build-arg=SOURCE={repository_url}",
        f"--tag={image}-{OWN_ARCHITECTURE}",
        "--provenance=mode=max",
        "--sbom=true",
        "--push",
    ]
    run("docker", "buildx", "build", *settings, str(CHECKOUT / source.context))


def join(image: str) -> str:
    """Push one index of the image's architectures, attestations included, and return its digest."""
    run("docker", "buildx", "imagetools", "create", f"--tag={image}", *(f"{image}-{one}" for one in ARCHITECTURES))
    shown = run("docker", "buildx", "imagetools", "inspect", image, "--format={{json .Manifest}}", shown=False)
    return str(json.loads(shown)["digest"])


def sign(repository: str, digest: str) -> None:
    """Sign by the identity of the workflow that runs; each architecture's manifest, too."""
    run("cosign", "sign", "--yes", "--recursive", f"{repository}@{digest}")


def push_chart(helm: Path, package: Path, registry: str) -> str:
    """Push a packaged chart below `registry` and return its digest."""
    return pushed_digest(run(str(helm), "push", str(package), f"oci://{registry}", shown=False))


def pushed_digest(output: str) -> str:
    """The digest in the output of `helm push`. Raises ReleaseError."""
    found = re.search(r"^Digest: (sha256:[0-9a-f]{64})$", output, re.MULTILINE)
    if not found:
        raise ReleaseError(f"`helm push` reported no digest:\n{output}")
    return found[1]


def publish(tag: str, notes: Path, files: list[Path]) -> None:
    """Make the release on GitHub; a version with a suffix is a pre-release."""
    kind = ["--prerelease"] if "-" in tag else []
    run(
        "gh",
        "release",
        "create",
        tag,
        "--verify-tag",
        f"--title={tag}",
        f"--notes-file={notes}",
        *kind,
        *map(str, files),
    )


def run(*command: str, shown: bool = True) -> str:
    """Run a command. Returns both outputs, or "" if they are shown. Raises ReleaseError."""
    say(f"$ {shlex.join(command)}")
    try:
        done = subprocess.run(
            command,
            stdout=None if shown else subprocess.PIPE,
            stderr=None if shown else subprocess.STDOUT,
            text=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise ReleaseError(f"there is no `{command[0]}` in PATH") from error
    if done.returncode:
        raise ReleaseError(f"`{shlex.join(command)}` failed\n{done.stdout or ''}".rstrip())
    return done.stdout or ""
