"""Server processes with a log file: started, waited for until ready, and ended by pid."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

from tests.cluster.waiting import wait_for

START_SECONDS = 30.0
# A process of a test ends with the test, also when that is killed.
ENDS_WITH_US = ("setpriv", "--pdeathsig", "KILL")
STOP_SECONDS = 5.0


@contextmanager
def running(
    name: str,
    command: Sequence[str | Path],
    log: Path,
    is_ready: Callable[[], bool],
    environment: Mapping[str, str] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """The process for as long as the block runs; entered when it is ready."""
    process = start(name, (*ENDS_WITH_US, *command), log, is_ready, environment)
    try:
        yield process
    finally:
        stop(process.pid)
        process.wait()


def start(
    name: str,
    command: Sequence[str | Path],
    log: Path,
    is_ready: Callable[[], bool],
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a process that outlives its starter, and wait until it is ready.

    Raises RuntimeError when it ends by itself, TimeoutError when it does not get ready; both name the log.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def look() -> bool:
        if process.poll() is not None:
            raise RuntimeError(f"{name} ended with code {process.returncode} at its start; see {log}")
        return is_ready()

    try:
        wait_for(look, START_SECONDS, f"{name} to get ready (see {log})")
    except BaseException:
        stop(process.pid)
        process.wait()
        raise
    return process


def is_well(url: str, seconds: float = 2.0) -> bool:
    """Whether a server answers a GET with 200, within `seconds`."""
    try:
        with urlopen(url, timeout=seconds) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def stop(pid: int) -> None:
    """End a process and wait until it is gone; killed when it does not end by itself."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if not is_running(pid):
            return
        os.kill(pid, number)
        try:
            wait_for(lambda: not is_running(pid), STOP_SECONDS, f"process {pid} to end")
        except TimeoutError:
            continue


def is_running(pid: int) -> bool:
    """Whether the process runs; one that ended but was not reaped yet does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in ("Z", "X")
