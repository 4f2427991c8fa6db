"""What the chart makes of its values, with Helm 3 and Helm 4; no cluster is asked."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

import pytest
import yaml

from tests.helm.tool import CHART, HELM_VERSIONS, NO_CLUSTER, Helm, helm_binary
from tests.installation import NAMESPACE
from tests.render_install import manifests

DIGEST = f"sha256:{'0123456789abcdef' * 4}"
SELECTOR = {"app.kubernetes.io/name": "socketio-operator", "app.kubernetes.io/component": "operator"}
EVERYTHING: dict[str, Any] = {
    "global": {"imageRegistry": "mirror.example:5000/hub"},
    "image": {"digest": DIGEST},
    "imagePullSecrets": [{"name": "registry"}],
    "commonLabels": {"team": "chat", "cost-centre": "7"},
    "podLabels": {"team": "operators"},
    "podAnnotations": {"example.com/note": "yes"},
    "resources": {"requests": {"cpu": 1, "memory": "1Gi"}, "limits": {"memory": "1Gi"}},
    "nodeSelector": {"kubernetes.io/os": "linux"},
    "tolerations": [{"key": "control-plane", "operator": "Exists", "effect": "NoSchedule"}],
    "affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}},
    "topologySpreadConstraints": [
        {"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway"}
    ],
    "priorityClassName": "system-cluster-critical",
    "extraEnv": [{"name": "HTTPS_PROXY", "value": "http://proxy.example:3128"}],
    "extraArgs": ["--workers=3"],
    "extraVolumes": [{"name": "certificates", "configMap": {"name": "certificates", "optional": True}}],
    "extraVolumeMounts": [{"name": "certificates", "mountPath": "/certificates", "readOnly": True}],
    "serviceAccount": {"annotations": {"example.com/role": "operator"}, "automount": False},
    "rbac": {"aggregate": {"view": True, "edit": True, "admin": True}},
    "podDisruptionBudget": {"enabled": True, "minAvailable": "50%"},
    "networkPolicy": {"enabled": True, "egress": [{"ports": [{"port": 6443, "protocol": "TCP"}]}]},
    "serviceMonitor": {
        "enabled": True,
        "labels": {"release": "prometheus"},
        "annotations": {"example.com/note": "yes"},
        "interval": "1m30s",
        "scrapeTimeout": "20s",
        "relabelings": [{"targetLabel": "cluster", "replacement": "west"}],
        "metricRelabelings": [{"sourceLabels": ["__name__"], "regex": "python_.*", "action": "drop"}],
    },
    "logLevel": "debug",
    "logFormat": "json",
}
MATRIX: dict[str, dict[str, Any]] = {
    "defaults": {},
    "everything": EVERYTHING,
    "namespaces": {"watchNamespaces": ["team-a", "team-b"], "crds": {"enabled": False}},
    "namespaces, aggregated": {"watchNamespaces": ["team-a"], "rbac": {"aggregate": {"view": True}}},
    "rights by others": {"rbac": {"create": False}, "serviceAccount": {"create": False, "name": "brought"}},
    "stopped": {"replicaCount": 0, "crds": {"keep": False}},
    "no policy of resources and ids": {"resources": None, "podSecurityContext": {"runAsUser": None}},
    "named": {"fullnameOverride": "sockets"},
    "budget by the chart": {"podDisruptionBudget": {"enabled": True}},
    "policy closed": {"networkPolicy": {"enabled": True}},
    "monitored by pod": {"podMonitor": {"enabled": True}, "nameOverride": "sockets"},
    "with a test": {"test": {"image": "registry.example/chat:1.4"}, "commonLabels": {"team": "chat"}},
}


def elsewhere(helm: Helm, namespace: str) -> Helm:
    return Helm(helm.binary, NO_CLUSTER, namespace)


def rendered(helm: Helm, values: dict[str, Any], release: str = "sio") -> list[dict[str, Any]]:
    return helm.template(yaml.safe_dump(values), release=release)


def only(objects: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    (found,) = (one for one in objects if one["kind"] == kind)
    return found


def container(objects: list[dict[str, Any]]) -> dict[str, Any]:
    (found,) = only(objects, "Deployment")["spec"]["template"]["spec"]["containers"]
    made: dict[str, Any] = found
    return made


def images(objects: list[dict[str, Any]]) -> dict[str, str]:
    made = container(objects)
    related = {one["name"]: one["value"] for one in made["env"] if one["name"].startswith("RELATED_IMAGE_")}
    return {"operator": made["image"], **related}


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from chain.from_iterable(map(texts, value.values()))
    elif isinstance(value, list):
        yield from chain.from_iterable(map(texts, value))
    elif isinstance(value, str):
        yield value


def test_the_manifests_are_the_chart(helm: Helm) -> None:
    made = manifests(helm.binary)
    assert made == {path: path.read_text(encoding="utf-8") for path in made}, "run `make generate`"


@pytest.mark.parametrize("values", MATRIX.values(), ids=MATRIX)
def test_values_that_users_may_give_lint_and_render(helm: Helm, values: dict[str, Any]) -> None:
    text = yaml.safe_dump(values)
    helm("lint", str(CHART), "--strict", "-f", "-", input=text)
    made = helm.template(text)
    assert made == helm.template(text), "not a function of its values"
    assert only(made, "Deployment")["spec"]["selector"]["matchLabels"] == SELECTOR, "a selector is fixed for ever"
    names = [(one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]) for one in made]
    assert len(names) == len(set(names))
    assert [text for text in texts(made) if "<no value>" in text or "%!" in text] == []


def test_both_versions_of_helm_make_the_same() -> None:
    three, four = (Helm(helm_binary(major), NO_CLUSTER, NAMESPACE) for major in sorted(HELM_VERSIONS))
    ordered = [sorted(map(str, rendered(one, EVERYTHING))) for one in (three, four)]
    assert ordered[0] == ordered[1]


def test_every_image_can_come_from_a_registry_of_ones_own(helm: Helm) -> None:
    plain, mirrored = (
        images(rendered(helm, {})),
        images(rendered(helm, {"global": {"imageRegistry": "mirror.example"}})),
    )
    assert mirrored == {name: f"mirror.example/{image}" for name, image in plain.items()}
    assert len(mirrored) == 8
    arguments = " ".join(container(rendered(helm, {}))["args"])
    assert not [image for image in plain.values() if image in arguments], "an image where no tool looks for one"
    assert all(f"$({name})" in arguments for name in plain if name != "operator")


@pytest.mark.parametrize(
    ("given", "reference"),
    [
        ({"repository": "a/b", "tag": "1"}, "hub.example/a/b:1"),
        ({"registry": "own.example:5000", "repository": "a/b", "tag": "1"}, "own.example:5000/a/b:1"),
        ({"repository": "own.example/a/b", "tag": "1"}, "own.example/a/b:1"),
        ({"repository": "a/b", "tag": "1", "digest": DIGEST}, f"hub.example/a/b:1@{DIGEST}"),
        ({"repository": "a/b", "tag": "", "digest": DIGEST}, f"hub.example/a/b@{DIGEST}"),
        (f"own.example/redis@{DIGEST}", f"own.example/redis@{DIGEST}"),
        ("redis:8", "redis:8"),
    ],
)
def test_a_reference_is_made_of_its_parts(helm: Helm, given: Any, reference: str) -> None:
    made = rendered(helm, {"global": {"imageRegistry": "hub.example"}, "defaultImages": {"redis": given}})
    assert images(made)["RELATED_IMAGE_REDIS"] == reference


def test_labels_and_contexts_reach_the_pod(helm: Helm) -> None:
    made = rendered(helm, EVERYTHING)
    assert [one["kind"] for one in made if one["metadata"]["labels"].get("team") != "chat"] == []
    template = only(made, "Deployment")["spec"]["template"]
    assert template["metadata"]["labels"]["team"] == "operators", "the pod's own label counts"
    assert template["metadata"]["labels"]["cost-centre"] == "7"
    assert template["spec"]["automountServiceAccountToken"] is True
    assert only(made, "ServiceAccount")["automountServiceAccountToken"] is False
    (spread,) = template["spec"]["topologySpreadConstraints"]
    assert spread["labelSelector"]["matchLabels"] == {**SELECTOR, "app.kubernetes.io/instance": "sio"}
    for name in ("affinity", "tolerations", "nodeSelector", "priorityClassName", "imagePullSecrets"):
        assert template["spec"][name] == EVERYTHING[name]
    assert container(made)["args"][-1] == "--workers=3"


def test_a_platform_may_choose_the_ids(helm: Helm) -> None:
    made = rendered(helm, {"podSecurityContext": {"runAsUser": None}})
    context = only(made, "Deployment")["spec"]["template"]["spec"]["securityContext"]
    assert context == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}


def test_whom_the_operator_asks_beside_the_api_server_is_a_choice(helm: Helm) -> None:
    flags = {"--no-broker-probe", "--no-canary"}
    assert not flags & set(container(rendered(helm, {}))["args"])
    assert flags <= set(container(rendered(helm, {"brokerProbe": False, "canary": False}))["args"])


def test_a_test_is_made_where_the_operator_looks_and_is_no_operator(helm: Helm) -> None:
    values = {"test": {"image": "chat:1", "seconds": 30}, "watchNamespaces": ["team-a"], "commonLabels": {"team": "a"}}
    made = rendered(helm, values)
    sample, pod = only(made, "SocketIOCluster"), only(made, "Pod")
    assert {one["metadata"]["annotations"]["helm.sh/hook"] for one in (sample, pod)} == {"test"}
    assert (sample["metadata"]["namespace"], sample["spec"]["image"]) == ("team-a", "chat:1")
    url = f"http://{sample['metadata']['name']}.team-a.svc:3000/socket.io/"
    assert pod["spec"]["containers"][0]["args"] == ["handshake", url, "--timeout=30"]
    assert not SELECTOR.items() <= pod["metadata"]["labels"].items(), "the Deployment would take it for its own"
    assert not {"SocketIOCluster", "Pod"} & {one["kind"] for one in rendered(helm, {"watchNamespaces": ["team-a"]})}


def test_rights_end_at_the_watched_namespaces(helm: Helm) -> None:
    made = rendered(helm, {"watchNamespaces": ["team-a", "team-b"]})
    assert not {one["kind"] for one in made} & {"ClusterRole", "ClusterRoleBinding"}
    assert [one["metadata"]["namespace"] for one in made if one["kind"] == "Role"] == ["team-a", "team-b"]
    assert [arg for arg in container(made)["args"] if "namespace" in arg] == [
        "--namespace=team-a",
        "--namespace=team-b",
    ]


def test_releases_of_one_name_in_two_namespaces_share_nothing(helm: Helm) -> None:
    values = {**EVERYTHING, "crds": {"enabled": False}}
    one, other = (rendered(elsewhere(helm, namespace), values) for namespace in ("a", "b"))
    assert not identities(one) & identities(other)
    assert {name for kind, namespace, name in identities(one) if namespace is None} == {
        f"sio-socketio-operator:a{suffix}" for suffix in ("", ":view", ":edit")
    }


def test_two_releases_in_one_namespace_choose_their_own_pods(helm: Helm) -> None:
    one, other = (rendered(helm, EVERYTHING, release) for release in ("one", "other"))
    assert {entry for entry in identities(one) & identities(other) if entry[0] != "CustomResourceDefinition"} == set()
    labels = only(one, "Deployment")["spec"]["template"]["metadata"]["labels"]
    for kind, where in (("PodDisruptionBudget", "selector"), ("NetworkPolicy", "podSelector")):
        chosen = only(one, kind)["spec"][where]["matchLabels"].items()
        assert chosen <= labels.items(), "its own pod"
        assert not chosen <= only(other, "Deployment")["spec"]["template"]["metadata"]["labels"].items()


def identities(objects: list[dict[str, Any]]) -> set[tuple[str, str | None, str]]:
    """Kind, namespace and name of each object."""
    return {(one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]) for one in objects if one}


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({}, "sio-socketio-operator"),
        ({"nameOverride": "sockets"}, "sio-sockets"),
        ({"nameOverride": "io"}, "sio"),
        ({"fullnameOverride": "sockets"}, "sockets"),
    ],
)
def test_names_can_be_given(helm: Helm, values: dict[str, Any], name: str) -> None:
    made = rendered(helm, values)
    assert {one["metadata"]["name"] for one in made if one["kind"] != "CustomResourceDefinition"} == {name}
    assert only(made, "ClusterRoleBinding")["subjects"] == [
        {"kind": "ServiceAccount", "name": name, "namespace": NAMESPACE}
    ]


def test_names_of_digits_stay_text(helm: Helm) -> None:
    made = rendered(elsewhere(helm, "1234"), {"watchNamespaces": ["5678"], **EVERYTHING}, release="90")
    placed = {one["metadata"].get("namespace") for one in made}
    assert placed == {"1234", "5678", None}
    assert {one["metadata"]["labels"].get("app.kubernetes.io/instance") for one in made} == {"90", None}
    (binding,) = (one for one in made if one["kind"] == "RoleBinding")
    assert binding["subjects"][0]["namespace"] == "1234"


def test_a_serviceaccount_that_others_make_is_used(helm: Helm) -> None:
    made = rendered(helm, {"serviceAccount": {"create": False, "name": "brought"}})
    assert "ServiceAccount" not in {one["kind"] for one in made}
    assert only(made, "Deployment")["spec"]["template"]["spec"]["serviceAccountName"] == "brought"
    assert only(made, "ClusterRoleBinding")["subjects"][0]["name"] == "brought"


@pytest.mark.parametrize(
    ("budget", "made"),
    [
        ({}, {"maxUnavailable": 1}),
        ({"minAvailable": 0}, {"minAvailable": 0}),
        ({"maxUnavailable": "50%"}, {"maxUnavailable": "50%"}),
    ],
)
def test_a_budget_has_one_bound(helm: Helm, budget: dict[str, Any], made: dict[str, Any]) -> None:
    spec = only(rendered(helm, {"podDisruptionBudget": {"enabled": True, **budget}}), "PodDisruptionBudget")["spec"]
    assert {name: value for name, value in spec.items() if name != "selector"} == made


def test_a_monitor_finds_the_port_of_this_release(helm: Helm) -> None:
    made = rendered(helm, EVERYTHING)
    service, monitor, deployment = only(made, "Service"), only(made, "ServiceMonitor"), only(made, "Deployment")
    template = deployment["spec"]["template"]
    ours = SELECTOR | {"app.kubernetes.io/instance": "sio"}
    assert monitor["spec"]["selector"]["matchLabels"] == service["spec"]["selector"] == ours
    assert ours.items() <= service["metadata"]["labels"].items()
    assert ours.items() <= template["metadata"]["labels"].items()
    (port,) = service["spec"]["ports"]
    (listens,) = template["spec"]["containers"][0]["ports"]
    assert (port["targetPort"], port["port"]) == (listens["name"], listens["containerPort"])
    given = EVERYTHING["serviceMonitor"]
    settings = {name: given[name] for name in ("interval", "scrapeTimeout", "relabelings", "metricRelabelings")}
    scraped = {"port": port["name"], "path": "/metrics", "honorLabels": True, **settings}
    assert monitor["spec"]["endpoints"] == [scraped]
    assert monitor["metadata"]["labels"].items() > given["labels"].items()
    assert monitor["metadata"]["annotations"] == given["annotations"]

    by_pod = rendered(helm, {"podMonitor": EVERYTHING["serviceMonitor"]})
    assert [one for one in by_pod if one["kind"] in ("Service", "ServiceMonitor")] == []
    monitor = only(by_pod, "PodMonitor")
    assert monitor["spec"]["selector"]["matchLabels"] == ours
    assert monitor["spec"]["podMetricsEndpoints"] == [{**scraped, "port": listens["name"]}]
    assert [
        one["kind"] for one in rendered(helm, {}) if one["kind"] in ("Service", "ServiceMonitor", "PodMonitor")
    ] == []


def test_a_policy_lets_nobody_in_unless_asked_to(helm: Helm) -> None:
    closed = only(rendered(helm, {"networkPolicy": {"enabled": True}}), "NetworkPolicy")["spec"]
    assert closed["policyTypes"] == ["Ingress"]
    assert "ingress" not in closed, "server-side apply has no difference between an empty list and none"
    rules = {"ingress": [{"ports": [{"port": "health"}]}], "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}]}
    opened = only(rendered(helm, {"networkPolicy": {"enabled": True, **rules}}), "NetworkPolicy")["spec"]
    assert opened["policyTypes"] == ["Ingress", "Egress"]
    assert {name: opened[name] for name in rules} == rules


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "metadata: {name: chat}"),
        ({"watchNamespaces": ["team-a", "team-b"]}, "metadata: {name: chat, namespace: team-a}"),
        ({"replicaCount": 0}, "It is stopped"),
    ],
)
def test_the_notes_have_a_cluster_to_paste(values: dict[str, Any], said: str) -> None:
    """By Helm 4: Helm 3 has notes only where it reaches an API server."""
    four = Helm(helm_binary(4), NO_CLUSTER, NAMESPACE)
    options = ("--dry-run=client", "-f", "-")
    assert said in four("install", "sio", str(CHART), *options, input=yaml.safe_dump(values))
