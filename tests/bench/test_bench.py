"""The bench on a handful of clusters: its numbers are sane, and what it counts is there to be counted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from socketio_operator.desired.kinds import CHILD_KINDS
from tests.bench import audit
from tests.bench.__main__ import run
from tests.bench.clusters import collection, name_of
from tests.bench.fleet import Fleet
from tests.bench.registry import MEASUREMENTS
from tests.bench.rig import Options, Rig, running_rig
from tests.bench.rows import BEGIN, END, Row, at_least, at_most, replaced, table
from tests.cluster.cluster import Cluster
from tests.cluster.waiting import wait_for
from tests.operator_process import USER_AGENT

CLUSTERS = 5
OPTIONS = Options(
    clusters=CLUSTERS,
    sizes=((CLUSTERS, 1),),
    rest_seconds=3,
    edit_seconds=2,
    edit_rounds=1,
    churn_minutes=0,
    churn_clusters=2,
    churn_warm_up=0,
    quiet_seconds=1,
    delete_at_once=False,
)


@pytest.fixture(scope="module")
def rig(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A rig for five clusters."""
    with running_rig(cluster, tmp_path_factory.mktemp("bench"), OPTIONS) as found:
        yield found


@pytest.fixture(scope="module")
def rows(rig: Rig) -> dict[str, Row]:
    """All measurements, by the end of each row's name."""
    return {row.name: row for row in run(rig, list(MEASUREMENTS))}


def find(rows: dict[str, Row], *words: str) -> Row:
    """The one row whose name has all the words."""
    (row,) = (row for name, row in rows.items() if all(word in name for word in words))
    return row


def test_a_row_says_whether_its_target_is_met() -> None:
    good = Row("good", 10, "/s", 20, at_least(0.5, 0.5, "half"))
    bad = Row("bad", 0.2, "cores", None, at_most(0.1, 0.2, "under 0.1 cores"))
    assert table([good, bad]).splitlines()[2:] == [
        "| good | 10 /s | 20 /s | 0.50 | half | yes |",
        "| bad | 0.2 cores |  |  | under 0.1 cores | **no** |",
    ]


def test_the_table_replaces_what_is_between_the_marks() -> None:
    assert replaced(f"before\n{BEGIN}\nold\n{END}\nafter", "new") == f"before\n{BEGIN}\nnew\n{END}\nafter"
    with pytest.raises(ValueError, match="the page has no"):
        replaced("a page without marks", "new")


@pytest.mark.api
@pytest.mark.timing
def test_numbers_are_sane(rows: dict[str, Row]) -> None:
    written = find(rows, "children written")
    assert written.control is not None
    assert 1 < written.value < 2000
    assert 1 < written.control < 2000
    cpu = find(rows, "client's CPU")
    assert cpu.control is not None
    assert 0 < cpu.control < cpu.value < 1000
    assert 0 <= find(rows, "at rest: CPU").value < 2
    assert 0 < find(rows, "memory for a cluster (").value < 20
    assert 0 < find(rows, "until it is ready").value < 30
    assert find(rows, "restart", "reads").value > CLUSTERS
    edited = find(rows, "edit of a spec", "median")
    assert edited.control is not None
    assert 0 < edited.value < 5000
    assert -5 < edited.control < 5000
    assert 0 < find(rows, "visits to 1000 clusters").value < 1
    assert abs(find(rows, "memory over churn").value) < 100_000


@pytest.mark.api
@pytest.mark.timing
def test_a_write_at_rest_would_be_counted(rig: Rig, rows: dict[str, Row]) -> None:
    """Control: the same counts see a write, a request and a connection when there is one."""
    fleet = rig.shared["fleet"]
    assert isinstance(fleet, Fleet)
    position, before = rig.audit_position(), fleet.runtimes.ask("count")
    ingress = f"{collection(CHILD_KINDS['Ingress'], fleet.namespaces[0])}/{name_of(0)}"
    rig.admin.request("DELETE", ingress)

    def written() -> bool:
        found = audit.requests(rig.cluster.audit_log, position, USER_AGENT, fleet.namespaces[0])
        return any(request.writes and request.resource == "ingresses" and request.code == 201 for request in found)

    wait_for(written, 20, "the write that brings the Ingress back")
    assert before["requests"] > 0
    assert before["connections"] > 0
