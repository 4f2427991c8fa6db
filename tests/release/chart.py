"""The chart and the install manifest as they are released: our images by the digests that were pushed."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.release.versions import ReleaseError

# Keys of `defaultImages`, by image.
DEFAULT_IMAGES = {"runtime-node": "runtimeNode", "runtime-python": "runtimePython"}
OPERATOR = "socketio-operator"


def pinned(chart: Path, registry: str, version: str, digests: Mapping[str, str], target: Path) -> Path:
    """A copy of the chart in the folder `target`, whose values name our images at `registry` with tag and digest.

    `registry` is a host with the path of the images; `digests` are by the image's name. Raises ReleaseError.
    """
    missing = {OPERATOR, *DEFAULT_IMAGES} - digests.keys()
    if missing:
        raise ReleaseError(f"there is no digest of {', '.join(sorted(missing))}")
    copy = target / chart.name
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(chart, copy)
    values = copy / "values.yaml"
    values.write_text(pinned_values(values.read_text(encoding="utf-8"), registry, version, digests), encoding="utf-8")
    return copy


def pinned_values(text: str, registry: str, version: str, digests: Mapping[str, str]) -> str:
    """The values with our images replaced line by line, so that the comments stay. Raises ReleaseError."""
    host, _, path = registry.partition("/")

    def image(name: str) -> dict[str, str]:
        return {"registry": host, "repository": f"{path}/{name}", "tag": version, "digest": digests[name]}

    operator = {key: value for key, value in image(OPERATOR).items() if key != "tag"}
    made = re.sub(r"^image:\n(?:  .*\n)+", lambda block: _block(block[0], operator), text, count=1, flags=re.MULTILINE)
    for name, key in DEFAULT_IMAGES.items():
        entry = ", ".join(f'{part}: "{value}"' for part, value in image(name).items())
        made = re.sub(rf"^  {key}: \{{.*\}}$", f"  {key}: {{{entry}}}", made, count=1, flags=re.MULTILINE)
    expected: dict[str, Any] = yaml.safe_load(text)
    expected["image"] |= operator
    expected["defaultImages"] |= {key: image(name) for name, key in DEFAULT_IMAGES.items()}
    if yaml.safe_load(made) != expected:
        raise ReleaseError("the images of values.yaml have another form than tests/release/chart.py knows")
    return made


def _block(text: str, entries: Mapping[str, str]) -> str:
    for key, value in entries.items():
        text = re.sub(rf"^  {key}: .*$", f'  {key}: "{value}"', text, count=1, flags=re.MULTILINE)
    return text
