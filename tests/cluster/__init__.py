"""A real Kubernetes for tests and the demo, in one command: `python -m tests.cluster up`."""

from tests.cluster.cluster import Cluster
from tests.cluster.errors import ClusterError, KubectlError
from tests.cluster.lifecycle import down, up

__all__ = ["Cluster", "ClusterError", "KubectlError", "down", "up"]
