"""What runtimes report of themselves, and the conditions that come of it."""

from typing import Any

import pytest

from socketio_operator.plan.actions import Decision
from socketio_operator.plan.conditions import conditions
from socketio_operator.plan.runtime import NO_SERVER, SILENT, Listens, RuntimeReport
from tests.unit.samples import cluster, picture
from tests.unit.test_plan import REDIS, SERVER, world

STATUS: dict[str, Any] = {
    "ready": True,
    "servers": [{"socketio": "4.8.1", "adapter": {"owner": "runtime", "name": "redis"}}],
}


def reports(*owners: str) -> tuple[RuntimeReport, ...]:
    return tuple(RuntimeReport(f"chat-{i}", owner, "4.8.1") for i, owner in enumerate(owners))


def test_a_status_is_read() -> None:
    assert RuntimeReport.parse("chat-0", STATUS) == RuntimeReport("chat-0", "runtime", "4.8.1")
    without = {"servers": [], "reason": "NoServer"}
    assert RuntimeReport.parse("chat-0", {**without, "ready": False}) is None, "there may be one soon"
    assert RuntimeReport.parse("chat-0", {**without, "ready": True}) == RuntimeReport("chat-0", NO_SERVER)
    waits = RuntimeReport.parse("chat-0", {**STATUS, "ready": False, "reason": "BrokerUnreachable"})
    assert waits == RuntimeReport("chat-0", "runtime", "4.8.1", "BrokerUnreachable")


@pytest.mark.parametrize(
    ("owners", "expected"),
    [
        (("runtime", "runtime"), (True, "Injected")),
        (("runtime", "app"), (False, "AppAdapter")),
        (("app", "unsupported"), (False, "Unsupported")),
        (("none",), (False, "AdapterNotStarted")),
    ],
)
@pytest.mark.parametrize("replicas", [1, 2])
def test_what_runtimes_report_becomes_a_condition(
    owners: tuple[str, ...], expected: tuple[bool, str], replicas: int
) -> None:
    of = cluster(replicas=replicas)
    live = world(of)
    live[SERVER]["spec"]["replicas"] = replicas
    live[SERVER]["status"] |= dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas"), replicas)
    seen = picture(live, runtimes=reports(*owners))
    found = {item.type: (item.status, item.reason) for item in conditions(of, Decision(), seen)}
    assert found["AdapterInjected"] == expected
    alone = expected[1] in ("Unsupported", "AdapterNotStarted") and replicas > 1
    assert found["Ready"] == (expected if alone else (True, "Ready")), "one pod alone needs no adapter"


def test_a_recovery_that_skips_the_apps_middlewares_is_told() -> None:
    found = RuntimeReport.parse("chat-0", {**STATUS, "servers": [{**STATUS["servers"][0], "skipsMiddlewares": True}]})
    assert found
    assert found.skips
    (condition,) = (
        item
        for item in conditions(cluster(), Decision(), picture(world(cluster()), runtimes=(*reports("runtime"), found)))
        if item.type == "AdapterInjected"
    )
    assert condition.status
    assert "In pod chat-0 sessions that are recovered skip the app's middlewares" in condition.message
    assert "skipMiddlewares to false" in condition.message


def test_feathers_without_feathers_sync_is_told() -> None:
    found = RuntimeReport.parse("chat-0", {**STATUS, "servers": [{**STATUS["servers"][0], "feathersUnsynced": True}]})
    assert found
    seen = picture(world(cluster()), runtimes=(*reports("runtime"), found))
    (condition,) = (item for item in conditions(cluster(), Decision(), seen) if item.type == "AdapterInjected")
    assert condition.status
    assert "The app in pod chat-0 uses Feathers" in condition.message
    assert "feathers-sync" in condition.message


def test_without_reports_nothing_is_claimed() -> None:
    of = cluster()
    assert "AdapterInjected" not in {item.type for item in conditions(of, Decision(), picture(world(of)))}


def test_a_silent_runtime_stalls_with_what_to_change() -> None:
    of = cluster()
    live = world(of)
    live[SERVER]["status"] |= {"readyReplicas": 0}
    seen = picture(live, runtimes=(RuntimeReport("chat-0", SILENT),))
    found = {item.type: item for item in conditions(of, Decision(), seen)}
    assert found["Ready"].reason == found["Stalled"].reason == found["AdapterInjected"].reason == "RuntimeSilent"
    assert "set spec.runtime.inject to what it runs, or to none" in found["Ready"].message


def test_what_a_pod_waits_for_is_told_in_our_words() -> None:
    of = cluster()
    live = world(of)
    live[SERVER]["status"] |= {"readyReplicas": 1}
    for reason, told in (("BrokerUnreachable", " Pod chat-0: the adapter's broker does not answer it."), ("<b>", "")):
        seen = picture(live, runtimes=(RuntimeReport("chat-0", "runtime", "4.8.1", reason),))
        assert conditions(of, Decision(), seen)[0].message == f"1 of 2 pods are ready.{told}"


