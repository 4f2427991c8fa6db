"""Whether the operator's memory grows while clusters come, change and go.

In a round clusters are made in a fresh namespace, get their children and pods, are edited, and are deleted; the
namespace's end takes their children with it. Memory is read when the operator has nothing left to do.
"""

from __future__ import annotations

import time
from statistics import linear_regression

from socketio_operator.desired.kinds import CHILD_KINDS
from tests.bench.admin import MERGE
from tests.bench.apply_to_children import CREATOR, wait_for_children
from tests.bench.clusters import apply_clusters, clusters_path, collection, name_of
from tests.bench.editor import READ_TIMEOUT
from tests.bench.fleet import pods_run, wait_quiet
from tests.bench.procfs import rss_mib
from tests.bench.rig import Rig, note
from tests.bench.rows import Row, at_most
from tests.cluster.waiting import wait_for

EDITED_SECONDS = 777
GROWTH = 0.002


def measure(rig: Rig) -> list[Row]:
    """Growth of the resident memory by the line that fits best."""
    pods_run(rig)
    if not rig.operator.running:
        rig.start_operator()
    deadline, samples = time.monotonic() + 60 * rig.options.churn_minutes, [_round(rig)]
    while time.monotonic() < deadline or len(samples) < rig.options.churn_warm_up + 2:
        samples.append(_round(rig))
        note(f"churn: {samples[-1]:.1f} MiB after {len(samples)} rounds")
    used = samples[rig.options.churn_warm_up :]
    clusters = [number * rig.options.churn_clusters for number in range(len(used))]
    each = linear_regression(clusters, used).slope
    return [
        Row(
            f"memory over churn, {rig.options.churn_minutes:g} min",
            1000 * each,
            "MiB for 1000 clusters come and gone",
            None,
            at_most(GROWTH, each, f"no growth (under {1000 * GROWTH:.0f} MiB)"),
            f"{used[0]:.0f} MiB at first, {used[-1]:.0f} MiB after {clusters[-1]} clusters",
        )
    ]


def _round(rig: Rig) -> float:
    count = rig.options.churn_clusters
    with rig.namespace("churn") as namespace:
        creator, _ = rig.load(CREATOR, apply_clusters(namespace, range(count)))
        creator.ask()
        creator.stop()
        wait_for_children(rig, namespace, count)
        edit = {"spec": {"routing": {"timeouts": {"readSeconds": EDITED_SECONDS}}}}
        for number in range(count):
            rig.admin.request("PATCH", f"{clusters_path(namespace)}/{name_of(number)}", edit, MERGE)
        wait_for(lambda: _edited(rig, namespace), 300, "the edits to reach the Ingresses", interval=1)
        rig.admin.request("DELETE", clusters_path(namespace))
    wait_quiet(rig)
    return rss_mib(rig.operator.pid)


def _edited(rig: Rig, namespace: str) -> bool:
    found = rig.admin.get(collection(CHILD_KINDS["Ingress"], namespace))["items"]
    return all(item["metadata"]["annotations"][READ_TIMEOUT] == str(EDITED_SECONDS) for item in found)
