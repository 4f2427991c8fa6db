"""Pods in which no runtime answers: asked at the app's own port once it listens, and no sooner."""

from dataclasses import replace
from typing import Any

import pytest

from socketio_operator.desired.inputs import Images
from socketio_operator.desired.kinds import Ref
from socketio_operator.desired.metadata import CAUSE_ANNOTATION
from socketio_operator.plan.actions import Decision
from socketio_operator.plan.conditions import conditions
from socketio_operator.plan.runtime import NO_SERVER, SILENT, RuntimeReport
from tests.unit.samples import INPUTS, as_stored, cluster, picture
from tests.unit.test_plan import SERVER, applies, decided, world

OF_RUNTIME = {"httpGet": {"path": "/readyz", "port": "runtime"}}
OF_APP = {"tcpSocket": {"port": "http"}}
NOBODY_READY = {"readyReplicas": 0}


def pod(name: str, template: str = "new", ready: bool = False, created: int = 10, probe: Any = OF_RUNTIME) -> Any:
    labels = {"socketio-operator.dev/component": "server", "pod-template-hash": template}
    return {
        "metadata": {"name": name, "labels": labels, "creationTimestamp": f"2026-01-01T00:00:{created}Z"},
        "spec": {"containers": [{"name": "server", "readinessProbe": probe}]},
        "status": {
            "conditions": [{"type": "Ready", "status": str(ready)}],
            "containerStatuses": [{"name": "server", "started": True}],
        },
    }


def silent(*pods: str) -> tuple[RuntimeReport, ...]:
    return tuple(RuntimeReport(name, SILENT, serves=True) for name in pods)


def probed(manifest: dict[str, Any]) -> dict[str, str]:
    """Probe -> how it asks."""
    server = manifest["spec"]["template"]["spec"]["containers"][0]
    how = {name: {"httpGet", "tcpSocket"} & set(probe) for name, probe in server.items() if name.endswith("Probe")}
    return {name: way for name, ways in how.items() for way in ways}


def fallen(live: dict[Ref, Any], **changes: Any) -> dict[Ref, Any]:
    """`live` after the operator has seen that no runtime answers."""
    of = cluster(**changes)
    (action,) = applies(decided(of, live, pods=(pod("chat-0"),), runtimes=silent("chat-0")))
    stored = {**as_stored(action.manifest, uid=live[SERVER]["metadata"]["uid"]), "status": live[SERVER]["status"]}
    return {**live, SERVER: stored}


def test_where_no_runtime_answers_but_the_app_listens_its_own_port_is_asked() -> None:
    of = cluster()
    (action,) = applies(decided(of, world(of, **NOBODY_READY), pods=(pod("chat-0"),), runtimes=silent("chat-0")))
    assert probed(action.manifest) == dict.fromkeys(("startupProbe", "readinessProbe", "livenessProbe"), "tcpSocket")
    assert action.restarts_pods
    why = "no runtime answers in the pods, so the app's own port is asked"
    assert action.reason == f"Rolling out Deployment chat: {why}"
    assert action.manifest["metadata"]["annotations"][CAUSE_ANNOTATION] == why


def test_the_apps_endpoint_is_asked_if_it_names_one() -> None:
    of = cluster(health={"path": "/healthy"})
    (action,) = applies(decided(of, world(of, **NOBODY_READY), pods=(pod("chat-0"),), runtimes=silent("chat-0")))
    server = action.manifest["spec"]["template"]["spec"]["containers"][0]
    assert server["readinessProbe"]["httpGet"] == {"path": "/healthy", "port": "http"}


@pytest.mark.parametrize(
    ("what", "pods", "reports"),
    [
        ("no app listens", (pod("chat-0"),), (RuntimeReport("chat-0", SILENT),)),
        ("a pod of the template is ready", (pod("chat-0"), pod("chat-1", ready=True)), silent("chat-0")),
        (
            "in a pod of the template it answers",
            (pod("chat-0"), pod("chat-1")),
            (*silent("chat-0"), RuntimeReport("chat-1", "runtime", "4.8.1")),
        ),
        (
            "the silent pod is of an earlier template",
            (pod("chat-0", "old"), pod("chat-1", created=20)),
            silent("chat-0"),
        ),
        ("nobody is asked any more", (), silent("chat-0")),
    ],
)
def test_else_the_runtime_is_asked(what: str, pods: tuple[Any, ...], reports: tuple[RuntimeReport, ...]) -> None:
    of = cluster()
    assert decided(of, world(of, **NOBODY_READY), pods=pods, runtimes=reports) == Decision(), what


@pytest.mark.parametrize("status", [{"observedGeneration": 0}, {"updatedReplicas": 0}])
def test_a_template_that_no_pod_has_yet_is_not_judged(status: dict[str, int]) -> None:
    of = cluster()
    live = world(of, **NOBODY_READY, **status)
    live[SERVER]["metadata"]["generation"] = 1
    assert decided(of, live, pods=(pod("chat-0"),), runtimes=silent("chat-0")) == Decision()


def test_old_pods_that_serve_do_not_keep_the_new_ones_from_it() -> None:
    of = cluster()
    pods = (pod("old-0", "old", ready=True), pod("chat-0", created=20))
    reports = (RuntimeReport("old-0", "runtime", "4.8.1"), *silent("chat-0"))
    (action,) = applies(decided(of, world(of, updatedReplicas=1), pods=pods, runtimes=reports))
    assert probed(action.manifest)["readinessProbe"] == "tcpSocket"


def test_it_stays_so_and_restarts_nothing_more() -> None:
    of = cluster()
    live = fallen(world(of, **NOBODY_READY))
    assert decided(of, live) == Decision()
    ready = (pod("chat-0", ready=True, probe=OF_APP),)
    assert decided(of, live, pods=ready, runtimes=silent("chat-0")) == Decision()
    newer = replace(INPUTS, images=Images(runtime_node="registry.example/runtime:2"))
    assert decided(of, live, newer) == Decision(), "nor does an upgrade of the operator"
    scaled = cluster(replicas=5)
    (action,) = applies(decided(scaled, live))
    assert (action.restarts_pods, probed(action.manifest)["readinessProbe"]) == (False, "tcpSocket")


def test_with_another_image_the_runtime_is_asked_again() -> None:
    live = fallen(world(cluster(), **NOBODY_READY))
    (action,) = applies(decided(cluster(image="registry.example/chat:2"), live))
    assert probed(action.manifest)["readinessProbe"] == "httpGet"
    assert action.reason.startswith("Rolling out Deployment chat: image registry.example/")


@pytest.mark.parametrize("report", [*silent("chat-0"), RuntimeReport("chat-0", NO_SERVER)])
def test_it_is_told_and_nothing_stalls(report: RuntimeReport) -> None:
    of = cluster()
    found = {item.type: item for item in conditions(of, Decision(), picture(world(of), runtimes=(report,)))}
    assert (found["AdapterInjected"].status, found["AdapterInjected"].reason) == (
        False,
        "RuntimeSilent" if report.serves else "NoServer",
    )
    assert found["Ready"].status
    assert "Stalled" not in found
