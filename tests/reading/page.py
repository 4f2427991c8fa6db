"""The table of docs/status.md."""

import re
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "status.md"
ENDS, WAITS, FAILS = "ends", "waits", "fails"


@dataclass(frozen=True)
class Row:
    """A state and how it is read; `kubectl` and `helm` are ENDS, WAITS or FAILS."""

    state: str
    ready: str
    beside: str
    kstatus: str
    kubectl: str
    helm: str
    argo_cd: str


def rows() -> dict[str, Row]:
    """The rows by state, in the page's order."""
    lines = re.findall(r"^\| (?!state|---)(.+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    found = [Row(*(cell.strip() for cell in line.split("|"))) for line in lines]
    return {row.state: row for row in found}
