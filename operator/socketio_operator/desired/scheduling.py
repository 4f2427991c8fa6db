"""Where pods may run, as users ask for it."""

from typing import Any

from socketio_operator.api.pod import Scheduling
from socketio_operator.desired.manifest import wire


def scheduling(asked: Scheduling) -> dict[str, Any]:
    """The part of a pod's spec that places it."""
    return {
        "nodeSelector": asked.node_selector or None,
        "tolerations": [wire(toleration) for toleration in asked.tolerations],
        "affinity": asked.affinity or None,
        "priorityClassName": asked.priority_class_name,
    }
