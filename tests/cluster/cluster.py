"""What a test holds of a running cluster."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cluster:
    """A running cluster; the same for the bare-node cluster and for kind."""

    kubeconfig: Path
    kubectl: Path
    """The kubectl binary."""
    audit_log: Path
    """kube-apiserver's audit log at level Metadata: one JSON object per line and request."""
    logs: Path
    """The folder of the components' logs."""
    nodes: int
    loader: Callable[[Path], None]

    def load(self, tar: Path) -> None:
        """Bring the image of `tar` onto every node; a node that has the very same image is skipped."""
        self.loader(tar)
