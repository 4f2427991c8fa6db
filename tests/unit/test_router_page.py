"""docs/routers.md and the registry say the same."""

from typing import Any

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.kinds import OPTIONAL_KINDS
from socketio_operator.desired.routers import ROUTERS
from socketio_operator.plan.conditions import STALLED_REASONS
from tests.router_table import PAGE, page
from tests.unit.samples import cluster
from tests.unit.test_routers import CASES, OF_OTHERS, of

TEXT = PAGE.read_text(encoding="utf-8")
REASONS = (PAGE.parent / "reasons.md").read_text(encoding="utf-8")


def test_the_table_is_that_of_the_registry() -> None:
    assert page(TEXT) == TEXT, "run python -m tests.router_table"


def test_every_router_says_what_its_users_must_know() -> None:
    for router in ROUTERS.values():
        assert router.timeouts, router.name
        assert router.follows, router.name
        assert router.draining, router.name


def test_every_optional_kind_is_on_the_page() -> None:
    assert [kind.kind for kind in OPTIONAL_KINDS if kind.kind not in TEXT] == []


def test_every_reason_of_a_route_is_told() -> None:
    foreign_pages = {"affinity": "cookie", "cookie": {"sameSite": "None"}, "tls": {"secretName": "a"}}
    specs = [*(of(*case) for case in CASES), *(_with(name, foreign_pages) for name in OF_OTHERS if name != "gateway")]
    lacks = {lack.reason for made in specs if (lack := ROUTERS[made.spec.routing.router].lack(made))}
    assert len(lacks) == 4
    assert [reason for reason in (*lacks, *STALLED_REASONS) if f"`{reason}`" not in REASONS] == []


def _with(router: str, more: dict[str, Any]) -> SocketIOCluster:
    return cluster(routing={"host": "a.example", "router": router, **more})
