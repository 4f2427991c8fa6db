"""manifests/: what the chart gives with its defaults, with a namespace of its own in front; for `make generate`."""

import subprocess
from pathlib import Path
from typing import Any

import yaml

from tests.helm.tool import CHART, helm_binary
from tests.installation import INSTALL, NAMESPACE

# The same without the CRD, which Kustomize takes from crds/.
OPERATOR = INSTALL.parent / "base" / "operator.yaml"
ORIGIN = "# The operator with its defaults; made from helm/socketio-operator by `make generate`.\n"
CREATED = f"""\
apiVersion: v1
kind: Namespace
metadata:
  name: {NAMESPACE}
  labels:
    pod-security.kubernetes.io/enforce: restricted
"""


def manifests(helm: Path, chart: Path = CHART) -> dict[Path, str]:
    """The text of each file, rendered by a Helm binary. Raises CalledProcessError."""
    objects = _rendered(helm, chart)
    without_crd = [manifest for manifest in objects if manifest["kind"] != "CustomResourceDefinition"]
    return {INSTALL: _text(objects), OPERATOR: _text(without_crd)}


def _rendered(helm: Path, chart: Path) -> list[dict[str, Any]]:
    release = ["socketio-operator", str(chart), "--namespace", NAMESPACE, "--kube-version", "1.36.0"]
    command = [str(helm), "template", *release]
    rendered = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [manifest for manifest in yaml.safe_load_all(rendered) if manifest]


def _text(objects: list[dict[str, Any]]) -> str:
    return f"{ORIGIN}{CREATED}---\n{yaml.safe_dump_all(objects, sort_keys=False, width=120, allow_unicode=True)}"


if __name__ == "__main__":
    # Helm 4 and Helm 3 give the same objects: a test holds that.
    for path, text in manifests(helm_binary(4)).items():
        path.write_text(text, encoding="utf-8")
