"""python -m tests.traffic.continuity: prints the tables of what was measured; with --write, into the pages of docs."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tests.cluster.layout import CHECKOUT
from tests.traffic.continuity.events import CONTROLS, EVENTS
from tests.traffic.continuity.report import proxies_table, saved, table

CONTINUITY, ROUTERS = CHECKOUT / "docs" / "continuity.md", CHECKOUT / "docs" / "routers.md"


def main() -> None:
    """All tables, each between its markers if they are to be written."""
    found = saved()
    tables = {
        "events": (CONTINUITY, table(found, EVENTS)),
        "controls": (CONTINUITY, table(found, CONTROLS)),
        "proxies": (ROUTERS, proxies_table(found)),
    }
    for name, (page, rows) in tables.items():
        if "--write" in sys.argv[1:]:
            _write(page, name, rows)
        print(f"{rows}\n")


def _write(page: Path, name: str, rows: str) -> None:
    between = rf"(<!-- {name}:begin.*?-->\n).*?(<!-- {name}:end -->)"
    page.write_text(re.sub(between, rf"\g<1>{rows}\n\g<2>", page.read_text(), flags=re.S))


if __name__ == "__main__":
    main()
