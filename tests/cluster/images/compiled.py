"""The one C program: the first process of a pod and of a machine."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.cluster.errors import ClusterError
from tests.cluster.images.layers import IMAGES, sha256, write_whole

SOURCE = Path(__file__).with_name("pause.c")


def pause_program() -> Path:
    """A static program that waits and reaps orphans."""
    program = IMAGES / f"pause-{sha256(SOURCE)[:24]}"
    if not program.exists():
        write_whole(program, _compile)
        program.chmod(0o755)
    return program


def _compile(target: Path) -> None:
    command = ["gcc", "-static", "-Os", "-s", "-o", str(target), str(SOURCE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ClusterError(f"`{' '.join(command)}` failed: {done.stderr.strip()}")
