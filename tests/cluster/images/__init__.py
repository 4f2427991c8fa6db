"""Images without a registry or a daemon: `build_image("chat")` gives a tar that every cluster can load."""

from __future__ import annotations

from pathlib import Path

from tests.cluster.errors import ClusterError
from tests.cluster.images.archive import image_digest, image_tar
from tests.cluster.images.catalog import IMAGES

__all__ = ["IMAGES", "build_image", "image_digest"]


def build_image(name: str) -> Path:
    """The tar of the image with the short name `name`; what did not change is not built again."""
    if name not in IMAGES:
        raise ClusterError(f"there is no image {name!r}; there are: {', '.join(IMAGES)}")
    return image_tar(IMAGES[name]())
