"""kstatus and Argo CD's Lua as programs: what they make of a resource."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from socketio_operator.api import GROUP, KIND
from tests.cluster.binaries import Module, ensure

TESTS = Path(__file__).parents[1]
ARGO_CD = TESTS.parent / "gitops" / "argo-cd"
HEALTH = ARGO_CD / GROUP / KIND / "health.lua"
READING = Module("reading", 30, beside=TESTS)


@dataclass(frozen=True)
class Reading:
    """`kstatus` and `message` by the reference library, `flux` by the copy in Flux and Helm 4; Argo CD's `health`."""

    kstatus: str
    flux: str
    message: str
    health: Mapping[str, str]


class ReadingError(RuntimeError):
    """The program failed; the text is what it said."""


def readings(resources: Sequence[Mapping[str, Any]], script: Path = HEALTH) -> list[Reading]:
    """How each resource is read, Argo CD having `script`. Raises ReadingError; ClusterError when the build fails."""
    program = ensure((READING,)).folders[READING.name] / READING.name
    done = subprocess.run(
        [program, script], input=json.dumps(resources), capture_output=True, text=True, check=False, timeout=60
    )
    if done.returncode:
        raise ReadingError(done.stderr.strip())
    return [Reading(item["kstatus"], item["flux"], item["message"], item["argoCD"]) for item in json.loads(done.stdout)]
