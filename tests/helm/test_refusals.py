"""Values that the chart's schema refuses, with Helm 3 and Helm 4, by the name of what is wrong."""

from typing import Any

import pytest

from tests.helm.test_values import rendered
from tests.helm.tool import Helm, HelmError


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"replicas": 2}, "replicas"),
        ({"replicaCount": 2}, "replicaCount"),
        ({"updateStrategy": {"type": "RollingUpdate"}}, "updateStrategy"),
        ({"image": {"tag": 1}}, "tag"),
        ({"image": {"repository": "registry.example/operator:1"}}, "repository"),
        ({"image": {"registry": "https://registry.example"}}, "registry"),
        ({"image": {"digest": "sha256:12"}}, "digest"),
        ({"defaultImages": {"redis": "redis 8"}}, "redis"),
        ({"defaultImages": {"valkey": "valkey:9"}}, "valkey"),
        ({"defaultImages": {"nginx": {"image": "nginx"}}}, "nginx"),
        ({"imagePullSecrets": ["registry"]}, "imagePullSecrets"),
        ({"watchNamespaces": "team"}, "watchNamespaces"),
        ({"watchNamespaces": ["Team_A"]}, "watchNamespaces"),
        ({"commonLabels": {"app.kubernetes.io/name": "mine"}}, "commonLabels"),
        ({"podLabels": {"app.kubernetes.io/instance": "mine"}}, "podLabels"),
        ({"commonLabels": {"team": 7}}, "commonLabels"),
        ({"extraEnv": [{"name": "LOGNAME", "value": "me"}]}, "extraEnv"),
        ({"extraEnv": [{"name": "RELATED_IMAGE_REDIS", "value": "redis"}]}, "extraEnv"),
        ({"extraArgs": "--workers=3"}, "extraArgs"),
        ({"extraVolumeMounts": [{"name": "certificates"}]}, "extraVolumeMounts"),
        ({"resources": {"limit": {"memory": "1Gi"}}}, "resources"),
        ({"resources": {"limits": {"memory": "1 GB"}}}, "memory"),
        ({"podSecurityContext": {"runAsuser": 1}}, "podSecurityContext"),
        ({"tolerations": [{"effect": "Never"}]}, "tolerations"),
        ({"topologySpreadConstraints": [{"maxSkew": 0}]}, "topologySpreadConstraints"),
        ({"podDisruptionBudget": {"minAvailable": 1, "maxUnavailable": 1}}, "podDisruptionBudget"),
        ({"networkPolicy": {"ingress": [{"to": []}]}}, "networkPolicy"),
        ({"serviceMonitor": {"interval": "30 s"}}, "interval"),
        ({"serviceMonitor": {"labels": {"app.kubernetes.io/instance": "mine"}}}, "labels"),
        ({"podMonitor": {"port": 8080}}, "port"),
        (
            {"serviceMonitor": {"enabled": True}, "podMonitor": {"enabled": True}},
            "serviceMonitor or podMonitor, not both",
        ),
        ({"logLevel": "verbose"}, "logLevel"),
        ({"logFormat": "xml"}, "logFormat"),
        ({"resync": 0}, "resync"),
    ],
    ids=str,
)
def test_wrong_values_are_refused(helm: Helm, wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(HelmError, match=said):
        rendered(helm, wrong)
