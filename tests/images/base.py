"""The base of the Dockerfiles: pulled where a registry answers, else made of Debian's packages under the same name."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from tests.cluster import packages
from tests.cluster.errors import ClusterError
from tests.cluster.progress import step
from tests.images import mirrors
from tests.images.builders import Builder

# What the slim images of Debian leave out.
SLIM = (
    "path-exclude=/usr/share/doc/*",
    "path-include=/usr/share/doc/*/copyright",
    "path-exclude=/usr/share/info/*",
    "path-exclude=/usr/share/locale/*",
    "path-exclude=/usr/share/man/*",
)


def image_name(suite: str) -> str:
    """The whole reference of the image that the Dockerfiles call `debian:SUITE-slim`."""
    return f"docker.io/library/debian:{suite}-slim"


def ensure(builder: Builder, suite: str) -> None:
    """Have the base of `suite` in the builder's store. One that is there is kept. Raises ClusterError."""
    image = image_name(suite)
    if builder.has(image):
        return
    if builder.answers(image):
        with step(f"pulling {image}"):
            builder.pull(image)
        return
    with step(f"no registry answers: {image} of Debian's packages"), tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "root.tar")
        _make(suite, Path(folder), root)
        builder.import_root(root, image)


def _make(suite: str, folder: Path, root: Path) -> None:
    packages.ensure(("mmdebstrap",))
    sources, official = folder / "mirror.sources", folder / "official.sources"
    sources.write_text(mirrors.debian_sources(suite))
    official.write_text(mirrors.official_sources(suite))
    lists = '"$1"/etc/apt/sources.list.d'
    command = ["mmdebstrap", "--quiet", "--variant=minbase", *(f"--dpkgopt={option}" for option in SLIM)]
    # The image names Debian's own servers, wherever its packages came from.
    command += [f"--customize-hook=rm {lists}/* && cp {official} {lists}/debian.sources"]
    done = subprocess.run([*command, suite, str(root), str(sources)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ClusterError(f"`{' '.join(command)}` failed:\n{done.stderr.strip()}")
