"""An image's folder as the one tar that the test cluster's own images are."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

from tests.cluster.images.layers import add_bytes, sha256

OTHER_FILES = frozenset({"manifest.json", "version"})


def oci_tar(folder: Path, image: str, target: Path) -> None:
    """Write `folder`, made by `buildah push IMAGE dir:FOLDER`, as a tar in OCI layout that names the image `image`.

    The index comes first.
    """
    manifest = folder / "manifest.json"
    names = {"io.containerd.image.name": image, "org.opencontainers.image.ref.name": image.rsplit(":", 1)[-1]}
    listed = {
        "mediaType": json.loads(manifest.read_text())["mediaType"],
        "digest": f"sha256:{sha256(manifest)}",
        "size": manifest.stat().st_size,
        "annotations": names,
    }
    blobs = {path.name: path for path in sorted(folder.iterdir()) if path.name not in OTHER_FILES}
    with tarfile.open(target, "w", format=tarfile.GNU_FORMAT) as tar:
        add_bytes(tar, "oci-layout", b'{"imageLayoutVersion": "1.0.0"}')
        add_bytes(tar, "index.json", json.dumps({"schemaVersion": 2, "manifests": [listed]}).encode())
        for name, path in {sha256(manifest): manifest, **blobs}.items():
            tar.add(path, f"blobs/sha256/{name}", filter=_bare)


def _bare(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    return member
