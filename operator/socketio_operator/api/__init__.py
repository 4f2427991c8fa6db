"""SocketIOCluster: typed models, the rules its values obey, and the CRD generated from both.

Invariant: everything the API server checks is written once, here. The same schema and the same CEL
rules run offline (`socketio_operator.api.validation`), so that `render`, the reconcile and the API
server refuse the same values with the same sentences.
"""

from socketio_operator.api.crd import GROUP, KIND, PLURAL, VERSION, crd_manifest
from socketio_operator.api.resource import ClusterSpec, SocketIOCluster
from socketio_operator.api.validation import FieldError, validate

API_VERSION = f"{GROUP}/{VERSION}"

__all__ = [
    "API_VERSION",
    "GROUP",
    "KIND",
    "PLURAL",
    "VERSION",
    "ClusterSpec",
    "FieldError",
    "SocketIOCluster",
    "crd_manifest",
    "validate",
]
