"""What the runtime needs to tell clients of the servers, where they choose one themselves."""

from socketio_operator.api import SocketIOCluster

# By this name Services find the port of the list.
PORT_NAME = "servers"
PATH = "/.well-known/socketio-servers"


def url_template(cluster: SocketIOCluster) -> str | None:
    """URL of a server with a place for its address; None if clients are not told of servers."""
    routing = cluster.spec.routing
    if routing.to_pods is None:
        return None
    if routing.to_pods.url:
        return routing.to_pods.url
    if routing.router == "proxy":
        return f"http{'s' if routing.tls else ''}://{{dashed}}.{routing.host}"
    return f"http://{{address}}:{cluster.spec.port}"


def discovery_env(cluster: SocketIOCluster) -> dict[str, str]:
    """Variables that only the runtime reads."""
    direct, url = cluster.spec.routing.to_pods, url_template(cluster)
    if direct is None or url is None:
        return {}
    return {"SOCKETIO_RUNTIME_DISCOVERY_PORT": str(direct.port), "SOCKETIO_RUNTIME_DISCOVERY_URL": url}


def discovery_ports(cluster: SocketIOCluster) -> dict[str, int]:
    """The port by its name, or nothing."""
    direct = cluster.spec.routing.to_pods
    return {PORT_NAME: direct.port} if direct else {}
