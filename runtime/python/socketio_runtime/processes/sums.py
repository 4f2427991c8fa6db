"""What several processes say, as one."""

from __future__ import annotations

from typing import Any, Callable, Iterable, Mapping

from ..port.exposition import Family

_MERGE: Mapping[str, Callable[[Iterable[float]], float]] = {"sum": sum, "min": min, "max": max}


class MetricSums:
    """`gone`: what the counters of processes that have ended had reached; without it a sum would fall, as if it had
    started anew."""

    def __init__(self) -> None:
        self._last: dict[int, list[Family]] = {}
        self._gone: list[Family] = []

    @property
    def empty(self) -> bool:
        """Whether it was never asked."""
        return not self._last

    def of(self, found: Mapping[int, list[Any] | None]) -> list[Family]:
        """`found`: by process id, as families are written; None keeps what that process said last."""
        for pid in set(self._last) - set(found):
            self._gone = merged([self._gone, [family for family in self._last.pop(pid) if family.adds_up]])
        for pid, written in found.items():
            if written is not None:
                self._last[pid] = [Family.of(one) for one in written]
        return merged([*self._last.values(), self._gone])


def merged(processes: Iterable[list[Family]]) -> list[Family]:
    """One family of each name."""
    by_name: dict[str, list[Family]] = {}
    for families in processes:
        for family in families:
            by_name.setdefault(family.name, []).append(family)
    return [_one(families) for families in by_name.values()]


def _one(families: list[Family]) -> Family:
    values: dict[tuple[str, tuple[tuple[str, str], ...]], list[float]] = {}
    for family in families:
        for suffix, labels, value in family.samples:
            values.setdefault((suffix, tuple(labels.items())), []).append(value)
    merge = _MERGE[families[0].merge]
    samples = tuple((suffix, dict(labels), merge(found)) for (suffix, labels), found in values.items())
    first = families[0]
    return Family(first.name, first.kind, first.text, samples, first.merge)


def shares(count: int, weights: list[int]) -> list[int]:
    """Whole parts of `count` in proportion to the weights; their sum is `count`."""
    total, before, parts = sum(weights) or 1, 0, []
    for weight in weights:
        parts.append(round(count * (before + weight) / total) - round(count * before / total))
        before += weight
    return parts
