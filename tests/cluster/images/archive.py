"""An image as one tar in OCI layout, which containerd and kind import without a registry."""

from __future__ import annotations

import hashlib
import json
import platform
import re
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cluster.images.layers import IMAGES, Layer, add_bytes, layer_tar, sha256, write_whole

MEDIA_TYPE = "application/vnd.oci.image"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True)
class Image:
    """An image. `name` includes the tag; `env` holds `NAME=value`; `user` is a numeric id."""

    name: str
    layers: tuple[Layer, ...]
    entrypoint: tuple[str, ...]
    user: int
    env: tuple[str, ...] = ()
    workdir: str = "/"
    arguments: tuple[str, ...] = ()  # given to the entry point unless the pod has its own
    stop_signal: str = ""  # what ends it, by its name; SIGTERM unless told otherwise


def image_tar(image: Image) -> Path:
    """The image's tar under build/images/; made when any of its inputs is new."""
    layers = [layer_tar(layer) for layer in image.layers]
    config = _config(image)
    key = hashlib.sha256(json.dumps([config, [layer.name for layer in layers]]).encode()).hexdigest()[:24]
    short = image.name.rsplit("/", 1)[-1].replace(":", "-")
    tar = IMAGES / f"{short}-{key}.tar"
    if not tar.exists():
        write_whole(tar, lambda target: _write(target, image.name, config, layers))
        _remove_older(tar, short)
    return tar


def image_digest(tar: Path) -> tuple[str, str]:
    """The name and the manifest's digest (`sha256:...`) of the image in a tar made by image_tar()."""
    with tarfile.open(tar) as archive:
        member = archive.extractfile("index.json")
        assert member is not None
        manifest = json.load(member)["manifests"][0]
    return manifest["annotations"]["io.containerd.image.name"], manifest["digest"]


def _remove_older(tar: Path, short: str) -> None:
    """Keep one version of an image: each change of the operator's code makes a new one of a quarter gigabyte."""
    for other in IMAGES.glob(f"{short}-*.tar"):
        if other != tar and re.fullmatch(r"[0-9a-f]{24}", other.stem.removeprefix(f"{short}-")):
            other.unlink(missing_ok=True)


def _config(image: Image) -> dict[str, Any]:
    return {
        "Entrypoint": list(image.entrypoint),
        "Env": ["PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", *image.env],
        "User": str(image.user),
        "WorkingDir": image.workdir,
        **({"Cmd": list(image.arguments)} if image.arguments else {}),
        **({"StopSignal": image.stop_signal} if image.stop_signal else {}),
    }


def _write(target: Path, name: str, config: dict[str, Any], layers: list[Path]) -> None:
    digests = [sha256(layer) for layer in layers]
    whole_config = _json(
        {
            "architecture": ARCHITECTURES[platform.machine()],
            "os": "linux",
            "config": config,
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}" for digest in digests]},
        }
    )
    layer_list = [
        _descriptor(f"{MEDIA_TYPE}.layer.v1.tar", digest, layer.stat().st_size)
        for digest, layer in zip(digests, layers, strict=True)
    ]
    manifest = _json(
        {
            "schemaVersion": 2,
            "mediaType": f"{MEDIA_TYPE}.manifest.v1+json",
            "config": _of_bytes(f"{MEDIA_TYPE}.config.v1+json", whole_config),
            "layers": layer_list,
        }
    )
    names = {"io.containerd.image.name": name, "org.opencontainers.image.ref.name": name.rsplit(":", 1)[-1]}
    listed = _of_bytes(f"{MEDIA_TYPE}.manifest.v1+json", manifest) | {"annotations": names}
    with tarfile.open(target, "w", format=tarfile.GNU_FORMAT) as tar:
        # The index comes first, so that image_digest() reads only the start of the file.
        add_bytes(tar, "oci-layout", _json({"imageLayoutVersion": "1.0.0"}))
        add_bytes(tar, "index.json", _json({"schemaVersion": 2, "manifests": [listed]}))
        for blob in (manifest, whole_config):
            add_bytes(tar, f"blobs/sha256/{hashlib.sha256(blob).hexdigest()}", blob)
        for digest, layer in dict(zip(digests, layers, strict=True)).items():
            _add_layer(tar, digest, layer)


def _add_layer(tar: tarfile.TarFile, digest: str, layer: Path) -> None:
    member = tarfile.TarInfo(f"blobs/sha256/{digest}")
    member.size = layer.stat().st_size
    with layer.open("rb") as file:
        tar.addfile(member, file)


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True).encode()


def _of_bytes(media_type: str, content: bytes) -> dict[str, Any]:
    return _descriptor(media_type, hashlib.sha256(content).hexdigest(), len(content))


def _descriptor(media_type: str, digest: str, size: int) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": size}
