"""NOTICE: what the images bundle, from the locks that they are built of. `python -m tests.notice` writes it."""

import json
import re
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "NOTICE"
HEAD = """socketio-operator
Copyright 2026 the authors of socketio-operator

Licensed under the Apache License, Version 2.0; see LICENSE.

The container images of the operator and its runtimes bundle what is listed here, each under its own license; packages
carry the text of theirs with them. Images that the operator runs and this repository does not build (Redis, HAProxy,
nginx, Apache httpd, Traefik) are no part of it. Made of the locks by `make generate`.
"""
# What no lock names.
SYSTEM = {
    "Image of the operator": (
        "CPython, PSF-2.0",
        "shared libraries and certificates of Debian, under the licenses that Debian states for their packages",
    ),
    "Image of the runtime for Node.js": ("busybox, GPL-2.0-only, https://busybox.net",),
    "Image of the runtime for Python": ("busybox, GPL-2.0-only, https://busybox.net",),
    "This repository": ("examples/chat-python/client/socket.io.min.js of Socket.IO, MIT",),
}
# Packages that state their license in words, or by a classifier alone.
SPDX = {
    "Apache 2": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "ISC License": "ISC",
    "MIT License": "MIT",
}


def page() -> str:
    """The whole file."""
    locked = {
        "Image of the operator": python_packages(ROOT / "requirements.lock"),
        "Image of the runtime for Node.js": node_packages(ROOT / "runtime/node/package-lock.json"),
        "Image of the runtime for Python": python_packages(ROOT / "runtime/python/requirements.lock"),
    }
    return HEAD + "".join(_section(name, *lines, *locked.get(name, ())) for name, lines in SYSTEM.items())


def _section(name: str, *lines: str) -> str:
    return f"\n{name}\n" + "".join(f"  {line}\n" for line in lines)


def python_packages(lock: Path) -> tuple[str, ...]:
    """Name, version and license of each. The license is that of the installed version, which may be another one."""
    pinned = re.findall(r"^([A-Za-z0-9._-]+)==([^ \\]+)", lock.read_text(encoding="utf-8"), re.MULTILINE)
    return tuple(f"{name} {version}, {_license(name)}" for name, version in pinned)


def _license(name: str) -> str:
    return next(SPDX.get(stated, stated) for stated in _stated(metadata.metadata(name)))


def _stated(about: metadata.PackageMetadata) -> Iterator[str]:
    """From the most exact statement to the least."""
    for field in ("License-Expression", "License"):
        if field in about:
            yield about[field]
    for classifier in about.get_all("Classifier") or ():
        if classifier.startswith("License :: OSI Approved :: "):
            yield classifier.rpartition(" :: ")[2]


def node_packages(lock: Path) -> tuple[str, ...]:
    """Name, version and license of each that `npm ci --omit=dev` installs."""
    packages = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    bundled = {
        f"{path.rpartition('node_modules/')[2]} {one['version']}, {one['license']}"
        for path, one in packages.items()
        if path and not one.get("dev")
    }
    return tuple(sorted(bundled))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
