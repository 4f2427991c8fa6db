"""The pod security level `restricted`, in full, for every pod we run."""

from typing import Any

from socketio_operator.api import SocketIOCluster
from socketio_operator.api.security import SecurityContext
from socketio_operator.desired.manifest import canonical

# Group and user of the managed broker; the images of Redis and Valkey run as any user.
BROKER_USER = 1000
# Of the proxies whose images name no user but root.
PROXY_USER = 1000


def server_security(cluster: SocketIOCluster) -> dict[str, Any]:
    """`securityContext` of the server's pods."""
    pod = cluster.spec.pod
    if pod.identity_of_platform:
        return _pod_security()
    asked = pod.security_context or SecurityContext()
    return _pod_security(
        runAsUser=asked.run_as_user or pod.run_as_user,
        runAsGroup=asked.run_as_group or pod.run_as_group,
        fsGroup=asked.fs_group or pod.fs_group,
        supplementalGroups=asked.supplemental_groups,
    )


def own_security(cluster: SocketIOCluster, user: int) -> dict[str, Any]:
    """`securityContext` of pods that run a program of ours as `user`, and as the group of that number."""
    if cluster.spec.pod.identity_of_platform:
        return _pod_security()
    return _pod_security(runAsUser=user, runAsGroup=user, fsGroup=user)


def _pod_security(**ids: Any) -> dict[str, Any]:
    context: dict[str, Any] = canonical({"runAsNonRoot": True, **ids, "seccompProfile": {"type": "RuntimeDefault"}})
    return context


def container_security(read_only: bool) -> dict[str, Any]:
    """`securityContext` of a container. `read_only`: its root file system cannot be written to."""
    context: dict[str, Any] = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    return {**context, "readOnlyRootFilesystem": True} if read_only else context
