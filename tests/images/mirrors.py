"""Where this machine's own clients get packages from, as files that a build sees and an image does not keep."""

from __future__ import annotations

import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

DEBIAN = "http://deb.debian.org/debian"
SECURITY = "http://deb.debian.org/debian-security"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
IN_BUILD = "/run/secrets/ca"  # where the Dockerfiles mount the authorities
PIP_SETTINGS = ("index-url", "extra-index-url", "trusted-host", "proxy")
NPM_SETTINGS = ("registry", "proxy", "https-proxy")
APT_SETTINGS = ("Acquire::http::Proxy", "Acquire::https::Proxy")


def secrets(folder: Path, suite: str) -> dict[str, Path]:
    """Write the build secrets of the Dockerfiles into `folder`; the id of each -> its file."""
    contents = {"sources": debian_sources(suite), "apt": _apt(), "pip": _pip(), "npm": _npm()}
    files = {name: folder / name for name in contents}
    for name, path in files.items():
        path.touch(mode=0o600)
        path.write_text(contents[name])
    return files | ({"ca": AUTHORITIES} if AUTHORITIES.exists() else {})


def official_sources(suite: str) -> str:
    """The apt sources of the official image."""
    return sources(suite, DEBIAN, SECURITY)


def debian_sources(suite: str) -> str:
    """The apt sources for `suite` from the mirrors that the machine's apt uses; Debian's own where it has no apt."""
    known = _apt_repositories()
    mirrors = (
        next((url for url in known if url.rstrip("/").endswith(end)), official)
        for end, official in (("/debian", DEBIAN), ("/debian-security", SECURITY))
    )
    return sources(suite, *mirrors)


def sources(suite: str, debian: str, security: str) -> str:
    """The apt sources for `suite` from two mirrors' URLs."""
    rest = f"Components: main\nSigned-By: {KEYRING}\n"
    return (
        f"Types: deb\nURIs: {debian}\nSuites: {suite} {suite}-updates\n{rest}\n"
        f"Types: deb\nURIs: {security}\nSuites: {suite}-security\n{rest}"
    )


def _apt_repositories() -> list[str]:
    return sorted(set(_said("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages").split()))


def _apt() -> str:
    proxies = _said("apt-config", "dump", *APT_SETTINGS)
    return f'{proxies}Acquire::https::CAInfo "{IN_BUILD}";\n' if AUTHORITIES.exists() else proxies


def _pip() -> str:
    values: dict[str, str] = {}
    for line in _said(sys.executable, "-m", "pip", "config", "list").splitlines():
        place, _, value = line.partition("=")
        section, _, setting = place.rpartition(".")
        # What the environment says comes last and wins, as with pip itself.
        if section in ("global", ":env:") and setting in PIP_SETTINGS:
            values[setting] = value.strip("'")
    lines = [f"{setting} = {value}" for setting, value in values.items()]
    return "\n".join(["[global]", *lines, *([f"cert = {IN_BUILD}"] if AUTHORITIES.exists() else [])]) + "\n"


def _npm() -> str:
    lines = _said("npm", "config", "get", *NPM_SETTINGS).split()
    given = [line for line in lines if line.partition("=")[2] not in ("", "null", "undefined")]
    return "\n".join([*given, *([f"cafile={IN_BUILD}"] if AUTHORITIES.exists() else [])]) + "\n"


@cache
def _said(*command: str) -> str:
    """What a client says about its configuration; nothing where it is not installed."""
    if not shutil.which(command[0]):
        return ""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout
