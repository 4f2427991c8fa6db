"""What the operator does while nothing changes, and what its memory holds."""

from __future__ import annotations

import time

from tests.bench import audit
from tests.bench.clusters import SHAPE
from tests.bench.fleet import Fleet, standing
from tests.bench.procfs import cpu_seconds, rss_mib
from tests.bench.rig import Rig, note
from tests.bench.rows import Row, at_most
from tests.operator_process import USER_AGENT

CORES, REQUESTS, MIB = 0.1, 3.0, 0.12
# Kept connections: at most one new one for so many requests.
REQUESTS_ON_A_CONNECTION = 20


def measure(rig: Rig) -> list[Row]:
    """CPU, requests to the API server and to the runtimes, and memory."""
    fleet, seconds = standing(rig), rig.options.rest_seconds
    pid, position = rig.operator.pid, rig.audit_position()
    before, cpu, started = fleet.runtimes.ask("count"), cpu_seconds(pid), time.monotonic()
    time.sleep(seconds)
    took = time.monotonic() - started
    cores, after = (cpu_seconds(pid) - cpu) / took, fleet.runtimes.ask("count")
    rig.shared["cores_at_rest"] = cores
    found = list(audit.requests(rig.cluster.audit_log, position, USER_AGENT))
    note(f"at rest for {took:.0f} s: {audit.tally(found) or 'no request'}")
    secrets = sum(request.resource == "secrets" for request in found) / took
    asked, opened = ((after[what] - before[what]) / took for what in ("requests", "connections"))
    name = f"{fleet.clusters} clusters ({SHAPE}) at rest"
    return [
        Row(f"{name}: CPU", cores, "cores", None, at_most(CORES, cores, f"under {CORES} cores")),
        Row(
            f"{name}: requests to the API server",
            len(found) / took,
            "/s",
            None,
            at_most(REQUESTS, len(found) / took, f"under {REQUESTS:.0f} /s"),
            f"{secrets:.1f} /s read Secrets",
        ),
        Row(f"{name}: requests to runtimes", asked, "/s"),
        Row(
            f"{name}: new connections to runtimes",
            opened,
            "/s",
            None,
            at_most(asked / REQUESTS_ON_A_CONNECTION, opened, "kept connections"),
            f"{after['open']} open",
        ),
        _memory(fleet, rss_mib(pid)),
    ]


def _memory(fleet: Fleet, now: float) -> Row:
    each = (fleet.full_mib - fleet.base_mib) / fleet.clusters
    return Row(
        f"memory for a cluster ({SHAPE})",
        each,
        "MiB",
        None,
        at_most(MIB, each, f"at most {MIB} MiB"),
        f"{fleet.base_mib:.0f} MiB without clusters, {now:.0f} MiB with {fleet.clusters}",
    )
