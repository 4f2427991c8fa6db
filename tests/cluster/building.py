"""Long builds with Go: one at a time, seen while they run, whole or not at all."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.cluster.errors import ClusterError
from tests.cluster.layout import CACHE
from tests.cluster.progress import say

FOLDER = CACHE / "bin"
HEARTBEAT = 15.0


def go_environment(**more: str) -> dict[str, str]:
    """Variables that make a build the same everywhere."""
    fixed = {"GOTOOLCHAIN": "local", "CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=false", "GOWORK": "off"}
    return os.environ | fixed | more


def module_source(module: str, folder: Path = Path("/"), environment: Mapping[str, str] | None = None) -> Path:
    """The files of a Go module, of MODULE@VERSION or in the version that the module in `folder` wants.

    Raises ClusterError when it cannot be had.
    """
    command = ["go", "mod", "download", "-json", module]
    env = environment or go_environment()
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ClusterError(f"`{' '.join(command)}` failed:\n{done.stderr.strip() or done.stdout.strip()}")
    return Path(json.loads(done.stdout)["Dir"])


def built(folder: Path, build: Callable[[Path], None]) -> Path:
    """`folder` of the cache; `build` fills it when it is not there. A killed build leaves nothing that counts."""
    if folder.exists():
        return folder
    FOLDER.mkdir(parents=True, exist_ok=True)
    with _only_builder():
        if not folder.exists():
            unfinished = Path(tempfile.mkdtemp(prefix=f"{folder.name}.unfinished-", dir=FOLDER))
            build(unfinished)
            unfinished.chmod(0o755)
            unfinished.rename(folder)
    return folder


@contextmanager
def _only_builder() -> Iterator[None]:
    with (FOLDER / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Whoever holds the lock is the only builder, so what is unfinished was left by a killed one.
        for unfinished in FOLDER.glob("*.unfinished-*"):
            shutil.rmtree(unfinished)
        yield


def go(name: str, expected: int, arguments: list[str], folder: Path, environment: Mapping[str, str]) -> None:
    """Runs `go` in `folder`, telling every 15 s; `expected` is seconds. Raises ClusterError with the end of the log."""
    say(f"  building {name} (first time: about {expected} s on 2 idle cores)")
    log = FOLDER / f"{name}-build.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            # The build ends with this process, also when that is killed.
            ["setpriv", "--pdeathsig", "KILL", "go", *arguments],
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=output,
        )
        _wait(process, name, expected, log)
    if process.returncode:
        last = "\n".join(log.read_text().splitlines()[-20:])
        raise ClusterError(f"building {name} failed; the log is {log}, which ends:\n{last}")


def _wait(process: subprocess.Popen[bytes], name: str, expected: int, log: Path) -> None:
    started = time.monotonic()
    try:
        while True:
            try:
                process.wait(HEARTBEAT)
                break
            except subprocess.TimeoutExpired:
                packages = len(log.read_text().splitlines())
                elapsed = time.monotonic() - started
                say(f"    {name}: {elapsed:.0f} s of about {expected} s, {packages} packages compiled")
    except BaseException:
        process.kill()
        process.wait()
        raise
    say(f"    {name}: {'failed' if process.returncode else 'built'} in {time.monotonic() - started:.0f} s")
