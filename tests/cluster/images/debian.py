"""A root file system made of Debian packages, without running their scripts."""

from __future__ import annotations

import subprocess
import tarfile
import tempfile
from pathlib import Path

from tests.cluster import packages
from tests.cluster.errors import ClusterError
from tests.cluster.images.layers import Prepared
from tests.cluster.progress import step

SUITE = "bookworm"
# What no program reads at run time, and what differs from run to run.
LEFT_OUT = (
    "dev/",
    "var/",
    "usr/share/doc/",
    "usr/share/man/",
    "usr/share/info/",
    "usr/share/locale/",
    "usr/share/lintian/",
    "usr/share/perl5/",
    "usr/lib/x86_64-linux-gnu/perl-base/",
)
BUNDLE = "etc/ssl/certs/ca-certificates.crt"
REVISION = "1"  # raise it when the same packages shall give another root


def debian_root(*names: str, suite: str = SUITE) -> Prepared:
    """The layer that holds the packages `names` of Debian's `suite` and what they depend on."""
    recipe = " ".join(["debian", REVISION, suite, *sorted(names)])
    return Prepared(recipe, lambda folder: _unpack(folder, names, suite))


def _unpack(folder: Path, names: tuple[str, ...], suite: str) -> None:
    packages.ensure(("mmdebstrap",))
    with step(f"root file system with {', '.join(names)}"), tempfile.TemporaryDirectory() as temporary:
        archive = Path(temporary, "root.tar")
        command = ["mmdebstrap", "--quiet", "--variant=extract", f"--include={','.join(names)}", suite, str(archive)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ClusterError(f"`{' '.join(command)}` failed:\n{done.stderr.strip()}")
        with tarfile.open(archive) as tar:
            members = [member for member in tar if _wanted(member)]
            tar.extractall(folder, members, filter="tar")
        _bundle_certificates(folder)


def _wanted(member: tarfile.TarInfo) -> bool:
    path = member.name.removeprefix("./")
    return (member.isdir() or member.isreg() or member.issym() or member.islnk()) and not path.startswith(LEFT_OUT)


def _bundle_certificates(folder: Path) -> None:
    """Do what the script of ca-certificates does."""
    authorities = sorted((folder / "usr/share/ca-certificates").rglob("*.crt"))
    if authorities:
        bundle = folder / BUNDLE
        bundle.parent.mkdir(parents=True, exist_ok=True)
        bundle.write_bytes(b"".join(path.read_bytes() for path in authorities))
