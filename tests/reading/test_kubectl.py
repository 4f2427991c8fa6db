"""`kubectl wait` in each state, and the patch of Argo CD's settings, on a real API server."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import yaml

from tests.cluster.errors import KubectlError
from tests.cluster.kubectl import Kubectl
from tests.reading.argo_cd import ACTIONS, ACTIONS_KEY, KEY
from tests.reading.conftest import cluster_name, report
from tests.reading.page import ENDS, WAITS, rows
from tests.reading.readers import ARGO_CD, HEALTH
from tests.reading.states import STATES, before, resource

pytestmark = [pytest.mark.api, pytest.mark.usefixtures("probed")]


@pytest.fixture(scope="module")
def waited(space: Kubectl) -> dict[str, str]:
    """What `kubectl wait` does in each state: ENDS or WAITS."""
    space.apply(*(before(name, cluster_name(name)) for name in STATES))

    def wait(name: str) -> str:
        report(space, cluster_name(name), resource(name))
        try:
            space("wait", "--for=condition=Ready", "--timeout=1s", f"sio/{cluster_name(name)}")
        except KubectlError as error:
            if "timed out waiting for the condition" not in str(error):
                raise
            return WAITS
        return ENDS

    with ThreadPoolExecutor(4) as pool:
        return dict(zip(STATES, pool.map(wait, STATES), strict=True))


@pytest.mark.parametrize("name", STATES)
def test_the_page_says_whether_kubectl_waits(waited: dict[str, str], name: str) -> None:
    assert waited[name] == rows()[name].kubectl


def test_a_cluster_begins_as_just_applied(kubectl: Kubectl) -> None:
    kubectl.apply(before("just applied"))
    assert kubectl.json("get", "sio", "chat")["status"] == resource("just applied")["status"]


def test_the_patch_leaves_other_settings_of_argo_cd(kubectl: Kubectl) -> None:
    kubectl("create", "configmap", "argocd-cm", "--from-literal=url=https://argocd.example.com")
    kubectl("patch", "configmap", "argocd-cm", f"--patch-file={ARGO_CD / 'argocd-cm.yaml'}")
    settings = kubectl.json("get", "configmap", "argocd-cm")["data"]
    actions = yaml.safe_load(settings.pop(ACTIONS_KEY))
    assert actions["discovery.lua"] == (ACTIONS / "discovery.lua").read_text(encoding="utf-8")
    assert {one["name"]: one["action.lua"] for one in actions["definitions"]} == {
        path.parent.name: path.read_text(encoding="utf-8") for path in ACTIONS.glob("*/action.lua")
    }
    assert settings == {"url": "https://argocd.example.com", KEY: HEALTH.read_text(encoding="utf-8")}
