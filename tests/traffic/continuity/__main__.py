"""python -m tests.traffic.continuity: prints the tables of what was measured; with --write, into docs/continuity.md."""

from __future__ import annotations

import re
import sys

from tests.cluster.layout import CHECKOUT
from tests.traffic.continuity.events import CONTROLS, EVENTS
from tests.traffic.continuity.report import saved, table

PAGE = CHECKOUT / "docs" / "continuity.md"


def main() -> None:
    """Both tables, each between its markers if they are to be written."""
    found = saved()
    tables = {"events": table(found, EVENTS), "controls": table(found, CONTROLS)}
    if "--write" in sys.argv[1:]:
        text = PAGE.read_text()
        for name, rows in tables.items():
            text = re.sub(
                rf"(<!-- {name}:begin.*?-->\n).*?(<!-- {name}:end -->)", rf"\g<1>{rows}\n\g<2>", text, flags=re.S
            )
        PAGE.write_text(text)
    for rows in tables.values():
        print(f"{rows}\n")


if __name__ == "__main__":
    main()
