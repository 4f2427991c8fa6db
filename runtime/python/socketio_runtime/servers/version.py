"""Versions as tuples of numbers."""

from __future__ import annotations

import re
from typing import Any, Tuple

Version = Tuple[int, ...]


def parse(text: str) -> Version:
    """ "5.18.1rc1" -> (5, 18, 1)."""
    match = re.match(r"\d+(\.\d+)*", text)
    return tuple(int(number) for number in match.group().split(".")) if match else (0,)


def of(module: Any) -> Version:
    """The version of a loaded python-socketio; (0,) if it is another package of that name."""
    from importlib import metadata

    try:
        return parse(metadata.version("python-socketio"))
    except metadata.PackageNotFoundError:
        return parse(str(getattr(module, "__version__", "")))


def show(version: Version) -> str:
    """(5, 18, 1) -> "5.18.1"."""
    return ".".join(str(number) for number in version)
