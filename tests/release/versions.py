"""Where the project states its version, and whether all places agree with the tag."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import yaml

TAG = re.compile(r"v((?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*)){2}(?:-[a-z]+\.\d+)?)")
CHART = "helm/socketio-operator/Chart.yaml"
VALUES = "helm/socketio-operator/values.yaml"
PACKAGES = ("runtime/node/package.json", "clients/discovery/package.json")
MODULES = ("operator/socketio_operator/__init__.py", "runtime/python/socketio_runtime/__init__.py")
DEFAULTS = "operator/socketio_operator/desired/inputs.py"


class ReleaseError(RuntimeError):
    """Something to fix before a release; the message names the place."""


def version_of(tag: str) -> str:
    """`0.1.0` of `v0.1.0`, `0.1.0-rc.1` of `v0.1.0-rc.1`. Raises ReleaseError for any other form."""
    found = TAG.fullmatch(tag)
    if not found:
        raise ReleaseError(f"{tag!r} is not a version tag such as v0.1.0 or v0.1.0-rc.1")
    return found[1]


def stated(checkout: Path) -> dict[str, str]:
    """The version that each place states, by place."""
    chart, values = _yaml(checkout / CHART), _yaml(checkout / VALUES)
    return {
        "pyproject.toml": tomllib.loads(_text(checkout / "pyproject.toml"))["project"]["version"],
        f"{CHART} version": chart["version"],
        f"{CHART} appVersion": chart["appVersion"],
        **{f"{VALUES} {name}": str(values["defaultImages"][name]["tag"]) for name in ("runtimeNode", "runtimePython")},
        **{path: json.loads(_text(checkout / path))["version"] for path in PACKAGES},
        **{path: _first(r'__version__ = "(.+)"', checkout / path) for path in MODULES},
        **{
            f"{DEFAULTS} {name}": _first(rf"socketio-operator/{name}:([\w.-]+)", checkout / DEFAULTS)
            for name in ("runtime-node", "runtime-python")
        },
    }


def check(checkout: Path, version: str) -> None:
    """Raises ReleaseError with every place that states another version."""
    others = [f"{place}: {found}" for place, found in stated(checkout).items() if found != version]
    if others:
        raise ReleaseError(f"the tag is for {version}, but:\n  " + "\n  ".join(others))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _yaml(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(_text(path))
    return loaded


def _first(pattern: str, path: Path) -> str:
    found = re.search(pattern, _text(path))
    if not found:
        raise ReleaseError(f"{path} states no version")
    return found[1]
