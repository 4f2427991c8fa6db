"""The operator as a process: how it starts, tells its health and ends."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.api.conftest import HEALTH
from tests.cluster.plugin import WaitFor
from tests.operator_process import OperatorProcess, wait_synced

pytestmark = pytest.mark.api


def health() -> dict[str, dict[str, float]]:
    try:
        with urllib.request.urlopen(HEALTH, timeout=5) as answer:
            found: dict[str, dict[str, float]] = json.load(answer)
    except urllib.error.URLError as error:
        raise AssertionError(f"{HEALTH}: {error}") from None
    return found


def test_health_tells_of_every_watch(operator: OperatorProcess, wait_for: WaitFor) -> None:
    watches = wait_for(health, 15, "the health endpoint")["watches"]
    assert {"watch of deployments", "watch of pods", "watch of ingresses"} <= set(watches)
    assert not [name for name in watches if "secrets" in name]
    assert max(watches.values()) < 120


def test_it_ends_well_on_sigterm(operator: OperatorProcess) -> None:
    position = operator.log.stat().st_size
    assert operator.stop() == 0
    operator.start()
    wait_synced(operator, position)


def test_without_a_cluster_it_says_so(tmp_path: Path) -> None:
    missing = tmp_path / "kubeconfig"
    command = [sys.executable, "-m", "socketio_operator", "run", f"--kubeconfig={missing}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "No way to reach an API server" in done.stderr
    assert "Traceback" not in done.stderr
