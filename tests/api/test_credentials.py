"""An external broker's changed credentials: told, and rolled out where that is asked for."""

import base64
import json
import time
from typing import Any

import pytest

from tests.api.conftest import Apply
from tests.api.test_problems import condition
from tests.api.test_reconcile import children
from tests.cluster.kubectl import Kubectl
from tests.cluster.plugin import WaitFor

pytestmark = [pytest.mark.api, pytest.mark.usefixtures("operator")]


def set_url(kubectl: Kubectl, password: str) -> None:
    encoded = base64.b64encode(f"redis://:{password}@broker.invalid:6379".encode()).decode()
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "shared"}, "data": {"url": encoded}}
    kubectl.apply(secret)


def adapter(**external: Any) -> dict[str, Any]:
    return {"broker": "external", "external": {"secretName": "shared", **external}}


def generation(kubectl: Kubectl) -> int:
    found: int = children(kubectl)["Deployment/chat"]["metadata"]["generation"]
    return found


def is_stale(kubectl: Kubectl) -> bool:
    return condition(kubectl, "CredentialsStale").get("status") == "True"


def test_changed_credentials_are_told_until_the_pods_restart(apply: Apply, kubectl: Kubectl, wait_for: WaitFor) -> None:
    set_url(kubectl, "first")
    apply(replicas=0, adapter=adapter())
    wait_for(lambda: "Deployment/chat" in children(kubectl), 15, "the Deployment")
    wait_for(lambda: condition(kubectl, "Ready"), 15, "a status")
    assert not is_stale(kubectl)
    set_url(kubectl, "second")
    wait_for(lambda: is_stale(kubectl), 15, "CredentialsStale")
    assert "second" not in kubectl("get", "sio,deployments,events", "-o", "yaml")
    template = children(kubectl)["Deployment/chat"]["spec"]["template"]
    time.sleep(4)  # longer than a resync
    assert children(kubectl)["Deployment/chat"]["spec"]["template"] == template, "nobody asked for a restart"
    kubectl("rollout", "restart", "deployment/chat")
    wait_for(lambda: not is_stale(kubectl), 15, "no more stale credentials")


def test_they_are_rolled_out_where_that_is_asked_for(apply: Apply, kubectl: Kubectl, wait_for: WaitFor) -> None:
    set_url(kubectl, "first")
    apply(replicas=0, adapter=adapter())
    wait_for(lambda: "Deployment/chat" in children(kubectl), 15, "the Deployment")
    before = generation(kubectl)
    apply(replicas=0, adapter=adapter(restartOnChange=True))
    time.sleep(4)  # longer than a resync
    assert generation(kubectl) == before, "to ask for it restarts nothing"
    set_url(kubectl, "second")
    wait_for(lambda: generation(kubectl) > before, 15, "a rollout")
    cause = json.dumps(children(kubectl)["Deployment/chat"]["metadata"]["annotations"])
    assert "credentials of the broker changed" in cause
    assert not is_stale(kubectl)
