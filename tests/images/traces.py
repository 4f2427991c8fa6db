"""What of a machine's configuration must not be in an image, and the search for it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from tests.images.container import Archive
from tests.images.mirrors import IN_BUILD

# In the metadata of many packages, whoever built the image.
PUBLIC = frozenset({"deb.debian.org", "pypi.org", "registry.npmjs.org"})
OWN_AUTHORITIES = Path("/usr/local/share/ca-certificates")


def traces(secrets: Mapping[str, Path]) -> list[str]:
    """The hosts in the build secrets that are this machine's own, its own authorities, and where a build sees them."""
    told = "\n".join(path.read_text() for name, path in secrets.items() if name != "ca")
    hosts = set(re.findall(r"https?://(?:[^/@\s]*@)?([^/\s\"';]+)", told)) - PUBLIC
    certificates = [path.read_text().splitlines() for path in OWN_AUTHORITIES.glob("*.crt")]
    # The line after the first says whose it is; the one in the middle is of this certificate alone.
    return [IN_BUILD, *sorted(hosts), *(lines[len(lines) // 2] for lines in certificates)]


def found(archive: Archive, strings: list[str]) -> list[str]:
    """Those of `strings` that are in the image's configuration, its history or a file of its layers."""
    parts = [json.dumps(archive.config()).encode(), *(layer.read() for layer in archive.layers())]
    return [text for text in strings if any(text.encode() in part for part in parts)]
