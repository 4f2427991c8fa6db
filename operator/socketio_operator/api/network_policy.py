"""Who may connect to the server's pods."""

from pydantic import Field

from socketio_operator.api.base import Model, checked
from socketio_operator.api.selectors import Peer


class NetworkPolicy(Model):
    """Everybody else is kept out. The pods reach each other, and the operator and the proxy that it runs reach them."""

    clients: tuple[Peer, ...] | None = Field(
        None,
        description="Who reaches the app: the pods of your controller; with `routing.router` direct or none the "
        "clients. Default: everybody. "
        "Example: `[{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ingress}}}]`.",
        json_schema_extra=checked(maxItems=32),
    )
    monitoring: tuple[Peer, ...] = Field(
        default=(),
        description="Who reads the metrics. Default: nobody. "
        "Example: `[{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}}]`.",
        json_schema_extra=checked(maxItems=32),
    )
