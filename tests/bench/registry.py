"""All measurements, in the order in which they run."""

from __future__ import annotations

from collections.abc import Callable

from tests.bench import apply_to_children
from tests.bench.rig import Rig
from tests.bench.rows import Row

MEASUREMENTS: dict[str, Callable[[Rig], list[Row]]] = {
    "apply": apply_to_children.measure,
}
