"""The image of kind's nodes: kind's own where a registry answers, else made of Go modules and Debian's packages."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.cluster import binaries
from tests.cluster.binaries import Binaries, Module, Tool
from tests.cluster.building import module_source
from tests.cluster.errors import ClusterError
from tests.cluster.images import kubernetes
from tests.cluster.images.archive import image_tar
from tests.cluster.layout import BUILD
from tests.cluster.progress import step
from tests.images import base, builders, mirrors

KIND = Tool("kind", "sigs.k8s.io/kind", "v0.33.0", expected=60)
CRICTL = Tool("crictl", "sigs.k8s.io/cri-tools/cmd/crictl", "v1.36.0", expected=60)
KUBEADM = Module("kubeadm", 180)
PINNED = "kindest/node:v1.37.0@sha256:a1ed56cfb0e7b93589bdf97c8cd566405a265939e3620fc4f5de89adff580ae5"
REPOSITORY = "docker.io/socketio-operator/kind-node"
SUITE = "bookworm"
FOLDER = Path(__file__).parent / "kind_node"
DOCKERFILE = FOLDER / "Dockerfile"
# Pod network and StorageClass: kind has neither without an image of its registry.
MANIFESTS = (FOLDER / "default-cni.yaml", FOLDER / "default-storage.yaml")


@dataclass(frozen=True)
class Contents:
    """What our own image is made of. `names`: what kubeadm calls its images, by the last part of each name."""

    built: Binaries
    names: dict[str, str]
    tars: tuple[Path, ...]
    """Of the images that a node runs; the first is all of Kubernetes."""

    @property
    def reference(self) -> str:
        """The image's reference: its tag is a hash of its contents."""
        tars = [tar.name for tar in self.tars]
        files = [file.read_text() for file in (DOCKERFILE, *MANIFESTS)]
        parts = [*self.built.versions, *tars, KIND.version, CRICTL.version, *files]
        return f"{REPOSITORY}:{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]}"


def node_image() -> str:
    """The reference of an image that the engine has or can pull: KIND_NODE_IMAGE, else PINNED, else one of our own.

    Raises ClusterError when our own cannot be built.
    """
    if chosen := os.environ.get("KIND_NODE_IMAGE"):
        return chosen
    docker = builders.Docker()
    if docker.has(PINNED) or (not docker.has_any(REPOSITORY) and docker.answers(PINNED)):
        return PINNED
    return own_image()


def own_image() -> str:
    """Have our own image in the engine, and return its reference. Raises ClusterError."""
    contents = _contents()
    image = contents.reference
    if builders.Docker().has(image):
        return image
    builder = builders.find()
    base.ensure(builder, SUITE)
    with tempfile.TemporaryDirectory(dir=BUILD) as context, tempfile.TemporaryDirectory() as secrets:
        _fill(Path(context), contents)
        copies = " ".join(contents.names[program] for program in kubernetes.PROGRAMS)
        arguments = {"PAUSE": contents.names["pause"], "KUBERNETES": kubernetes.NAME, "NAMES": copies}
        with step(f"no registry has kind's node image: building {image}"):
            builder.build(DOCKERFILE, Path(context), image, arguments, mirrors.secrets(Path(secrets), SUITE))
    with step("the node image into the engine"):
        builder.into_engine(image)
    return image


def _contents() -> Contents:
    built = binaries.ensure((*binaries.ALL, KUBEADM))
    names = _image_names(built.folders["kubeadm"] / "kubeadm")
    images = (
        kubernetes.kubernetes(built),
        kubernetes.etcd(built, names["etcd"]),
        kubernetes.coredns(built, names["coredns"]),
        kubernetes.pause(names["pause"]),
    )
    return Contents(built, names, tuple(image_tar(image) for image in images))


def _fill(context: Path, contents: Contents) -> None:
    """Put all that the Dockerfile copies into the folder `context`."""
    programs, images = context / "programs", context / "images"
    for folder in (programs, images):
        folder.mkdir()
    for program in (
        contents.built.kubernetes("kubernetes"),
        contents.built.folders["kubeadm"] / "kubeadm",
        binaries.ensure_tool(CRICTL),
    ):
        shutil.copy(program, programs)
    for name in ("kubelet", "kubectl"):
        (programs / name).symlink_to("kubernetes")
    for tar in contents.tars:
        shutil.copy(tar, images)
    _copy_kinds_files(context / "files")


def _image_names(kubeadm: Path) -> dict[str, str]:
    """What kubeadm calls its images: the last part of a reference -> the whole of it."""
    version = _said(str(kubeadm), "version", "--output=short").strip()
    listed = _said(str(kubeadm), "config", "images", "list", f"--kubernetes-version={version}").split()
    return {reference.rpartition(":")[0].rpartition("/")[2]: reference for reference in listed}


def _copy_kinds_files(target: Path) -> None:
    """The files of kind's base image, as its Dockerfile copies them, and our manifests instead of its own."""
    shutil.copytree(module_source(f"sigs.k8s.io/kind@{KIND.version}") / "images/base/files", target)
    for path in (target, *target.rglob("*")):
        runs = path.is_dir() or path.parent.name == "bin"
        path.chmod(0o755 if runs else 0o644)
    (target / "kind/manifests").mkdir()
    for manifest in MANIFESTS:
        shutil.copy(manifest, target / "kind/manifests")


def _said(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ClusterError(f"`{' '.join(command)}` failed:\n{done.stderr.strip() or done.stdout.strip()}")
    return done.stdout
