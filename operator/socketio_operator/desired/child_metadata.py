"""The user's labels and annotations of children, below those that a child has of its own."""

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.metadata import described

# On these, annotations are notes. On others they are settings of whatever controller reads them: a certificate or a
# snippet for an Ingress, a role of a cloud for a ServiceAccount, a namespace to copy a Secret to.
_ANNOTATED = frozenset({"Deployment", "StatefulSet", "PodDisruptionBudget", "NetworkPolicy"})


def with_child_metadata(cluster: SocketIOCluster, manifest: Manifest) -> Manifest:
    """`manifest` with what was asked for; selectors and pod templates stay as they are."""
    asked, meta = cluster.spec.child_metadata, manifest["metadata"]
    annotations = asked.annotations if manifest["kind"] in _ANNOTATED else {}
    return {**manifest, "metadata": described(meta, asked.labels, annotations)}
