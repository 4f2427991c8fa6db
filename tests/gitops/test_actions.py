"""The actions of gitops/argo-cd: their cases in Argo CD's own Lua, and run by its API server on a live cluster."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from socketio_operator.api import GROUP, KIND
from tests.cluster.waiting import wait_for
from tests.gitops.applications import Delivered
from tests.gitops.argo_cd import PATCH, ArgoCD
from tests.gitops.programs import argo_cd_programs
from tests.gitops.team import Team
from tests.reading.argo_cd import ACTIONS, RESTARTED

pytestmark = pytest.mark.long

CASES = yaml.safe_load((ACTIONS / "action_test.yaml").read_text(encoding="utf-8"))
# In the place of `diff`, which gets the objects before and after: only the latter.
SHOW_AFTER = "sh -c 'cat \"$1\"'"


def offline(command: str, *arguments: str) -> str:
    """`argocd admin`, which needs no cluster."""
    patch = yaml.safe_load(PATCH.read_text(encoding="utf-8"))
    assert patch["metadata"]["name"] == "argocd-cm"
    done = subprocess.run(
        [
            str(argo_cd_programs() / "argocd"),
            *("admin", "settings", "resource-overrides", command, *arguments, f"--argocd-cm-path={PATCH}"),
        ],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "KUBECTL_EXTERNAL_DIFF": SHOW_AFTER},
    )
    return done.stdout


@pytest.mark.parametrize("case", CASES["discoveryTests"], ids=lambda case: Path(case["inputPath"]).stem)
def test_which_actions_are_offered(case: dict[str, Any]) -> None:
    listed = offline("list-actions", str(ACTIONS / case["inputPath"])).splitlines()[1:]
    offered = {name: disabled == "true" for name, disabled in map(str.split, listed)}
    assert offered == {one["name"]: one["disabled"] for one in case["result"]}


@pytest.mark.parametrize("case", CASES["actionTests"], ids=lambda case: str(case["action"]))
def test_what_an_action_changes(case: dict[str, Any]) -> None:
    said = offline("run-action", str(ACTIONS / case["inputPath"]), case["action"])
    after = yaml.safe_load(said.partition("\n\n")[2])
    wanted = yaml.safe_load((ACTIONS / case["expectedOutputPath"]).read_text(encoding="utf-8"))
    annotations = after["spec"].get("pod", {}).get("annotations", {})
    if RESTARTED in annotations:
        annotations[RESTARTED] = wanted["spec"]["pod"]["annotations"][RESTARTED]
    assert after == wanted


def run(argo: ArgoCD, chat: Delivered, action: str) -> None:
    argo("app", "actions", "run", chat.name, action, f"--group={GROUP}", f"--kind={KIND}", "--resource-name=chat")


@pytest.mark.node
def test_restart_replaces_the_pods_once(argo: ArgoCD, team: Team, chat: Delivered) -> None:
    before, operation = team.pods(), chat.seen().operation
    run(argo, chat, "restart")
    chat.wait("Synced", "Progressing", 30)
    chat.wait("Synced", "Healthy", 120)
    after = team.pods()
    assert not before.keys() & after.keys()
    assert chat.others_than("Synced", "Healthy", 30) == []
    assert chat.seen().operation == operation, "Argo CD took it back"
    assert team.pods() == after


@pytest.mark.node
def test_pause_and_resume(argo: ArgoCD, team: Team, chat: Delivered) -> None:
    operation = chat.seen().operation
    run(argo, chat, "pause")
    chat.wait("Synced", "Suspended", 30)
    assert chat.others_than("Synced", "Suspended", 30) == []
    run(argo, chat, "resume")
    chat.wait("Synced", "Healthy", 30)
    assert chat.seen().operation == operation, "Argo CD took it back"
    # What it would look like: Git says otherwise.
    chat.wait("Synced", "Healthy", 60, team.write(paused=False))
    operation = chat.seen().operation
    run(argo, chat, "pause")
    wait_for(lambda: chat.seen().operation != operation, 60, "Argo CD to take it back")
    chat.wait("Synced", "Healthy", 60)
    assert not team.live()["spec"]["paused"]
