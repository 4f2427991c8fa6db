"""What is built from which Dockerfile, and the way from there to an archive."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from socketio_operator import __version__
from tests.cluster.images.layers import write_whole
from tests.cluster.layout import BUILD, CHECKOUT
from tests.cluster.progress import step
from tests.images import base, mirrors
from tests.images.builders import Builder, find

REPOSITORY = "docker.io/socketio-operator"  # as kubelet completes the names in manifests/
ARCHIVES = BUILD / "archives"


@dataclass(frozen=True)
class Source:
    """A Dockerfile with the folder it is built from, both below the checkout; `suite` is Debian's."""

    dockerfile: str
    context: str
    suite: str


IMAGES = {
    "socketio-operator": Source("Dockerfile", ".", "bookworm"),
    "runtime-node": Source("runtime/node/Dockerfile", "runtime", "trixie"),
    "runtime-python": Source("runtime/python/Dockerfile", "runtime", "bookworm"),
    "chat": Source("examples/chat/Dockerfile", "examples/chat", "trixie"),
    "chat-python": Source("examples/chat-python/Dockerfile", "examples", "bookworm"),
}


@cache
def builder() -> Builder:
    """The builder of this machine."""
    return find()


def image_name(name: str) -> str:
    """The whole reference of the image with the short name `name`."""
    return f"{REPOSITORY}/{name}:{__version__}"


def build(name: str) -> str:
    """Build an image and return its reference. Raises ClusterError with the end of the builder's output."""
    source = IMAGES[name]
    base.ensure(builder(), source.suite)
    with step(f"image {name}"):
        build_from(CHECKOUT / source.dockerfile, CHECKOUT / source.context, image_name(name), source.suite)
    return image_name(name)


def build_from(dockerfile: Path, context: Path, image: str, suite: str) -> None:
    """Build any Dockerfile on the base of `suite`, with the machine's mirrors as secrets."""
    with tempfile.TemporaryDirectory() as folder:
        secrets = mirrors.secrets(Path(folder), suite)
        builder().build(dockerfile, context, image, {"VERSION": __version__}, secrets)


def save(image: str) -> Path:
    """The image with the reference `image` as an archive that containerd and kind load."""
    tar = ARCHIVES / f"{image.rsplit('/', 1)[-1].replace(':', '-')}.tar"
    write_whole(tar, lambda target: builder().save(image, target))
    return tar
