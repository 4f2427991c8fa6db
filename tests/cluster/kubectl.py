"""kubectl as a function."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from typing import Any

from tests.cluster import reading
from tests.cluster.cluster import Cluster
from tests.cluster.errors import KubectlError
from tests.cluster.layout import BUILD


@dataclass(frozen=True)
class Kubectl:
    """Call it with kubectl's arguments; `namespace` is used where a call names no other one."""

    cluster: Cluster
    namespace: str

    def __call__(
        self, *arguments: str, input: str | None = None, namespace: str | None = None, timeout: float = 60
    ) -> str:
        """kubectl's standard output; `input` goes to its standard input (for `apply -f -`).

        `timeout` is in seconds. Raises KubectlError with the standard error when it fails or takes longer.
        """
        command = [
            str(self.cluster.kubectl),
            f"--kubeconfig={self.cluster.kubeconfig}",
            f"--namespace={namespace or self.namespace}",
            *arguments,
        ]
        shown = "kubectl " + " ".join(command[2:])
        # Its cache of what the API server offers must not mix with that of other clusters.
        environment = os.environ | {"KUBECACHEDIR": str(BUILD / "kubectl-cache")}
        try:
            done = subprocess.run(
                command,
                input=input or "",
                capture_output=True,
                text=True,
                timeout=timeout,
                check=False,
                env=environment,
            )
        except subprocess.TimeoutExpired:
            raise KubectlError(f"`{shown}` did not end within {timeout:g} s") from None
        if done.returncode:
            raise KubectlError(f"`{shown}` failed: {done.stderr.strip()}")
        return done.stdout

    def json(self, *arguments: str, namespace: str | None = None, timeout: float = 60) -> Any:
        """The answer of a `get` (or any command that takes `--output=json`) as Python values."""
        found = reading.get(self.cluster.kubeconfig, arguments, namespace or self.namespace)
        if found is not None:
            return found
        return json.loads(self(*arguments, "--output=json", namespace=namespace, timeout=timeout))

    def apply(self, *manifests: dict[str, Any], namespace: str | None = None) -> str:
        """Apply manifests given as dicts."""
        items = {"apiVersion": "v1", "kind": "List", "items": list(manifests)}
        return self("apply", "--filename=-", input=json.dumps(items), namespace=namespace)
