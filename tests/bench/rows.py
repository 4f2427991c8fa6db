"""What a measurement hands back, and the table that is made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

BEGIN = "<!-- bench:begin, replaced by what the command prints -->"
END = "<!-- bench:end -->"
HEAD = "| | operator | control | ratio | to reach | reached |\n| --- | --- | --- | --- | --- | --- |"


@dataclass(frozen=True, slots=True)
class Target:
    """What a number has to be: in words, and whether it is so."""

    words: str
    met: bool


def at_most(limit: float, value: float, words: str) -> Target:
    """Met by a value of at most `limit`."""
    return Target(words, value <= limit)


def at_least(limit: float, value: float, words: str) -> Target:
    """Met by a value of at least `limit`."""
    return Target(words, value >= limit)


@dataclass(frozen=True, slots=True)
class Row:
    """One number of the operator. `control`: the same of a client that does nothing but the requests."""

    name: str
    value: float
    unit: str
    control: float | None = None
    target: Target | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Operator to control; None without a control."""
        return self.value / self.control if self.control else None

    def markdown(self) -> str:
        """A line of the table."""
        control = "" if self.control is None else f"{_number(self.control)} {self.unit}"
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        words, met = (self.target.words, "yes" if self.target.met else "**no**") if self.target else ("", "")
        value = f"{_number(self.value)} {self.unit}" + (f" ({self.note})" if self.note else "")
        return f"| {self.name} | {value} | {control} | {ratio} | {words} | {met} |"


def table(rows: Sequence[Row]) -> str:
    """All rows as Markdown."""
    return "\n".join([HEAD, *(row.markdown() for row in rows)])


def replaced(page: str, content: str) -> str:
    """`page` with `content` between its two marks. Raises ValueError when it has none."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no {BEGIN} ... {END}")
    return f"{before}{BEGIN}\n{content}\n{END}{after}"


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"
