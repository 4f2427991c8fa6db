"""The demo's Traefik: stays in the background between `up` and `down`."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.cluster.processes import command_line
from tests.traffic.processes import stop
from tests.traffic.traefik import Traefik, start_traefik

FOLDER = Path(__file__).resolve().parents[2] / "build" / "demo"
RECORD = FOLDER / "router.json"
WANTED_PORT = 8080


@dataclass(frozen=True)
class Record:
    """What `down` and the next `up` need to know of a Traefik in the background."""

    pid: int
    port: int
    api_port: int
    kubeconfig_sha256: str

    @property
    def traefik(self) -> Traefik:
        return Traefik(self.port, self.api_port, FOLDER / "traefik.log")


def ensure_router(kubeconfig: Path) -> Traefik:
    """The Traefik that runs for this kubeconfig, or a new one on port 8080 or the next free one."""
    digest = hashlib.sha256(kubeconfig.read_bytes()).hexdigest()
    record = running_router()
    if record and record.kubeconfig_sha256 == digest:
        return record.traefik
    stop_router()
    pid, traefik = start_traefik(kubeconfig, FOLDER / "traefik.log", WANTED_PORT)
    RECORD.write_text(json.dumps(asdict(Record(pid, traefik.port, traefik.api_port, digest))))
    return traefik


def running_router() -> Record | None:
    """The Traefik in the background, if it runs."""
    try:
        record = Record(**json.loads(RECORD.read_text()))
    except (OSError, ValueError, TypeError):
        return None
    # The pid alone could belong to another program by now.
    is_ours = f"--entrypoints.web.address=127.0.0.1:{record.port}" in command_line(record.pid)
    return record if is_ours else None


def stop_router() -> None:
    """End the Traefik in the background, if it runs."""
    if record := running_router():
        stop(record.pid)
    RECORD.unlink(missing_ok=True)