def pods(*names: str, ready: bool = True) -> tuple[dict[str, Any], ...]:
    status = {"conditions": [{"type": "Ready", "status": "True" if ready else "False"}]}
    labels = {"socketio-operator.dev/component": "server"}
    return tuple({"metadata": {"name": name, "labels": labels}, "status": status} for name in names)


def apart(*names: str) -> tuple[RuntimeReport, ...]:
    return tuple(RuntimeReport(name, "runtime", "4.8.1", apart=True) for name in names)


@pytest.mark.parametrize(
    ("adapter", "expected"),
    [
        ({"owner": "runtime", "subscribed": False}, True),
        ({"owner": "runtime", "subscribed": True}, False),
        ({"owner": "runtime"}, False),
        ({"owner": "app", "subscribed": False}, False),
    ],
)
def test_a_pod_is_apart_if_an_adapter_of_the_runtime_hears_nothing(adapter: dict[str, Any], expected: bool) -> None:
    server = STATUS["servers"][0]
    report = RuntimeReport.parse("chat-0", {**STATUS, "servers": [server, {**server, "adapter": adapter}]})
    assert report == RuntimeReport("chat-0", "runtime", "4.8.1", apart=expected)


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (("chat-b",), "between pod chat-b and other pods"),
        (("chat-b", "chat-a"), "between pods chat-a, chat-b and other pods"),
        (tuple(f"chat-{i}" for i in range(5)), "between pods chat-0, chat-1, chat-2 and 2 more and other pods"),
    ],
)
def test_pods_that_are_apart_degrade_what_is_available(names: tuple[str, ...], told: str) -> None:
    of = cluster()
    seen = picture(world(of), pods=pods(*names), runtimes=apart(*names))
    found = {item.type: item for item in conditions(of, Decision(), seen)}
    assert (found["Available"].status, found["Available"].reason) == (True, "Degraded")
    assert told in found["Available"].message
    assert (found["Ready"].status, found["Ready"].reason) == (False, "Degraded")
    assert "Stalled" not in found


def test_a_broker_that_is_away_is_the_reason_that_is_told() -> None:
    of = cluster()
    live = world(of)
    live[REDIS]["status"] = {}
    found = {c.type: c for c in conditions(of, Decision(), picture(live, pods=pods("a"), runtimes=apart("a")))}
    assert found["Ready"].reason == "BrokerNotReady"
    assert found["Available"].message.startswith(
        "Clients can connect, but broadcasts do not pass between pod a and other pods: Redis does not answer"
    )


def test_a_pod_that_is_not_ready_is_not_called_apart() -> None:
    of = cluster()
    seen = picture(world(of), pods=pods("chat-0", ready=False), runtimes=apart("chat-0"))
    found = {item.type: item.reason for item in conditions(of, Decision(), seen)}
    assert (found["Available"], found["Ready"]) == ("Serving", "Ready")


ELSEWHERE = {**STATUS, "ready": False, "reason": "ListensElsewhere"}


@pytest.mark.parametrize(
    ("listens", "told"),
    [
        (
            {"port": 4000, "loopback": False},
            "it listens on port 4000, routers look at 3000: set spec.port to 4000, or let the app listen on PORT.",
        ),
        (
            {"port": 3000, "loopback": True},
            "it listens on 127.0.0.1 alone, where no router reaches it: let it listen on 0.0.0.0.",
        ),
        (
            {"port": 4000, "loopback": True},
            "it listens on port 4000 of 127.0.0.1 alone, where no router reaches it: let it listen on 0.0.0.0, "
            "and on PORT, which is 3000.",
        ),
        *(
            (odd, "nothing listens yet on spec.port, where routers look.")
            for odd in (
                None,
                "<b>",
                {"port": "4000", "loopback": False},
                {"port": 70000, "loopback": False},
                {"port": True, "loopback": False},
                {"port": 4000},
                {"port": 4000, "loopback": "yes"},
                {"port": 3000, "loopback": False},
            )
        ),
    ],
)
def test_an_app_that_listens_elsewhere_is_told_where_and_what_to_set(listens: Any, told: str) -> None:
    of = cluster()
    report = RuntimeReport.parse("chat-0", {**ELSEWHERE, "listens": listens})
    assert report
    for status in ({"readyReplicas": 1}, {"readyReplicas": 0, "updatedReplicas": 1}):
        live = world(of)
        live[SERVER]["status"] |= status
        seen = picture(live, runtimes=(report,))
        assert conditions(of, Decision(), seen)[0].message.endswith(f" Pod chat-0: {told}")


def test_a_deployment_that_gives_up_on_it_says_so_too() -> None:
    of = cluster()
    live = world(of, readyReplicas=0)
    given_up = {"type": "Progressing", "reason": "ProgressDeadlineExceeded", "message": "No progress."}
    live[SERVER]["status"]["conditions"] = [given_up]
    report = RuntimeReport("chat-0", "runtime", "4.8.1", "ListensElsewhere", Listens(3000, True))
    ready = conditions(of, Decision(), picture(live, runtimes=(report,)))[0]
    assert (ready.reason, "let it listen on 0.0.0.0" in ready.message) == ("RolloutStuck", True)
