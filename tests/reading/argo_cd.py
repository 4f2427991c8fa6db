"""gitops/argo-cd: the cases of health.lua as Argo CD's own tests take them, and the patch of argocd-cm."""

from collections.abc import Iterator
from pathlib import Path

import yaml

from socketio_operator.api import GROUP, KIND
from tests.reading.readers import ARGO_CD, HEALTH, readings
from tests.reading.states import STATES, resource

KEY = f"resource.customizations.health.{GROUP}_{KIND}"
FOLDER = HEALTH.parent


def files() -> Iterator[tuple[Path, str]]:
    """What is written beside health.lua: path and text."""
    resources = {f"testdata/{_slug(name)}.yaml": resource(name) for name in STATES}
    for path, found in resources.items():
        yield FOLDER / path, yaml.safe_dump(found, sort_keys=False, width=120)
    healths = (dict(reading.health) for reading in readings(list(resources.values())))
    cases = [{"healthStatus": health, "inputPath": path} for path, health in zip(resources, healths, strict=True)]
    yield FOLDER / "health_test.yaml", yaml.safe_dump({"tests": cases}, sort_keys=False, width=120)
    yield ARGO_CD / "argocd-cm.yaml", _patch()


def _slug(name: str) -> str:
    return "".join(letter for letter in name.lower().replace(" ", "_") if letter.isalnum() or letter == "_")


def _patch() -> str:
    lines = HEALTH.read_text(encoding="utf-8").splitlines()
    script = "\n".join(f"    {line}" if line else "" for line in lines)
    return (
        "# kubectl --namespace=argocd patch configmap argocd-cm --patch-file argocd-cm.yaml\n"
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: argocd-cm\n"
        f"data:\n  {KEY}: |\n{script}\n"
    )


if __name__ == "__main__":
    (FOLDER / "testdata").mkdir(exist_ok=True)
    for place, text in files():
        place.write_text(text, encoding="utf-8")
