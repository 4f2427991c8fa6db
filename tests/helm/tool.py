"""Helm 3 and Helm 4, built once by `go install` and kept in the user's cache."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.binaries import Tool, ensure_tool

CHART = Path(__file__).parents[2] / "helm" / "socketio-operator"
RELEASE = "sio"
CRD = "crd/socketioclusters.socketio-operator.dev"
# A kubeconfig for what needs none.
NO_CLUSTER = Path("/nonexistent/kubeconfig")

HELM_VERSIONS = {
    3: Tool("helm", "helm.sh/helm/v3/cmd/helm", "v3.22.0", expected=80),
    4: Tool("helm", "helm.sh/helm/v4/cmd/helm", "v4.3.1", expected=110),
}


class HelmError(RuntimeError):
    """Helm failed; the text is what it said."""


def helm_binary(major: int) -> Path:
    """Helm of a major version; built when the cache does not have it. Raises ClusterError."""
    return ensure_tool(HELM_VERSIONS[major])


@dataclass(frozen=True)
class Helm:
    """helm("install", ...) in one namespace."""

    binary: Path
    kubeconfig: Path
    namespace: str

    def __call__(self, *arguments: str, input: str | None = None) -> str:
        """Standard output of a Helm command. Raises HelmError with what it said."""
        command = [str(self.binary), f"--kubeconfig={self.kubeconfig}", f"--namespace={self.namespace}", *arguments]
        done = subprocess.run(
            command, input=input or "", capture_output=True, text=True, check=False, env=dict(os.environ), timeout=180
        )
        if done.returncode:
            raise HelmError(f"`helm {' '.join(arguments)}` failed: {done.stderr.strip()}")
        return done.stdout

    def template(self, values: str, *, release: str = RELEASE, chart: Path = CHART) -> list[dict[str, Any]]:
        """The objects that the chart gives for values in YAML; needs no cluster. Raises HelmError."""
        text = self("template", release, str(chart), "--kube-version=1.36.0", "-f", "-", input=values)
        # libyaml: the CRD takes Python most of a second.
        return [manifest for manifest in yaml.load_all(text, Loader=yaml.CSafeLoader) if manifest]


@contextmanager
def installed_by(tool: Helm) -> Iterator[Helm]:
    """The same, whose release is gone at the end."""
    try:
        yield tool
    finally:
        tool("uninstall", RELEASE, "--ignore-not-found", "--wait")
