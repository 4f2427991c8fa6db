"""What is told while things move: numbers that add up, no flapping, credentials that pods do not have yet."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from socketio_operator.controller.key import Key
from socketio_operator.controller.patience import Patience
from socketio_operator.desired.children import wanted_children
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.kinds import Ref
from socketio_operator.desired.metadata import CREDENTIALS_ANNOTATION
from socketio_operator.plan.actions import Decision
from socketio_operator.plan.condition import Condition
from socketio_operator.plan.conditions import PATIENT_SECONDS, STEADY_SECONDS, conditions, patient, steadied
from socketio_operator.plan.decide import decide
from socketio_operator.plan.observed import RESTARTED
from socketio_operator.plan.report import stamped
from tests.unit.samples import INPUTS, as_stored, cluster, picture
from tests.unit.test_plan import SERVER, SETTLED, applies, decided, pod, world


@pytest.mark.parametrize(
    ("status", "reason", "message"),
    [
        ({"replicas": 5, "updatedReplicas": 5, "readyReplicas": 5}, "ScalingDown", "3 pods more than the 2 wanted"),
        ({"observedGeneration": 0}, "Applying", "Kubernetes has yet to act on the latest change"),
        ({"replicas": 3, "updatedReplicas": 3, "readyReplicas": 2}, "ScalingDown", "1 pods more than the 2 wanted"),
        ({"replicas": 3, "updatedReplicas": 1}, "RollingOut", "1 of 2 pods are up to date, 2 ready."),
        ({"readyReplicas": 1}, "PodsNotReady", "1 of 2 pods are ready."),
    ],
)
def test_numbers_add_up(status: dict[str, Any], reason: str, message: str) -> None:
    of = cluster()
    ready = conditions(of, Decision(), picture(world(of, **status)))[0]
    assert (ready.status, ready.reason) == (False, reason)
    assert message in ready.message


def test_many_pods_are_looked_at_once() -> None:
    """A thousand pods of the server, and a broker that does not run: linear, not each against each."""
    of = cluster()
    live = world(of, readyReplicas=0)
    live[Ref("StatefulSet", "chat-redis")]["status"] = {}
    few, many = (picture(live, pods=tuple(pod("ErrImagePull") for _ in range(count))) for count in (100, 10_000))
    began = datetime.now(UTC)
    conditions(of, Decision(), few)
    middle = datetime.now(UTC)
    conditions(of, Decision(), many)
    assert datetime.now(UTC) - middle < 1000 * (middle - began) + timedelta(seconds=1)


NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
WELL = (Condition("Ready", True, "Ready", "2 of 2."), Condition("Available", True, "Serving", "All meet."))
AWAY = (
    Condition("Ready", False, "BrokerNotReady", "Redis is away."),
    Condition("Reconciling", True, "BrokerNotReady", "Redis is away."),
    Condition("Available", True, "Degraded", "Apart."),
)


def before(found: tuple[Condition, ...], seconds: float) -> list[dict[str, Any]]:
    """What was written so long ago."""
    return stamped(found, {}, 1, (NOW - timedelta(seconds=seconds)).isoformat())


def test_ready_returns_once_all_has_been_well_for_a_while() -> None:
    assert steadied(WELL, before(AWAY, 1), NOW) == (AWAY, STEADY_SECONDS - 1)
    assert steadied(WELL, before(AWAY, STEADY_SECONDS), NOW) == (WELL, None)
    assert steadied(AWAY, before(WELL, 1), NOW) == (AWAY, None), "what is wrong is told at once"
    assert steadied(WELL, [], NOW) == (WELL, None)


def test_a_clock_that_was_set_back_holds_nothing_for_ever() -> None:
    assert steadied(WELL, before(AWAY, -3600), NOW) == (WELL, None)


def test_other_reasons_are_over_when_they_are() -> None:
    rolling = (Condition("Ready", False, "RollingOut", "1 of 2."), Condition("Available", True, "Serving", "Ok."))
    assert steadied(WELL, before(rolling, 1), NOW) == (WELL, None)


EXTERNAL = {"broker": "external", "external": {"secretName": "shared"}}
ROLLING = {"broker": "external", "external": {"secretName": "shared", "restartOnChange": True}}


def known(mark: str) -> Inputs:
    return replace(INPUTS, external_credentials=mark)


def stale(adapter: dict[str, Any], live: dict[Ref, Any], mark: str) -> bool:
    of = cluster(adapter=adapter)
    seen = picture(live, credentials=mark)
    decision = decide(of, wanted_children(of, known(mark)), seen, {})
    return "CredentialsStale" in {item.type for item in conditions(of, decision, seen)}


def test_changed_credentials_are_told_and_restart_nothing() -> None:
    of = cluster(adapter=EXTERNAL)
    live = world(of, known("old"))
    assert live[SERVER]["metadata"]["annotations"][CREDENTIALS_ANNOTATION] == "old"
    assert decided(of, live, known("new")).actions == ()
    assert stale(EXTERNAL, live, "new")
    assert not stale(EXTERNAL, live, "old")
    assert decided(of, live, known("")).actions == (), "a Secret that is gone changes nothing"


def test_any_restart_brings_the_present_credentials() -> None:
    of = cluster(adapter=EXTERNAL)
    live = world(of, known("old"))
    (rollout,) = applies(decided(cluster(adapter=EXTERNAL, image="registry.example/chat:2"), live, known("new")))
    assert rollout.manifest["metadata"]["annotations"][CREDENTIALS_ANNOTATION] == "new"
    live[SERVER]["spec"]["template"]["metadata"]["annotations"] = {RESTARTED: "2026-01-01T00:00:00Z"}
    (noted,) = applies(decided(of, live, known("new")))
    assert not noted.restarts_pods
    after = as_stored(noted.manifest, status=SETTLED)
    after["spec"]["template"]["metadata"]["annotations"] = {RESTARTED: "2026-01-01T00:00:00Z"}
    assert not stale(EXTERNAL, {**live, SERVER: after}, "new")
    assert stale(EXTERNAL, {**live, SERVER: after}, "newer")


def test_credentials_are_rolled_out_if_that_is_asked_for() -> None:
    of = cluster(adapter=ROLLING)
    live = world(cluster(adapter=EXTERNAL), known("old"))
    assert decided(of, live, known("old")).actions == (), "to ask for it restarts nothing"
    (rollout,) = applies(decided(of, live, known("new")))
    assert rollout.restarts_pods
    assert "credentials of the broker changed" in rollout.reason
    rolled = {**live, SERVER: as_stored(rollout.manifest, status=SETTLED)}
    assert decided(of, rolled, known("new")).actions == ()
    assert not stale(ROLLING, rolled, "new")


def test_a_default_prefix_restarts_nothing_and_a_chosen_one_does() -> None:
    of = cluster(adapter=EXTERNAL)
    live = world(of, known("old"))
    server = next(one.manifest for one in wanted_children(of, known("old")) if one.ref == SERVER)
    container = server["spec"]["template"]["spec"]["containers"][0]
    container["env"] = [item for item in container["env"] if item["name"] != "SOCKETIO_ADAPTER_PREFIX"]
    live[SERVER] = as_stored(server, status=SETTLED)
    assert decided(of, live, known("old")).actions == ()
    (rollout,) = applies(decided(cluster(adapter=EXTERNAL | {"prefix": "shop"}), live, known("old")))
    assert "environment SOCKETIO_ADAPTER_PREFIX" in rollout.reason
    (other,) = applies(decided(cluster(adapter=EXTERNAL, image="registry.example/chat:2"), live, known("old")))
    assert "SOCKETIO_ADAPTER_PREFIX" in str(other.manifest)


@pytest.mark.parametrize("reason", ["SecretNotFound", "SecretKeyNotFound", "ConfigMapNotFound", "ImagePullFailed"])
def test_what_may_come_by_itself_has_a_minute_before_a_person_is_called(reason: str) -> None:
    ready = Condition("Ready", False, reason, "It is missing.")
    found = (ready, Condition("Stalled", True, reason, "It is missing."))
    waiting = (ready, Condition("Reconciling", True, reason, "It is missing."))
    assert patient(found, before(waiting, 5), 0) == (waiting, PATIENT_SECONDS)
    assert patient(found, [], PATIENT_SECONDS - 1) == (waiting, 1)
    assert patient(found, [], PATIENT_SECONDS) == (found, None)
    assert patient(found, before(found, 5), 0) == (found, None), "the operator was restarted: a call is not taken back"
    refused = (Condition("Stalled", True, "PodsRefused", "No."),)
    assert patient(refused, [], 0) == (refused, None)


def test_each_reason_has_its_own_minute() -> None:
    patience, key = Patience(), Key("team", "chat")
    away, wrong = ((Condition("Stalled", True, reason, ""),) for reason in ("SecretNotFound", "SecretKeyNotFound"))
    told = ((away, 0), (away, 50), (wrong, 55), (wrong, 115))
    assert [patience.lasted(key, found, NOW + timedelta(seconds=at)) for found, at in told] == [0, 50, 0, 60]
    assert patience.lasted(key, (), NOW + timedelta(seconds=120)) == 0
    assert patience.lasted(key, wrong, NOW + timedelta(seconds=121)) == 0, "it was well in between"
