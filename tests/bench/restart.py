"""The operator ends and starts again over clusters that stand."""

from __future__ import annotations

import json
import time
from collections import Counter

from tests.bench import audit
from tests.bench.clusters import Json
from tests.bench.fleet import ALL_CLUSTERS, clusters, cpu_rate, standing, wait_quiet
from tests.bench.procfs import cpu_seconds, rss_mib
from tests.bench.rig import Rig, note
from tests.bench.rows import Row, at_most
from tests.operator_process import USER_AGENT

READY = 15.0
QUIET_SAMPLE_SECONDS = 5.0
QUIET_CORES = 0.1
LONGEST_SECONDS = 300.0


def measure(rig: Rig) -> list[Row]:
    """Time until it is ready, CPU until it is quiet, and what it wrote and read."""
    fleet = standing(rig)
    rest = rig.shared.get("cores_at_rest") or cpu_rate(rig.operator.pid, rig.options.rest_seconds / 4)
    before, version = clusters(rig)
    rig.stop_operator()
    position, started = rig.audit_position(), time.monotonic()
    rig.start_operator()
    ready = time.monotonic() - started
    sample = min(QUIET_SAMPLE_SECONDS, rig.options.quiet_seconds)
    _wait_for_rest(rig.operator.pid, rest, sample)
    took, used = time.monotonic() - started - sample, cpu_seconds(rig.operator.pid)
    wait_quiet(rig)
    found = list(audit.requests(rig.cluster.audit_log, position, USER_AGENT))
    writes = [request for request in found if request.writes]
    note(f"restart: {audit.tally(found)}")
    for change, count in _changes(before, _events(rig, version)).most_common(10):
        note(f"status written {count} times: {change}")
    name = f"restart over {fleet.clusters} clusters"
    memory = (rss_mib(rig.operator.pid) - fleet.base_mib) / fleet.clusters
    return [
        Row(f"{name}: until it is ready", ready, "s", None, at_most(READY, ready, f"under {READY:.0f} s")),
        Row(f"{name}: CPU until it is quiet", used, "s", None, None, f"quiet after {took:.0f} s"),
        Row(f"{name}: writes", len(writes), "", None, at_most(0, len(writes), "none"), audit.tally(writes)),
        Row(f"{name}: reads", len(found) - len(writes), ""),
        Row(f"{name}: memory for a cluster after it", memory, "MiB"),
    ]


def _wait_for_rest(pid: int, rest: float, sample: float) -> None:
    """Until it uses as little as it did at rest. An engine that is never quiet is as quiet as it was before."""
    enough, deadline = max(QUIET_CORES, 1.3 * rest), time.monotonic() + LONGEST_SECONDS
    while cpu_rate(pid, sample) > enough:
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {LONGEST_SECONDS:.0f} s the operator still uses more than {enough:.2f} cores")


def _events(rig: Rig, version: str) -> list[Json]:
    """What happened to clusters since a resourceVersion, in order."""
    query = f"watch=1&resourceVersion={version}&timeoutSeconds=2"
    events = (json.loads(line) for line in rig.admin.text("GET", f"{ALL_CLUSTERS}?{query}").splitlines())
    return [event["object"] for event in events if event["type"] == "MODIFIED"]


def _changes(before: list[Json], events: list[Json]) -> Counter[str]:
    """What each write changed in a status, in words."""
    states = {cluster["metadata"]["uid"]: _facts(cluster) for cluster in before}
    found: Counter[str] = Counter()
    for cluster in events:
        uid, facts = cluster["metadata"]["uid"], _facts(cluster)
        was = states.get(uid, frozenset())
        gone, new = " ".join(sorted(was - facts)), " ".join(sorted(facts - was))
        found[f"-[{gone}] +[{new}]"] += 1
        states[uid] = facts
    return found


def _facts(cluster: Json) -> frozenset[str]:
    status = cluster.get("status", {})
    conditions = (f"{item['type']}={item['status']}/{item['reason']}" for item in status.get("conditions", ()))
    numbers = (f"{name}={status.get(name)}" for name in ("observedGeneration", "replicas", "readyReplicas"))
    return frozenset((*conditions, *numbers))
