"""From the edit of a spec to the write that it asks for, against a client that only watches and writes."""

from __future__ import annotations

from statistics import median, quantiles
from typing import Any

from tests.bench.fleet import standing
from tests.bench.helpers import Helper
from tests.bench.rig import Rig, note
from tests.bench.rows import Row, at_most

FIRST_VALUE = 1000
RATIO = 2.0
EACH_PER_SECOND = 0.5

Times = list[float]


def measure(rig: Rig) -> list[Row]:
    """Quantiles of the operator's and of the control's times, both by turns."""
    fleet, options = standing(rig), rig.options
    # An edit on the heels of another one of the same cluster would measure how the operator joins them.
    rate = min(options.edits_per_second, EACH_PER_SECOND * fleet.clusters)
    editor = rig.helper("editor", f"--kubeconfig={rig.cluster.kubeconfig}", f"--rate={rate}")
    by_operator: Times = []
    by_control: Times = []
    value = FIRST_VALUE
    for _ in range(options.edit_rounds):
        # What the control wrote is what the operator would have written: only statuses are left to it.
        standing(rig)
        by_operator += _edit(editor, "operator", options.edit_seconds, value)
        value += int(options.edit_seconds * rate)
        rig.stop_operator()
        responder = rig.helper("responder", f"--kubeconfig={rig.operator_login}")
        by_control += _edit(editor, "bare client", options.edit_seconds, value)
        value += int(options.edit_seconds * rate)
        responder.stop()
    editor.stop()
    name = f"edit of a spec to its write, {fleet.clusters} clusters, {rate:g} edits/s"
    rows = [Row(f"{name}: median", median(by_operator), "ms", median(by_control))]
    for percent in (95, 99):
        operator, control = (quantiles(times, n=100)[percent - 1] for times in (by_operator, by_control))
        target = at_most(RATIO * control, operator, f"at most {RATIO:.0f} times") if percent == 99 else None
        rows.append(Row(f"{name}: {percent} %", operator, "ms", control, target))
    return [*rows, Row(f"{name}: longest", max(by_operator), "ms", max(by_control), None, f"{len(by_operator)} edits")]


def _edit(editor: Helper, who: str, seconds: float, value: int) -> Times:
    answer: dict[str, Any] = editor.ask(f"{seconds} {value}")
    if answer["missed"]:
        raise RuntimeError(f"{answer['missed']} edits led to no write of the {who}")
    times: Times = answer["ms"]
    note(f"{who}: {len(times)} edits, median {median(times):.1f} ms, longest {max(times):.1f} ms")
    return times
