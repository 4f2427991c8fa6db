"""What clients go through when something happens to pods and to Redis: 120 of three kinds, in one session each.

The figures of every event are kept in build/continuity; `python -m tests.traffic.continuity` makes the table of them.
"""

from collections.abc import Iterator

import pytest

from tests.cluster.kubectl import Kubectl
from tests.cluster.waiting import wait_for
from tests.e2e.test_traffic import SOURCES, swarm
from tests.traffic.continuity import events, harm
from tests.traffic.continuity.events import BOTH, control
from tests.traffic.continuity.expectations import (
    assert_kept,
    assert_kept_as_far_as_stored,
    assert_nobody_cut,
    assert_paced,
    assert_polling_is_cut,
    assert_polling_suffers,
)
from tests.traffic.continuity.report import Sums
from tests.traffic.continuity.stage import Setup, Stage, staged
from tests.traffic.engineio import Mode

pytestmark = [pytest.mark.node, pytest.mark.usefixtures("operator", "probed")]

FROZEN_SECONDS = 10.0
AWAY_SECONDS = 60.0
GIVEN_UP_SECONDS = 120.0  # after 50 s without a word from a node its pods are no endpoints any more
SETTLE_OF_CONTROLS = 5.0


def on(*setups: Setup) -> pytest.MarkDecorator:
    """What runs on the same setup runs with the same clients, one after the other."""
    return pytest.mark.parametrize("stage", setups, indirect=True, ids=str)


kept = on(Setup("kept"))
anywhere = on(Setup("anywhere", affinity="none"))
alone = on(Setup("alone", off=("forwarding", "mirror")))
unforwarded = on(Setup("unforwarded", off=("forwarding",)))
unmirrored = on(Setup("unmirrored", off=("mirror",)))
stored = on(Setup("stored", stored=True))
unlike = on(Setup("bundled", image="registry.local/rooms-bundled:1"), Setup("lazy", lazy=True))
forgetful = on(Setup("forgetful", adapter="redis"))


