"""Client-side load balancing: clients learn the servers' own addresses and choose one themselves."""

from pydantic import Field

from socketio_operator.api.base import Model, checked, rule

DEFAULT_PORT = 9401


class Direct(Model):
    """How clients reach each pod by itself, and where they ask which pods there are."""

    url: str | None = Field(
        None,
        description="URL of a server in the list for clients: `{address}` stands for the pod's IP, `{dashed}` for the "
        "same with dashes, as in a host name. Default: `http://{address}:PORT`, for clients inside the "
        "cluster; with `router: proxy` `http://{dashed}.HOST`, or https with TLS. Example: "
        "`https://{dashed}.chat.example.com`.",
        max_length=253,
        json_schema_extra=checked(
            rule(
                "self.matches('^https?://([a-z0-9.-]*[{](address|dashed)[}][a-z0-9.-]*)(:[1-9][0-9]{0,4})?$')",
                "direct.url must be the URL of one server, with {address} or {dashed} in its host and without a path, "
                "such as https://{dashed}.chat.example.com.",
            )
        ),
    )
    port: int = Field(
        DEFAULT_PORT,
        description=f"Port of the pods that serves the list of servers, and nothing else. Default: {DEFAULT_PORT}.",
        ge=1024,
        le=65535,
    )
