"""The project's images from their Dockerfiles, by the builder that is there: `make images`."""

from __future__ import annotations

from tests.images.building import IMAGES, build, image_name, save

__all__ = ["IMAGES", "build", "image_name", "save"]
