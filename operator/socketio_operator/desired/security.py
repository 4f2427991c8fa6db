"""The pod security level `restricted`, in full, for every pod we run."""

from typing import Any

from socketio_operator.desired.manifest import canonical

# Group and user of the managed broker; the images of Redis and Valkey run as any user.
BROKER_USER = 1000
# Of the proxies whose images name no user but root.
PROXY_USER = 1000


def pod_security(user: int, group: int | None = None, fs_group: int | None = None) -> dict[str, Any]:
    """`securityContext` of a pod."""
    context: dict[str, Any] = canonical(
        {
            "runAsNonRoot": True,
            "runAsUser": user,
            "runAsGroup": group,
            "fsGroup": fs_group,
            "seccompProfile": {"type": "RuntimeDefault"},
        }
    )
    return context


def container_security(read_only: bool) -> dict[str, Any]:
    """`securityContext` of a container. `read_only`: its root file system cannot be written to."""
    context: dict[str, Any] = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    return {**context, "readOnlyRootFilesystem": True} if read_only else context
