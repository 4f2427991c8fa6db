"""gitops/argo-cd: the cases of its scripts as Argo CD's own tests take them, and the patch of argocd-cm."""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from textwrap import indent
from typing import Any

import yaml

from socketio_operator.api import GROUP, KIND
from tests.reading.readers import ARGO_CD, HEALTH, readings
from tests.reading.states import STATES, resource

KEY = f"resource.customizations.health.{GROUP}_{KIND}"
ACTIONS_KEY = f"resource.customizations.actions.{GROUP}_{KIND}"
FOLDER = HEALTH.parent
ACTIONS = FOLDER / "actions"
# What each action leads from and to, as files of testdata.
CASES = {
    "restart": ("serves", "serves_restarted"),
    "pause": ("serves", "serves_paused"),
    "resume": ("paused", "paused_resumed"),
}
RESTARTED = "kubectl.kubernetes.io/restartedAt"


def files() -> Iterator[tuple[Path, str]]:
    """What is written beside the scripts: path and text."""
    resources = {f"testdata/{_slug(name)}.yaml": resource(name) for name in STATES}
    for path, found in resources.items():
        yield FOLDER / path, yaml.safe_dump(found, sort_keys=False, width=120)
    healths = (dict(reading.health) for reading in readings(list(resources.values())))
    cases = [{"healthStatus": health, "inputPath": path} for path, health in zip(resources, healths, strict=True)]
    yield FOLDER / "health_test.yaml", yaml.safe_dump({"tests": cases}, sort_keys=False, width=120)
    for name, found in _of_actions().items():
        yield ACTIONS / f"testdata/{name}.yaml", yaml.safe_dump(found, sort_keys=False, width=120)
    yield ACTIONS / "action_test.yaml", yaml.safe_dump(_action_test(), sort_keys=False, width=120)
    yield ARGO_CD / "argocd-cm.yaml", _patch()


def _of_actions() -> dict[str, dict[str, Any]]:
    """Clusters before and after each action."""
    serves, paused = resource("all as asked for"), resource("paused")
    after = {name: deepcopy(paused if name.startswith("paused") else serves) for _, name in CASES.values()}
    after["serves_restarted"]["spec"]["pod"] = {"annotations": {RESTARTED: "0001-01-01T00:00:00Z"}}
    after["serves_paused"]["spec"]["paused"] = True
    del after["paused_resumed"]["spec"]["paused"]
    return {"serves": serves, "paused": paused, **after}


def _action_test() -> dict[str, Any]:
    shown = {
        "restart": ("fa fa-fw fa-recycle", "Restart pods one by one"),
        "pause": ("fa fa-fw fa-pause", "Pause the operator's work"),
        "resume": ("fa fa-fw fa-play", "Resume the operator's work"),
    }
    possible = {"serves": ("restart", "pause"), "paused": ("resume",)}
    discovery = [
        {
            "inputPath": f"testdata/{state}.yaml",
            "result": [
                {"name": name, "disabled": name not in allowed, "iconClass": icon, "displayName": title}
                for name, (icon, title) in shown.items()
            ],
        }
        for state, allowed in possible.items()
    ]
    actions = [
        {"action": name, "inputPath": f"testdata/{before}.yaml", "expectedOutputPath": f"testdata/{after}.yaml"}
        for name, (before, after) in CASES.items()
    ]
    return {"discoveryTests": discovery, "actionTests": actions}


def _slug(name: str) -> str:
    return "".join(letter for letter in name.lower().replace(" ", "_") if letter.isalnum() or letter == "_")


def _patch() -> str:
    scripts = {name: ACTIONS / name / "action.lua" for name in CASES}
    actions = [f"discovery.lua: |\n{_indented(ACTIONS / 'discovery.lua')}\ndefinitions:"]
    actions += [f"  - name: {name}\n    action.lua: |\n{_indented(path, 6)}" for name, path in scripts.items()]
    return (
        "# kubectl --namespace=argocd patch configmap argocd-cm --patch-file argocd-cm.yaml\n"
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: argocd-cm\n"
        f"data:\n  {KEY}: |\n{_indented(HEALTH, 4)}\n"
        f"  {ACTIONS_KEY}: |\n{indent(chr(10).join(actions), '    ')}\n"
    )


def _indented(script: Path, depth: int = 2) -> str:
    return indent(script.read_text(encoding="utf-8").rstrip("\n"), " " * depth)


if __name__ == "__main__":
    for folder in (FOLDER, ACTIONS):
        (folder / "testdata").mkdir(exist_ok=True)
    for place, text in files():
        place.write_text(text, encoding="utf-8")
