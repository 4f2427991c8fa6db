"""What clients of a proxy that the operator runs go through when pods, those of the proxy included, come and go.

The figures are kept in build/continuity; `python -m tests.traffic.continuity` makes the table of them.
"""

from collections.abc import Iterator

import pytest

from socketio_operator.desired.proxy.programs import PROGRAMS
from tests.cluster.kubectl import Kubectl
from tests.installation import NAME
from tests.traffic.continuity import events
from tests.traffic.continuity.expectations import assert_kept
from tests.traffic.continuity.stage import Setup, Stage, staged

pytestmark = [pytest.mark.node, pytest.mark.usefixtures("operator", "probed")]

AWAY_SECONDS = 60
NUMBERS_A_SECOND = 10  # two each 200 ms
SETUPS = [
    Setup(f"{program}-{affinity}".lower(), affinity=affinity, proxy=program)
    for program in PROGRAMS
    for affinity in ("clientIP", "cookie", "none")
]
# The others take minutes.
USUAL = {"haproxy-cookie"}


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(setup, id=str(setup), marks=[] if str(setup) in USUAL else pytest.mark.long) for setup in SETUPS
    ],
)
def stage(
    space: Kubectl, proxy_images: None, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    """A cluster with its proxy and 120 clients."""
    with staged(space, tmp_path_factory.mktemp(str(request.param)), request.param) as stage:
        yield stage


@pytest.mark.long
def test_scaled_up_and_down(stage: Stage) -> None:
    try:
        assert_kept(stage.watch(events.proxied(events.ONE_MORE, stage.name), lambda: stage.scale(4)))
        # Kubernetes takes the youngest pod, to which nobody has moved.
        assert_kept(stage.watch(events.proxied(events.ONE_LESS, stage.name), lambda: stage.scale(3)))
    finally:
        stage.scale(3)
        stage.wait_whole()


def test_a_rolling_restart(stage: Stage) -> None:
    seen = stage.watch(events.proxied(events.ROLLED, stage.name), stage.roll)
    assert_kept(seen)
    assert all(client.cuts for client in seen.clients), "each client's pod was replaced"


def test_a_pod_of_the_proxy_is_killed(stage: Stage) -> None:
    seen = stage.watch(
        events.proxied(events.PROXY_KILLED, stage.name), lambda: stage.kill(stage.proxy_pods()[0], "proxy")
    )
    assert seen.sums().cut > 0, "somebody's connection went through it"
    assert_kept(seen)


@pytest.mark.long
def test_the_proxy_is_rolled(stage: Stage) -> None:
    def roll() -> None:
        (workload,) = {pod.rsplit("-", 2)[0] for pod in stage.proxy_pods()}
        stage.roll(workload)

    seen = stage.watch(events.proxied(events.PROXY_ROLLED, stage.name), roll)
    assert seen.sums().cut > 0, "each pod of the proxy was replaced"
    assert_kept(seen)


@pytest.mark.long
def test_pods_change_while_the_operator_is_away(stage: Stage, operator: Kubectl) -> None:
    def away() -> None:
        operator("scale", f"deployment/{NAME}", "--replicas=0")
        operator(
            "wait", "--for=delete", "pod", "-l", "app.kubernetes.io/component=operator", "--timeout=60s", timeout=70
        )
        stage.delete(stage.pods[0].name)
        stage.crowd.wait_numbers(AWAY_SECONDS * NUMBERS_A_SECOND)
        operator("scale", f"deployment/{NAME}", "--replicas=1")
        operator("rollout", "status", f"deployment/{NAME}", "--timeout=90s", timeout=100)

    assert_kept(stage.watch(events.proxied(events.OPERATOR_AWAY, stage.name), away))
