"""The images that kubeadm runs, made of the programs that the bare-node cluster runs as plain processes."""

from __future__ import annotations

from pathlib import Path

from tests.cluster import packages
from tests.cluster.binaries import Binaries
from tests.cluster.images.archive import Image
from tests.cluster.images.compiled import pause_program
from tests.cluster.images.entries import Directory, File, Link, Program
from tests.cluster.images.layers import Files

NAME = "registry.local/kubernetes:1"
ROOT = 0
PROGRAMS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy")
FOLDER = "/usr/local/bin"


def kubernetes(built: Binaries) -> Image:
    """All of Kubernetes in one image, for every name in PROGRAMS: a node unpacks its one large program once.

    kube-proxy needs nft; the pods' network needs kubectl, ip and a shell.
    """
    packages.ensure(("nftables", "iproute2", "busybox-static"))
    links = (Link(f"{FOLDER}/{name}", "kubernetes") for name in (*PROGRAMS, "kubectl"))
    shell = (File(Path("/bin/busybox"), f"/bin/{name}", mode=0o755) for name in ("sh", "cat", "mv", "sleep"))
    tools = (Program("/usr/sbin/nft"), Program("/bin/ip", "/usr/sbin/ip"))
    program = File(built.kubernetes("kubernetes"), f"{FOLDER}/kubernetes", mode=0o755)
    layers = (Files((program, *links)), Files((*shell, *tools, Directory("/tmp", mode=0o1777))))
    return Image(NAME, layers, (), ROOT)


def etcd(built: Binaries, name: str) -> Image:
    """etcd under kubeadm's `name` for it."""
    return Image(name, (Files((File(built.etcd, f"{FOLDER}/etcd", mode=0o755),)),), (), ROOT)


def coredns(built: Binaries, name: str) -> Image:
    """CoreDNS under kubeadm's `name` for it."""
    return Image(name, (Files((File(built.coredns, "/coredns", mode=0o755),)),), ("/coredns",), ROOT)


def pause(name: str) -> Image:
    """The pod sandbox under kubeadm's `name` for it."""
    return Image(name, (Files((File(pause_program(), "/pause", mode=0o755),)),), ("/pause",), ROOT)
