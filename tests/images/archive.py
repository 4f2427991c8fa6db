"""An image's OCI folder as the one tar that the test cluster's own images are."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

from tests.cluster.images.layers import add_bytes


def oci_tar(folder: Path, image: str, target: Path) -> None:
    """Write `folder`, which holds one image, as a tar that names it `image`; its index comes first."""
    index = json.loads((folder / "index.json").read_text())
    index["manifests"][0]["annotations"] = {
        "io.containerd.image.name": image,
        "org.opencontainers.image.ref.name": image.rsplit(":", 1)[-1],
    }
    with tarfile.open(target, "w", format=tarfile.GNU_FORMAT) as tar:
        add_bytes(tar, "oci-layout", (folder / "oci-layout").read_bytes())
        add_bytes(tar, "index.json", json.dumps(index).encode())
        for blob in sorted((folder / "blobs/sha256").iterdir()):
            tar.add(blob, f"blobs/sha256/{blob.name}", filter=_bare)


def _bare(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    return member
