"""The tables of docs/routers.md, from the registry and the API. `python -m tests.router_table` writes them there."""

import re
from pathlib import Path

from socketio_operator.api.annotations import HARMLESS
from socketio_operator.desired.routers import ROUTERS, Router
from socketio_operator.desired.routers.gateway.router import AFFINITIES

PAGE = Path(__file__).parents[1] / "docs" / "routers.md"
BEGIN, END = "<!-- from the registry: python -m tests.router_table -->", "<!-- end -->"
KEYS_BEGIN, KEYS_END = "<!-- annotations: python -m tests.router_table -->", "<!-- end of annotations -->"
HEADER = (
    "`routing.router`",
    "affinities",
    "timeouts that are set",
    "follows pods by",
    "sessions of a pod that ends",
    "tests",
)
# Of these the affinities depend on more than the router.
_AFFINITIES = {
    "gateway": "; ".join(f"{name}: {', '.join(sorted(found))}" for name, found in AFFINITIES.items()),
    "haproxytech": "clientIP, none, cookie unless `sameSite: None`",
    "direct": "clientIP, none",
    "none": "clientIP, none",
    "proxy": "clientIP, cookie, none; httpd: cookie, none; traefik with `clientAddress: forwardedFor`: cookie, none",
}


_RUN = {"gateway": "traefik, envoy-gateway: run; the others: rendered, not run"}


def _row(router: Router) -> tuple[str, ...]:
    affinities = _AFFINITIES.get(router.name, "clientIP, cookie, none")
    run = _RUN.get(router.name, "run" if router.run else "rendered, not run")
    return f"`{router.name}`", affinities, router.timeouts, router.follows, router.draining, run


def table() -> str:
    """The table as Markdown, one line a router."""
    rows = [HEADER, tuple("---" for _ in HEADER), *map(_row, ROUTERS.values())]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def keys() -> str:
    """The annotations of controllers that users may set, one line a controller."""
    rows = (f"| `{prefix}/` | {', '.join(f'`{name}`' for name in names)} |" for prefix, names in HARMLESS.items())
    return "\n".join(("| prefix | keys |", "| --- | --- |", *rows))


def page(text: str) -> str:
    """`text` of the page with the present tables."""
    return _replaced(_replaced(text, BEGIN, table(), END), KEYS_BEGIN, keys(), KEYS_END)


def _replaced(text: str, begin: str, between: str, end: str) -> str:
    made, count = re.subn(f"{begin}.*?{end}", lambda _: f"{begin}\n{between}\n{end}", text, flags=re.DOTALL)
    if count != 1:
        raise ValueError(f"the page has {count} places for what belongs after {begin}")
    return made


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
