"""What users of Deployments expect to set, where it belongs in ours."""

from typing import Any

import pytest

from socketio_operator.api import SocketIOCluster, validate
from socketio_operator.desired.kinds import WORKLOADS, Ref
from tests.unit.samples import LEAST, body, children, cluster

OURS = {
    "labelSelector": {
        "matchLabels": {"socketio-operator.dev/cluster": "chat", "socketio-operator.dev/component": "server"}
    },
    "matchLabelKeys": ["pod-template-hash"],
}


def deployment(**spec: Any) -> dict[str, Any]:
    assert validate(body({**LEAST, **spec})) == []
    found: dict[str, Any] = children(cluster(**spec))[Ref("Deployment", "chat")]["spec"]
    return found


def pod(**settings: Any) -> dict[str, Any]:
    found: dict[str, Any] = deployment(pod=settings)["template"]["spec"]
    return found


def test_a_rollouts_times() -> None:
    set_ones = {"minReadySeconds": 10, "revisionHistoryLimit": 2, "progressDeadlineSeconds": 600}
    assert set_ones.items() <= deployment(**set_ones).items()
    least = deployment()
    assert "minReadySeconds" not in least
    assert (least["revisionHistoryLimit"], least["progressDeadlineSeconds"]) == (5, 180)


@pytest.mark.parametrize("inject", ["node", "none"])
def test_patience_of_the_probes(inject: str) -> None:
    patience = {"startupSeconds": 30, "readinessFailures": 3, "livenessFailures": 9}
    (container,) = deployment(probes=patience, runtime={"inject": inject})["template"]["spec"]["containers"]
    probes = [container[name] for name in ("startupProbe", "readinessProbe", "livenessProbe")]
    assert [probe["failureThreshold"] for probe in probes] == [30, 3, 9]
    assert probes[0]["periodSeconds"] == 1, "the budget is in seconds"


def test_pods_are_spread_over_nodes_unless_the_user_says_otherwise() -> None:
    node = {"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway", **OURS}
    assert pod()["topologySpreadConstraints"] == [node]
    zone = {"topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "DoNotSchedule", "minDomains": 3}
    assert pod(topologySpreadConstraints=[zone])["topologySpreadConstraints"] == [{"maxSkew": 1, **zone, **OURS}]
    others = {"topologyKey": "rack", "labelSelector": {"matchLabels": {"team": "chat"}}}
    (found,) = pod(topologySpreadConstraints=[others])["topologySpreadConstraints"]
    assert found["labelSelector"] == others["labelSelector"]
    assert "matchLabelKeys" not in found
    assert "topologySpreadConstraints" not in pod(topologySpreadConstraints=[])


def test_names_and_who_schedules() -> None:
    settings = {
        "runtimeClassName": "gvisor",
        "schedulerName": "volcano",
        "dnsPolicy": "None",
        "dnsConfig": {"nameservers": ["10.0.0.53"], "options": [{"name": "ndots", "value": "2"}]},
        "hostAliases": [{"ip": "10.0.0.8", "hostnames": ["legacy.example"]}],
    }
    assert settings.items() <= pod(**settings).items()
    assert not settings.keys() & pod().keys()


def test_as_whom_the_pods_run() -> None:
    ours = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    assert pod()["securityContext"] == {**ours, "runAsUser": 1000}
    ids = {"runAsUser": 2001, "runAsGroup": 2002, "fsGroup": 2003, "supplementalGroups": [2004, 2005]}
    assert pod(securityContext=ids)["securityContext"] == {**ours, **ids}
    beside = pod(runAsUser=7, fsGroup=8, securityContext={"fsGroup": 9})
    assert beside["securityContext"] == {**ours, "runAsUser": 7, "fsGroup": 9}


def test_a_platform_may_choose_the_user_of_every_pod() -> None:
    routing = {"host": "chat.example.com", "router": "proxy"}
    for identity, named in (("platform", False), ("fixed", True)):
        of = cluster(routing=routing, pod={"securityContext": {"identity": identity}})
        contexts = [
            manifest["spec"]["template"]["spec"]["securityContext"]
            for manifest in children(of).values()
            if manifest["kind"] in WORKLOADS
        ]
        assert len(contexts) == 3
        assert all(context["runAsNonRoot"] for context in contexts)
        assert {"runAsUser" in context for context in contexts} == {named}
        assert any("fsGroup" in context or "runAsGroup" in context for context in contexts) == named


def test_an_apparmor_profile_that_restricted_allows_is_no_wrong_value() -> None:
    profiles = {f"container.apparmor.security.beta.kubernetes.io/{name}": "runtime/default" for name in ("server", "a")}
    found = deployment(pod={"annotations": profiles})["template"]["metadata"]["annotations"]
    assert profiles.items() <= found.items()


def test_a_read_only_root_leaves_tmp() -> None:
    read_only = {"readOnlyRootFilesystem": True}
    spec = pod(securityContext=read_only)
    (container,) = spec["containers"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert {"name": "socketio-runtime-scratch", "mountPath": "/tmp"} in container["volumeMounts"]
    assert {"name": "socketio-runtime-scratch", "emptyDir": {}} in spec["volumes"]
    own = {"volumes": [{"name": "mine", "emptyDir": {}}], "volumeMounts": [{"name": "mine", "mountPath": "/tmp/"}]}
    spec = deployment(pod={"securityContext": read_only}, **own)["template"]["spec"]
    assert "scratch" not in str(spec)
    assert "readOnlyRootFilesystem" not in pod()["containers"][0]["securityContext"]


def test_time_to_end() -> None:
    assert pod()["terminationGracePeriodSeconds"] == 45
    assert pod(terminationGracePeriodSeconds=300)["terminationGracePeriodSeconds"] == 300
    shortest = {**LEAST, "pod": {"terminationGracePeriodSeconds": 45}}
    assert validate(body(shortest)) == [], "what is ours by default is not refused"
    long = cluster(runtime={"drainSeconds": 600})
    assert grace(long) == 625


def test_resources_of_the_runtimes_container() -> None:
    def asked(**runtime: Any) -> Any:
        (container,) = deployment(runtime=runtime)["template"]["spec"]["initContainers"]
        return container["resources"]

    assert asked(resources={"limits": {"cpu": "0.1", "memory": "64Mi"}}) == {
        "limits": {"cpu": "100m", "memory": "64Mi"}
    }
    assert asked() == {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "64Mi"}}


def grace(of: SocketIOCluster) -> int:
    seconds: int = children(of)[Ref("Deployment", "chat")]["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
    return seconds


def test_a_file_with_an_amount_of_resources_is_of_the_server() -> None:
    item = {"path": "cpu", "resourceFieldRef": {"resource": "requests.cpu"}}
    volume = {"name": "about", "projected": {"sources": [{"downwardAPI": {"items": [item]}}]}}
    volumes = deployment(volumes=[volume])["template"]["spec"]["volumes"]
    (written,) = (one for one in volumes if one["name"] == "about")
    (found,) = written["projected"]["sources"][0]["downwardAPI"]["items"]
    assert found["resourceFieldRef"] == {"resource": "requests.cpu", "containerName": "server"}
