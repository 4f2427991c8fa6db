"""The root file system that the proxies of the tests run in: the real programs, in place of the official images."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from tests.cluster import packages
from tests.traffic.traefik import traefik_binary

CHECKOUT = Path(__file__).resolve().parents[2]
BUILD = CHECKOUT / "build" / "proxies"
# HAProxy 3.0 and httpd 2.4; that of the suite before knows no `hash-key`.
SUITE = "trixie"
PACKAGES = (
    *("base-files", "dash", "coreutils", "sed", "grep", "libc-bin", "util-linux"),
    *("haproxy", "apache2-bin", "openssl", "busybox-static"),
)
# Where a pod has its volumes, and what a container runtime mounts.
MOUNT_POINTS = ("proc", "dev", "tmp", "etc/socketio-proxy", "etc/socketio-proxy-tls")
# Where the official image has it.
HTTPD = "usr/local/apache2"
REVISION = "1"  # raise it when the same packages shall give another root


def proxy_root() -> Path:
    """The folder; made once, in about half a minute."""
    root, marker = BUILD / "root", BUILD / "root.made"
    recipe = " ".join((REVISION, SUITE, *PACKAGES))
    BUILD.mkdir(parents=True, exist_ok=True)
    with (BUILD / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not marker.is_file() or marker.read_text() != recipe:
            marker.unlink(missing_ok=True)
            shutil.rmtree(root, ignore_errors=True)
            _unpack(root)
            _lay_out(root)
            marker.write_text(recipe)
    return root


def _unpack(root: Path) -> None:
    packages.ensure(("mmdebstrap", "iproute2", "util-linux"))
    archive = BUILD / "root.tar"
    command = ["mmdebstrap", "--quiet", "--variant=extract", f"--include={','.join(PACKAGES)}", SUITE, str(archive)]
    subprocess.run(command, check=True, capture_output=True)
    with tarfile.open(archive) as tar:
        members = [member for member in tar if not member.name.removeprefix("./").startswith("dev/")]
        tar.extractall(root, members, filter="tar")
    archive.unlink()


def _lay_out(root: Path) -> None:
    for point in MOUNT_POINTS:
        (root / point).mkdir(parents=True, exist_ok=True)
    (root / "etc/resolv.conf").touch()
    programs = root / "usr/local/bin"
    programs.mkdir(parents=True, exist_ok=True)
    shutil.copy2(_nginx(), programs / "nginx")
    shutil.copy2(traefik_binary(), programs / "traefik")
    (programs / "nslookup").symlink_to("/usr/bin/busybox")
    (root / HTTPD).mkdir(parents=True)
    (root / HTTPD / "modules").symlink_to("/usr/lib/apache2/modules")
    (programs / "httpd").symlink_to("/usr/sbin/apache2")
    for name in (programs, *programs.iterdir()):
        if not name.is_symlink():
            name.chmod(0o755)


def _nginx() -> Path:
    target = BUILD / "nginx"
    options = ["--no-deps", "--only-binary", ":all:", "--require-hashes", "--upgrade", "--target", str(target)]
    requirements = ["-r", str(Path(__file__).with_name("nginx.txt"))]
    quiet = ["-q", "--disable-pip-version-check"]
    subprocess.run([sys.executable, "-m", "pip", "install", *quiet, *options, *requirements], check=True)
    return next(path for path in target.rglob("nginx") if path.is_file() and path.stat().st_size > 500_000)
