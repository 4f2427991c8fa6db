"""What traffic shows: each verdict becomes False by its cause and True again, and nothing in between flaps."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from socketio_operator.desired.kinds import Ref
from socketio_operator.plan.condition import Condition, wire_status
from socketio_operator.plan.figures import MOST_HEARD, Figures, Window
from socketio_operator.plan.observed import Observed
from socketio_operator.plan.passage import CanaryReport, Passage
from socketio_operator.plan.pods import Pod
from socketio_operator.plan.runtime import RuntimeReport
from socketio_operator.plan.truth import look_again, verdicts
from socketio_operator.plan.truth.summary import clients, last_verified
from tests.unit.samples import cluster, picture
from tests.unit.test_plan import world

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(hours=1)
WRONG_INTERVALS: tuple[Any, ...] = ("5", True, None, -1, 241, 1e99, [], {})


def pod(number: int, since: datetime = LONG_AGO) -> Pod:
    address = f"10.0.0.{number}"
    return Pod(f"chat-{number}", f"uid-{number}", 1, "server", "", address=address, ready=True, ready_since=since)


def requests(all_: int, forwarded: int = 0, unknown: int = 0, minute: int | None = None) -> Figures:
    """The same shares in both windows, unless `minute` requests without any of it were all of the last one."""
    five = Window(requests=all_, forwarded=forwarded, unknown=unknown)
    return Figures(minute=five if minute is None else Window(requests=minute), five_minutes=five)


def sight(figures: list[Figures], since: datetime = LONG_AGO, owner: str = "runtime", **more: Any) -> Observed:
    pods = tuple(pod(number, since) for number in range(len(figures)))
    reports = tuple(
        RuntimeReport(f"chat-{number}", owner, "4.8.1", gist=one.gist, figures=one, taken=NOW)
        for number, one in enumerate(figures)
    )
    return Observed(pods=pods, runtimes=reports, now=NOW, **more)


def hearing(*heard: tuple[int, ...]) -> list[Figures]:
    return [Figures(hears={f"10.0.0.{number}": 2.0 for number in numbers}, lag=0.004) for numbers in heard]


def wire(condition: Condition | None) -> list[dict[str, Any]]:
    if condition is None:
        return []
    status = wire_status(condition.status)
    return [{"type": condition.type, "status": status, "reason": condition.reason, "message": condition.message}]


def verdict(type_: str, seen: Observed, before: Condition | None = None, **spec: Any) -> Condition:
    found = verdicts(cluster(**spec), seen, wire(before))
    return next(item for item in found if item.type == type_)


def test_sessions_stick_until_many_are_unknown_and_again_when_hardly_any_is() -> None:
    good = verdict("Sticky", sight([requests(100)]))
    assert (good.status, good.reason) == (True, "Sticking")
    assert (
        good.message
        == "100 requests of sessions in five minutes, 0 % of them forwarded between pods, 0 % for unknown sessions."
    )
    assert verdict("Sticky", sight([requests(100, unknown=9)]), good) == good
    bad = verdict("Sticky", sight([requests(100, unknown=30)]), good, routing={"host": "a.example", "affinity": "none"})
    assert (bad.status, bad.reason) == (False, "SessionsUnknown")
    assert "30 % for unknown sessions" in bad.message
    assert "set spec.routing.affinity to clientIP or cookie" in bad.message
    assert verdict("Sticky", sight([requests(100, unknown=5)]), bad) == bad
    assert verdict("Sticky", sight([requests(100, unknown=30, minute=40)]), bad).status is True, "it is over"
    assert verdict("Sticky", sight([requests(100, unknown=1)]), bad).status is True


def test_pods_share_the_blame_by_their_requests() -> None:
    one, other = requests(1000), requests(50, unknown=50)
    assert verdict("Sticky", sight([one, other])).status is True
    assert verdict("Sticky", sight([other, other])).status is False


def test_forwarding_keeps_every_session() -> None:
    found = verdict("Sticky", sight([requests(100, forwarded=66)]))
    assert (found.status, found.reason) == (True, "Forwarding")
    assert "66 % of them forwarded" in found.message
    assert "no session is lost" in found.message
    assert verdict("Sticky", sight([requests(100, forwarded=5)]), found) == found
    assert verdict("Sticky", sight([requests(100, forwarded=1)]), found).reason == "Sticking"


def test_few_requests_say_nothing() -> None:
    few, fewer = (sight([requests(count)]) for count in (30, 5))
    assert verdict("Sticky", few).status is None
    good = verdict("Sticky", sight([requests(100)]))
    assert verdict("Sticky", few, good) == good
    assert verdict("Sticky", fewer, good).reason == "NoTraffic"
    new = sight([requests(5)], since=NOW - timedelta(seconds=500))
    assert verdict("Sticky", new, good) == good, "new pods have counted nothing yet"


@pytest.mark.parametrize(("age", "unknown", "forwarded"), [(60, True, True), (200, False, True), (700, False, False)])
def test_after_pods_came_and_went_what_was_told_stays_for_a_while(age: int, unknown: bool, forwarded: bool) -> None:
    good = verdict("Sticky", sight([requests(100)]))
    since = NOW - timedelta(seconds=age)
    assert (verdict("Sticky", sight([requests(100, unknown=30)], since), good) == good) is unknown
    assert (verdict("Sticky", sight([requests(100, forwarded=30)], since), good) == good) is forwarded
    new = verdict("Sticky", sight([requests(100, unknown=30)], since))
    assert new.status is False, "of a cluster that nothing was told of"


def test_pods_that_hear_each_other() -> None:
    found = verdict("Broadcasting", sight(hearing((1, 2), (0, 2), (0, 1))))
    assert (found.status, found.reason) == (True, "Crossing")
    assert found.message == "3 pods receive each other's heartbeats through the adapter, at most 4 ms late."


@pytest.mark.parametrize(
    ("heard", "sentence"),
    [
        (((1, 2), (0, 2), ()), "pod chat-2 receives no heartbeats of pods chat-0, chat-1"),
        (((1,), (0,), (0, 1)), "no other pod receives heartbeats of pod chat-2"),
        (((1,), (0,), ()), "pod chat-2 receives no heartbeats of pods chat-0, chat-1 (2 more of 3 pods miss some)"),
        (((2,), (0, 2), (0, 1)), "pod chat-0 receives no heartbeats of pod chat-1"),
        (((), ()), "pod chat-0 receives no heartbeats of pod chat-1 (1 more of 2 pods miss some)"),
    ],
)
def test_pods_apart_are_named(heard: tuple[tuple[int, ...], ...], sentence: str) -> None:
    found = verdict("Broadcasting", sight(hearing(*heard)))
    assert (found.status, found.reason) == (False, "PodsApart")
    assert f"for 15 s and longer {sentence}." in found.message


def test_an_old_heartbeat_is_none_and_new_pods_have_time() -> None:
    late = [Figures(hears={"10.0.0.1": 16.0}), Figures(hears={"10.0.0.0": 2.0})]
    assert verdict("Broadcasting", sight(late)).status is False
    assert verdict("Broadcasting", sight(hearing((), ()), since=NOW - timedelta(seconds=10))).reason == "NotMeasured"
    assert verdict("Broadcasting", sight(hearing((), ()), since=NOW - timedelta(seconds=20))).status is False


def many(pods: int, interval: float, ago: float) -> list[Figures]:
    """Each heard each other one 1 s ago, except that pod 0 heard pod 1 so many seconds ago."""
    all_ = {f"10.0.0.{number}": 1.0 for number in range(pods)}
    figures = [Figures(hears=all_, interval=interval)] * pods
    figures[0] = Figures(hears={**all_, "10.0.0.1": ago}, interval=interval)
    return figures


@pytest.mark.parametrize(
    ("pods", "interval", "ago", "crosses"),
    [
        (3, 5.0, 20.0, False),
        (30, 5.0, 14.0, True),
        (150, 29.8, 20.0, True),
        (150, 29.8, 89.0, True),
        (150, 29.8, 90.0, False),
    ],
)
def test_with_many_pods_heartbeats_are_rare(pods: int, interval: float, ago: float, crosses: bool) -> None:
    found = verdict("Broadcasting", sight(many(pods, interval, ago)))
    assert found.status is crosses, found.message
    if not crosses:
        assert f"for {3 * interval:.0f} s and longer pod chat-0 receives no heartbeats of pod chat-1." in found.message


def test_the_pod_that_sends_most_rarely_counts() -> None:
    older, newer = (
        {"connections": 1, "servers": [{"hears": {f"10.0.0.{i}": 32.0 for i in range(150)}, **more}]}
        for more in ({}, {"interval": 29.8})
    )
    mixed = [Figures.parse(newer if number % 2 else older) for number in range(150)]
    assert verdict("Broadcasting", sight(mixed)).status is True
    assert verdict("Broadcasting", sight([Figures.parse(older)] * 150)).status is False, "every 5 s"
    since = NOW - timedelta(seconds=60)
    new = verdict("Broadcasting", sight([*mixed, Figures(hears={})], since))
    assert new.reason == "NotMeasured", "nobody has been ready for three of the longest intervals"
    assert verdict("Broadcasting", sight([*mixed, Figures(hears={})])).status is False


def test_a_pod_that_has_not_begun_is_missed_by_nobody() -> None:
    assert verdict("Broadcasting", sight([*hearing((1,), (0,)), Figures()])).status is True


def test_a_full_list_is_no_proof() -> None:
    full = Figures(hears={f"10.1.{number // 250}.{number % 250}": 1.0 for number in range(MOST_HEARD)})
    assert verdict("Broadcasting", sight([full, *hearing((0,))])).status is True


def test_without_an_adapter_nothing_crosses() -> None:
    seen = sight([Figures(), Figures()], owner="none")
    found = verdict("Broadcasting", seen, adapter={"type": "none"})
    assert (found.status, found.reason) == (False, "NoAdapter")
    assert "spec.adapter.type is none: set another one, or keep one pod." in found.message
    assert verdict("Broadcasting", sight([Figures()], owner="none")).reason == "OnePod"
    assert verdict("Broadcasting", sight([Figures(), Figures()], owner="app")).reason == "NotMeasured"


def full(*counts: int, busiest: float = 0.1) -> list[Figures]:
    five_minutes = Window(handshakes=100, busiest=busiest)
    return [Figures(count, five_minutes=five_minutes) for count in counts]


def test_the_fullest_pod_against_the_mean() -> None:
    assert verdict("Balanced", sight(full(9, 10))).reason == "FewConnections"
    even = verdict("Balanced", sight(full(40, 50, 60)))
    assert (even.status, even.message) == (True, "The fullest of 3 pods has 60 of 150 connections.")
    skewed = verdict("Balanced", sight(full(10, 10, 130)), even)
    assert (skewed.status, skewed.reason) == (False, "Skewed")
    assert verdict("Balanced", sight(full(30, 40, 80)), skewed) == skewed
    assert verdict("Balanced", sight(full(30, 40, 80)), even) == even
    assert verdict("Balanced", sight(full(40, 45, 65)), skewed).status is True
    young = NOW - timedelta(seconds=500)
    assert verdict("Balanced", sight(full(75, 75, 0), since=young), even) == even, "a pod that has just come is empty"
    assert verdict("Balanced", sight(full(0, 5, 0), since=young), even) == even, "so are all after a rollout"
    assert verdict("Balanced", sight(full(0, 5, 0)), even).reason == "FewConnections", "the clients have gone"


def test_one_address_is_what_fills_a_pod_under_client_ip_alone() -> None:
    one = sight(full(0, 60, busiest=0.95))
    found = verdict("Balanced", one)
    assert (found.status, found.reason) == (False, "OneAddress")
    assert "95 % of its new sessions come from one address" in found.message
    assert "externalTrafficPolicy: Local" in found.message
    assert verdict("Balanced", one, routing={"host": "a.example", "affinity": "cookie"}).reason == "Skewed"
    assert verdict("Balanced", sight(full(0, 60, busiest=0.5))).reason == "Skewed"


def ingress(status: dict[str, Any], figures: list[Figures], age: int = 3600) -> Observed:
    live = world(cluster())
    live[Ref("Ingress", "chat")]["status"] = status
    created = (NOW - timedelta(seconds=age)).isoformat()
    live[Ref("Ingress", "chat")]["metadata"]["creationTimestamp"] = created
    return sight(figures, children=picture(live).children)


def test_a_route_that_somebody_serves() -> None:
    taken = verdict("Routed", ingress({"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}}, []))
    assert (taken.status, taken.reason) == (True, "Taken")
    assert taken.message == "Ingress chat is served at 192.0.2.7."
    assert verdict("Routed", ingress({}, [], age=30)).reason == "Waiting"
    assert verdict("Routed", ingress({}, [])).reason == "Waiting", "nobody can come while no pod is ready"
    lonely = verdict("Routed", ingress({}, [Figures()]))
    assert (lonely.status, lonely.reason) == (False, "NotTaken")
    come = verdict("Routed", ingress({}, [Figures(connections=1)]), lonely)
    assert (come.status, come.reason) == (True, "ClientsCome")
    assert verdict("Routed", ingress({}, [Figures()]), come) == come, "at night nobody comes"


def test_no_route_no_verdict() -> None:
    found = verdicts(cluster(routing={"host": "a.example", "router": "none"}), sight([]), [])
    assert "Routed" not in {item.type for item in found}
    assert (
        verdicts(cluster(runtime={"inject": "none"}, routing={"host": "a.example", "router": "none"}), sight([]), [])
        == ()
    )


def test_a_verdict_that_is_told_again_keeps_its_sentence() -> None:
    first = verdict("Sticky", sight([requests(100)]))
    assert verdict("Sticky", sight([requests(900, forwarded=3)]), first) == first


def test_clients_are_told_when_they_are_a_tenth_more_or_less() -> None:
    told = clients(sight(full(40, 60)), {})
    assert told == {"connected": 100, "perPod": {"min": 40, "max": 60}}
    assert clients(sight(full(42, 62)), {"clients": told}) == told
    assert clients(sight(full(42, 70)), {"clients": told}) == {"connected": 112, "perPod": {"min": 42, "max": 70}}
    assert clients(sight([]), {"clients": told}) is None


def test_last_verified_is_an_hour_old_at_most_while_it_holds() -> None:
    good = (Condition("Sticky", True, "Sticking", ""), Condition("Broadcasting", True, "Crossing", ""))
    first = last_verified(good, {}, NOW)
    assert first == "2026-11-28T12:00:00Z"
    later, much_later = NOW + timedelta(minutes=59), NOW + timedelta(minutes=61)
    assert last_verified(good, {"lastVerified": first}, later) == first
    assert last_verified(good, {"lastVerified": first}, much_later) == "2026-11-28T13:01:00Z"
    apart = (good[0], Condition("Broadcasting", False, "PodsApart", ""))
    assert last_verified(apart, {"lastVerified": first}, much_later) == first
    assert last_verified((), {}, NOW) is None


def test_time_alone_is_a_reason_to_look_again_only_while_it_may_change_a_verdict() -> None:
    of, young = cluster(), NOW - timedelta(seconds=30)
    assert look_again(of, sight(full(1, 1), since=young), ()) == 60
    assert look_again(of, sight(full(1, 1), since=NOW - timedelta(seconds=100)), ()) == 500
    assert look_again(of, sight(full(1, 1)), ()) is None
    assert look_again(of, sight([Figures(interval=30)] * 2, since=NOW - timedelta(seconds=100)), ()) == 39.5


STATUS: dict[str, Any] = {
    "ready": True,
    "connections": 7,
    "servers": [
        {"socketio": "4.8.1", "adapter": {"owner": "runtime"}, "hears": {"10.0.0.1": 1.2, "10.0.0.2": 3}, "lag": 0.01},
        {"socketio": "4.8.1", "adapter": {"owner": "runtime"}, "hears": {"10.0.0.1": 4.0}, "lag": 0.2},
    ],
    "traffic": {
        name: {"handshakes": 3, "requests": 40, "forwarded": 2, "unknown": 1, "clients": 3, "busiest": 0.33}
        for name in ("minute", "fiveMinutes")
    },
}


def test_figures_of_a_runtime() -> None:
    found = Figures.parse(STATUS)
    assert (found.connections, found.hears, found.lag) == (7, {"10.0.0.1": 4.0}, 0.2)
    assert found.minute == Window(3, 40, 2, 1, 3, 0.33)
    older = Figures.parse({"connections": 2, "servers": [{}]})
    assert (older.connections, older.hears) == (2, None)
    assert (found.interval, older.interval) == (5.0, 5.0)
    first, second = STATUS["servers"]
    told = Figures.parse({**STATUS, "servers": [{**first, "interval": 16.7}, {**second, "interval": 16}]})
    assert (told.hears, told.interval) == ({"10.0.0.1": 4.0}, 16.7)


@pytest.mark.parametrize(
    "wrong",
    [
        {"connections": "many"},
        {"connections": -1},
        {"traffic": {"minute": {}}},
        {"traffic": []},
        {"traffic": 7},
        {"servers": [{"hears": ["10.0.0.1"]}]},
        {"servers": [{"hears": {"10.0.0.1": True}}]},
        {"servers": [{"hears": {"10.0.0.1": 1e99}}]},
        *({"servers": [{"hears": {}, "interval": interval}]} for interval in WRONG_INTERVALS),
    ],
)
def test_what_is_no_figure_is_none(wrong: dict[str, Any]) -> None:
    assert Figures.parse({**STATUS, **wrong}) in (Figures(), Figures(7, hears={"10.0.0.1": 4.0}, lag=0.2))


def test_small_changes_are_no_news() -> None:
    def report(connections: int, unknown: int = 0, heard: float = 2.0) -> RuntimeReport:
        five = Window(requests=1000 + unknown, unknown=unknown)
        figures = Figures(connections, five, five, {"10.0.0.1": heard}, 0.1 * connections)
        return RuntimeReport("chat-0", "runtime", "4.8.1", gist=figures.gist, figures=figures)

    assert report(1000) == report(1001, 3, 4.5)
    assert report(1000) != report(1200)
    assert report(1000) != report(1000, 200)
    assert report(1000) != report(1000, 0, 16.0)


@pytest.mark.parametrize("interval", [{}, {"interval": 29.8}])
def test_with_many_pods_the_age_of_heartbeats_is_no_news_until_it_is(interval: dict[str, float]) -> None:
    def gist(pods: int, ago: float) -> Any:
        hears = {f"10.0.{number >> 8}.{number & 255}": 1.0 for number in range(pods)}
        servers = [{"hears": {**hears, "10.0.0.1": ago}, **interval}]
        return Figures.parse({"connections": 1, "servers": servers}).gist

    assert gist(149, 1.0) == gist(149, 32.0)
    assert gist(149, 1.0) != gist(149, 91.0)
    assert gist(149, 1.0) != gist(148, 1.0)
    assert gist(MOST_HEARD, 1.0) != gist(149, 1.0)


def test_which_pods_a_full_list_holds_is_no_news() -> None:
    def gist(first: int, stale: int = 0) -> Any:
        hears = {f"10.1.{number >> 8}.{number & 255}": 1.0 for number in range(first, first + MOST_HEARD)}
        return Figures(hears={**hears, **dict.fromkeys(list(hears)[:stale], 121.0)}, interval=40.0).gist

    assert gist(0) == gist(77)
    assert gist(0) != gist(0, stale=1)


def test_a_cluster_without_pods_is_looked_at_no_more() -> None:
    assert look_again(cluster(), Observed(now=NOW), ()) is None


def canary(passage: Passage, ago: float = 10.0, **more: Any) -> CanaryReport:
    return CanaryReport(passage, taken=NOW - timedelta(seconds=ago), **more)


def test_without_traffic_the_operator_s_own_session_shows_whether_sessions_stick() -> None:
    quiet = [requests(5)]
    good = verdict("Sticky", sight(quiet, canary=canary(Passage.FOUND, upgraded=True)))
    assert (good.status, good.reason) == (True, "Sticking")
    bad = verdict("Sticky", sight(quiet, canary=canary(Passage.LOST)), good)
    assert (bad.status, bad.reason) == (False, "SessionsUnknown")
    assert "did not find it" in bad.message
    assert "set spec.routing.affinity to cookie" in bad.message
    assert verdict("Sticky", sight(quiet, canary=canary(Passage.FOUND)), bad).status is True
    busy = sight([requests(100)], canary=canary(Passage.LOST))
    assert verdict("Sticky", busy).status is True, "traffic says more"


def test_requests_of_visits_are_not_taken_for_traffic() -> None:
    visits = requests(14, unknown=2)
    good = verdict("Sticky", sight([visits], canary=canary(Passage.FOUND)))
    assert good.status is True
    assert verdict("Sticky", sight([visits], canary=canary(Passage.FOUND)), good) == good
    assert verdict("Sticky", sight([visits]), good).status is False, "the control: without a visit it is traffic"


def test_a_session_lost_with_its_pod_is_no_news() -> None:
    good = verdict("Sticky", sight([requests(100)]))
    new = sight([requests(5)], since=NOW - timedelta(seconds=60), canary=canary(Passage.LOST))
    assert verdict("Sticky", new, good) == good
    assert verdict("Sticky", new).status is None


def test_what_traffic_said_is_not_said_otherwise_by_one_visit() -> None:
    forwarding = verdict("Sticky", sight([requests(100, forwarded=66)]))
    assert verdict("Sticky", sight([requests(5)], canary=canary(Passage.FOUND)), forwarding) == forwarding


def test_a_visit_is_forgotten() -> None:
    assert verdict("Sticky", sight([requests(5)], canary=canary(Passage.LOST, ago=800))).reason == "NoTraffic"


def test_websocket_that_does_not_come_through() -> None:
    found = verdict("Sticky", sight([requests(5)], canary=canary(Passage.FOUND, upgraded=False)))
    assert (found.status, found.reason) == (True, "NoUpgrade")
    assert "passes the headers Upgrade and Connection" in found.message
    assert (
        verdict("Sticky", sight([requests(5)], canary=canary(Passage.FOUND, upgraded=True)), found).reason == "Sticking"
    )


@pytest.mark.parametrize(("passage", "what"), [(Passage.SILENT, "no answer"), (Passage.FOREIGN, "Another server")])
def test_a_route_that_the_operator_does_not_reach(passage: Passage, what: str) -> None:
    found = verdict("Sticky", sight([requests(5)], canary=canary(passage)))
    assert (found.status, found.reason) == (None, "NotReached")
    assert what in found.message
    assert "spec.routing.canary" in found.message
    assert verdict("Routed", sight([requests(5)], canary=canary(passage))).status is None


def test_the_operator_s_own_session_is_a_client_that_came() -> None:
    found = verdict("Routed", sight([requests(0)], canary=canary(Passage.LOST)))
    assert (found.status, found.reason) == (True, "ClientsCome")


def test_without_heartbeats_two_sessions_at_two_pods_show_whether_broadcasts_cross() -> None:
    deaf = [Figures(), Figures()]
    assert verdict("Broadcasting", sight(deaf)).reason == "NotMeasured"
    assert verdict("Broadcasting", sight(deaf, canary=canary(Passage.FOUND))).reason == "NotMeasured"
    crossing = verdict("Broadcasting", sight(deaf, canary=canary(Passage.FOUND, crosses=True)))
    assert (crossing.status, crossing.reason) == (True, "Crossing")
    apart = verdict("Broadcasting", sight(deaf, canary=canary(Passage.FOUND, crosses=False)), crossing)
    assert (apart.status, apart.reason) == (False, "PodsApart")
    heard = sight(hearing((1,), (0,)), canary=canary(Passage.FOUND, crosses=False))
    assert verdict("Broadcasting", heard).status is True, "heartbeats say more"


def test_new_pods_that_have_heard_nothing_yet_change_nothing() -> None:
    crossing = verdict("Broadcasting", sight(hearing((1, 2), (0, 2), (0, 1))))
    new = sight([Figures(), Figures(), Figures()], since=NOW - timedelta(seconds=60))
    assert verdict("Broadcasting", new, crossing) == crossing
    apart = verdict("Broadcasting", sight(hearing((1,), ())))
    assert verdict("Broadcasting", new, apart).status is None, "it may be over"
    later = sight([Figures(), Figures(), Figures()], since=NOW - timedelta(seconds=700))
    assert verdict("Broadcasting", later, crossing).reason == "NotMeasured"
