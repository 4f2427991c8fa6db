"""Which host names and paths lead to the pods, and the certificates of the host names."""

from typing import Annotated

from pydantic import Field

from socketio_operator.api.base import Model, checked, object_name, rule

_LABEL = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"


def host_rule(field: str) -> dict[str, str]:
    """A DNS name, or one with * in the place of its first label; `field` names it in the sentence."""
    return rule(
        f"self.matches('^([*][.])?{_LABEL}([.]{_LABEL})*$')",
        f"{field} must be a DNS name in lower case such as chat.example.com or *.example.com, without scheme, port or "
        "path.",
    )


def path_rule(field: str) -> dict[str, str]:
    """An absolute path; `field` names it in the sentence."""
    return rule(
        "self.matches('^/([A-Za-z0-9._~-]+/?)*$')",
        f"{field} must be an absolute path of letters, digits and ._~-, such as / or /socket.io/.",
    )


Path = Annotated[str, Field(max_length=253, json_schema_extra=checked(path_rule("routing.paths")))]


class Tls(Model):
    """TLS of the route."""

    secret_name: str = object_name("the Secret of type kubernetes.io/tls")


class Host(Model):
    """A further host name of the route."""

    name: str = Field(
        description="The host name, which may be a wildcard. Example: `www.example.com`.",
        max_length=253,
        json_schema_extra=checked(host_rule("routing.hosts")),
    )
    tls: Tls | None = Field(
        None, description="Its own certificate. Default: that of `routing.tls`. Example: `{secretName: www-tls}`."
    )
