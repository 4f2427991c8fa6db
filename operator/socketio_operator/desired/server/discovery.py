"""What the runtime needs to tell clients of the servers, where they choose one themselves."""

from socketio_operator.api import SocketIOCluster

# By this name Services find the port of the list.
PORT_NAME = "servers"
PATH = "/.well-known/socketio-servers"


def discovery_env(cluster: SocketIOCluster) -> dict[str, str]:
    """Variables that only the runtime reads; none if clients are not told of servers."""
    direct = cluster.spec.routing.to_pods
    if direct is None:
        return {}
    url = direct.url or _default_url(cluster)
    return {"SOCKETIO_RUNTIME_DISCOVERY_PORT": str(direct.port), "SOCKETIO_RUNTIME_DISCOVERY_URL": url}


def _default_url(cluster: SocketIOCluster) -> str:
    routing = cluster.spec.routing
    if routing.router == "proxy":
        return f"http{'s' if routing.tls else ''}://{{dashed}}.{routing.host}"
    return f"http://{{address}}:{cluster.spec.port}"


def discovery_ports(cluster: SocketIOCluster) -> dict[str, int]:
    """The port by its name, or nothing."""
    direct = cluster.spec.routing.to_pods
    return {PORT_NAME: direct.port} if direct else {}
