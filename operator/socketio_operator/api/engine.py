"""What the Socket.IO server is told about its connections, and what proxies must therefore allow."""

from typing import Literal

from pydantic import Field

from socketio_operator.api.base import Model, checked, rule


class Recovery(Model):
    """Connection state recovery: a client that comes back soon keeps its id, rooms and missed events."""

    max_disconnection_duration: int = Field(
        120_000,
        description="How long a session is kept, in milliseconds. Default: 120000.",
        ge=1000,
        le=86_400_000,
    )


class Engine(Model):
    """Options of the Socket.IO server. Durations are milliseconds, as in Socket.IO itself."""

    path: str = Field(
        "/socket.io",
        description="Path of the Socket.IO endpoint, as the app sets it. Default: `/socket.io`.",
        max_length=253,
        json_schema_extra=checked(
            rule(
                "self.matches('^(/[A-Za-z0-9._~-]+)+$')",
                "engine.path must be an absolute path of letters, digits and ._~- without a slash at the end, "
                "such as /socket.io.",
            )
        ),
    )
    ping_interval: int = Field(
        25_000, description="Time between two pings, in milliseconds. Default: 25000.", ge=1000, le=600_000
    )
    ping_timeout: int = Field(
        20_000,
        description="How long the server waits for the answer to a ping, in milliseconds. Default: 20000.",
        ge=1000,
        le=600_000,
    )
    connect_timeout: int = Field(
        45_000,
        description="Time until a client must have joined a namespace, in milliseconds. Default: 45000.",
        ge=1000,
        le=600_000,
    )
    max_http_buffer_size: int = Field(
        1_000_000,
        description="Largest message in bytes; proxies get the same limit. Default: 1000000.",
        ge=1024,
        le=1_073_741_824,
    )
    transports: tuple[Literal["polling", "websocket", "webtransport"], ...] = Field(
        default=("polling", "websocket"),
        description="Transports that the server offers. `webtransport` is HTTP/3 over UDP: the app serves it, on the "
        "number of `port`, with its own certificate, and only `routing.router: none` and `direct` forward to it. "
        "Default: `[polling, websocket]`.",
        json_schema_extra=checked(**{"x-kubernetes-list-type": "set", "minItems": 1, "maxItems": 3}),
    )
    connection_state_recovery: Recovery | None = Field(
        None,
        description="Connection state recovery; needs an adapter that stores sessions (`redis-streams`). Default: "
        "`{}` if `adapter.type` is not set and becomes `redis-streams`, otherwise off. Example: "
        "`{maxDisconnectionDuration: 120000}`.",
    )

    @property
    def webtransport(self) -> bool:
        """Whether clients also come by UDP."""
        return "webtransport" in self.transports

    @property
    def one_connection(self) -> bool:
        """Whether each session is a single connection: it begins by the transport that it ends with."""
        return self.transports in (("websocket",), ("webtransport",))
