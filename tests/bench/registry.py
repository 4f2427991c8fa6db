"""All measurements, in the order in which they run."""

from __future__ import annotations

from collections.abc import Callable

from tests.bench import apply_to_children, at_rest, churn, edit_to_write, one_reconcile, restart, visit
from tests.bench.rig import Rig
from tests.bench.rows import Row

MEASUREMENTS: dict[str, Callable[[Rig], list[Row]]] = {
    "reconcile": one_reconcile.measure,
    "apply": apply_to_children.measure,
    "rest": at_rest.measure,
    "restart": restart.measure,
    "edit": edit_to_write.measure,
    "visit": visit.measure,
    "churn": churn.measure,
}
# An hour by itself: only when it is asked for.
LONG = frozenset({"churn"})
