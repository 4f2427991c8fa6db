"""manifests/install.yaml: what the chart gives with its defaults, with a namespace of its own in front."""

import subprocess
import sys
from pathlib import Path

import yaml

from tests.helm.tool import CHART, helm_binary

NAMESPACE = "socketio-operator-system"

HEADER = f"""\
# The operator with its defaults; made from helm/socketio-operator by `make generate`.
apiVersion: v1
kind: Namespace
metadata:
  name: {NAMESPACE}
  labels:
    pod-security.kubernetes.io/enforce: restricted
"""


def install_manifest(helm: Path) -> str:
    """The install manifest as text, rendered by a Helm binary. Raises CalledProcessError."""
    release = ["socketio-operator", str(CHART), "--namespace", NAMESPACE, "--kube-version", "1.36.0"]
    command = [str(helm), "template", *release]
    rendered = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    objects = (manifest for manifest in yaml.safe_load_all(rendered) if manifest)
    return f"{HEADER}---\n{yaml.safe_dump_all(objects, sort_keys=False, width=120, allow_unicode=True)}"


if __name__ == "__main__":
    # Helm 4 and Helm 3 give the same objects: a test holds that.
    sys.stdout.write(install_manifest(helm_binary(4)))