@pytest.fixture(scope="module")
def stage(space: Kubectl, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A cluster with its router and its 120 clients."""
    with staged(space, tmp_path_factory.mktemp(str(request.param)), request.param) as stage:
        yield stage


# --- pods


@kept
def test_a_pod_is_deleted(stage: Stage) -> None:
    seen = stage.watch(events.DELETED, lambda: stage.delete(stage.pods[0].name))
    assert seen.sums().cut > 0, "somebody's pod was deleted"
    assert_kept(seen)


@kept
def test_a_process_is_killed(stage: Stage) -> None:
    seen = stage.watch(events.KILLED, lambda: stage.kill(stage.pods[0].name, "server"))
    assert seen.sums().cut > 0, "somebody's process was killed"
    assert_kept_as_far_as_stored(seen)


@kept
def test_scaled_up_and_down(stage: Stage) -> None:
    try:
        assert_kept(stage.watch(events.SCALED_UP, lambda: stage.scale(5)))
        stage.offer_fullest()
        down = stage.watch(events.SCALED_DOWN, lambda: stage.scale(2))
        assert down.sums().cut > 0, "somebody's pod was taken"
        assert_kept(down)
    finally:
        stage.scale(3)
        stage.wait_whole()


@kept
def test_a_rolling_restart(stage: Stage) -> None:
    seen = stage.watch(events.ROLLED, stage.roll)
    assert_kept(seen)
    assert all(client.cuts for client in seen.clients), "each client's pod was replaced"
    assert_paced(seen)
    assert stage.kubectl.json("get", "events", "--field-selector=reason=FailedPreStopHook")["items"] == []


@pytest.mark.long
@unlike
def test_a_rolling_restart_of_a_server_in_one_file_or_made_with_the_first_request(stage: Stage) -> None:
    seen = stage.watch(events.ROLLED, stage.roll)
    assert_kept(seen)
    assert all(client.cuts for client in seen.clients), "each client's pod was replaced"


@pytest.mark.long
@kept
def test_a_node_is_drained(stage: Stage) -> None:
    node = other_node(stage)
    options = ("--ignore-daemonsets", "--delete-emptydir-data", "--timeout=240s")
    try:
        seen = stage.watch(events.DRAINED, lambda: stage.kubectl("drain", node, *options, timeout=250))
    finally:
        stage.kubectl("uncordon", node)
        stage.roll()  # spreads the pods again
        stage.wait_whole()
    assert_kept(seen)


@pytest.mark.long
@kept
def test_a_node_is_killed(stage: Stage) -> None:
    node = other_node(stage)

    def given_up() -> bool:
        return stage.router.traefik.servers(stage.target.host).isdisjoint(gone)

    gone = {pod.address for pod in stage.pods if pod.node == node}
    assert gone, "a pod runs there"

    def kill() -> None:
        with harm.killed_node(node):
            wait_for(given_up, GIVEN_UP_SECONDS, f"the router to send nothing to {node}")

    seen = stage.watch(events.NODE_KILLED, kill)
    assert seen.sums().cut > 0, "somebody's node was killed"
    assert_kept_as_far_as_stored(seen)


# --- Redis


@kept
def test_redis_is_killed(stage: Stage) -> None:
    seen = stage.watch(events.REDIS_KILLED, lambda: stage.kill(stage.redis(), "redis"))
    assert_nobody_cut(seen)
    assert_kept(seen)


@pytest.mark.long
@kept
def test_redis_is_frozen(stage: Stage) -> None:
    pid = harm.first_process(stage.kubectl, stage.redis(), "redis")
    seen = stage.watch(events.REDIS_FROZEN, lambda: harm.freeze(pid, FROZEN_SECONDS))
    assert_nobody_cut(seen)
    assert_kept(seen)


@pytest.mark.long
@kept
def test_the_pod_of_redis_is_deleted(stage: Stage) -> None:
    assert_nobody_cut(stage.watch(events.REDIS_DELETED, lambda: stage.delete(stage.redis())))


@pytest.mark.long
@stored
def test_the_pod_of_redis_is_deleted_and_its_data_stays(stage: Stage) -> None:
    seen = stage.watch(events.REDIS_DELETED_STORED, lambda: stage.delete(stage.redis()))
    assert_nobody_cut(seen)
    assert_kept(seen)


@pytest.mark.long
@kept
def test_the_image_of_redis_is_not_to_be_had(stage: Stage) -> None:
    def delete() -> None:
        with harm.image_away(stage.kubectl, "redis", "registry.local/redis:7"):
            stage.delete(stage.redis())
            harm.wait(AWAY_SECONDS)

    assert_nobody_cut(stage.watch(events.REDIS_UNPULLABLE, delete))


# --- routers


@pytest.mark.long
@kept
def test_the_router_is_restarted(stage: Stage) -> None:
    def restart() -> None:
        stage.router.stop()
        stage.router.start()

    seen = stage.watch(events.ROUTER_RESTARTED, restart)
    assert seen.sums().cut > 0, "the router held all connections"
    assert_kept(seen)


@anywhere
def test_without_affinity_nobody_notices(stage: Stage) -> None:
    seen = stage.watch(events.NO_AFFINITY, lambda: stage.crowd.wait_numbers(100))
    assert_nobody_cut(seen)
    assert_kept(seen)


@anywhere
@pytest.mark.parametrize("mode", ["polling", "upgrade"])
def test_without_affinity_requests_find_their_session(stage: Stage, mode: Mode) -> None:
    """Each request of these clients is a connection of its own. The control is in test_traffic.py."""
    result, _ = swarm(stage.target, mode)
    assert result.sticky == len(SOURCES), result.faults
    assert sorted(result.pods) == sorted(pod.name for pod in stage.pods), "every pod has some"


@anywhere
def test_without_affinity_a_pod_is_deleted(stage: Stage) -> None:
    assert_kept(stage.watch(events.NO_AFFINITY_DELETED, lambda: stage.delete(stage.pods[0].name)))


# --- controls


@alone
def test_without_the_mirror_a_killed_process_takes_its_sessions_along(stage: Stage) -> None:
    seen = killed(stage, BOTH)
    assert seen.fresh >= seen.cut > 0


@alone
def test_without_forwarding_polling_clients_suffer_when_a_pod_is_deleted(stage: Stage) -> None:
    event = control(events.DELETED, BOTH)
    assert_polling_suffers(stage.watch(event, lambda: stage.delete(stage.pods[0].name), SETTLE_OF_CONTROLS))


@pytest.mark.long
@unforwarded
def test_without_forwarding_a_rolling_restart_cuts_polling_clients_more_than_once(stage: Stage) -> None:
    seen = stage.watch(control(events.ROLLED, "forwarding"), stage.roll, SETTLE_OF_CONTROLS)
    assert_polling_is_cut(seen, seen.sums("polling").clients * 5 // 4)


@pytest.mark.long
@unforwarded
def test_without_forwarding_more_pods_cut_polling_clients(stage: Stage) -> None:
    event = control(events.SCALED_UP, "forwarding")
    assert_polling_is_cut(stage.watch(event, lambda: stage.scale(5), SETTLE_OF_CONTROLS), 0)


@pytest.mark.long
@unmirrored
def test_without_the_mirror_alone_a_killed_process_takes_its_sessions_along(stage: Stage) -> None:
    seen = killed(stage, "mirror")
    assert seen.fresh >= seen.cut > 0


@pytest.mark.long
@forgetful
def test_without_recovery_sessions_are_new(stage: Stage) -> None:
    seen = stage.watch(events.WITHOUT_RECOVERY, lambda: stage.delete(stage.pods[0].name), SETTLE_OF_CONTROLS)
    assert seen.sums().recovered == 0
    assert seen.sums().fresh >= seen.sums().cut > 0


def killed(stage: Stage, off: str) -> Sums:
    event = control(events.KILLED, off)
    return stage.watch(event, lambda: stage.kill(stage.pods[0].name, "server"), SETTLE_OF_CONTROLS).sums()


def other_node(stage: Stage) -> str:
    """A node with pods of the server and without Redis, whose end would be another event."""
    redis = stage.node_of(stage.redis())
    return next(pod.node for pod in stage.pods if pod.node != redis)
