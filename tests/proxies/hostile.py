"""Specs as somebody writes them who wants more of a configuration file than a value.

They come past the schema and its rules, as if those had a gap: what is left is the guard of the templates.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product
from random import Random
from typing import Any

from socketio_operator.api import SocketIOCluster
from socketio_operator.api.hosts import Tls
from socketio_operator.api.routing import CookieAffinity, Timeouts
from tests.unit.samples import cluster

FRAGMENTS = (
    *(
        "\n",
        "\r\n",
        "\t",
        " ",
        ";",
        "{",
        "}",
        "#",
        '"',
        "'",
        "\\",
        "`",
        "$",
        "$(id)",
        "${X}",
        "%",
        "%[src]",
        "<",
        ">",
        "&",
    ),
    *(
        "|",
        "*",
        "!",
        "?",
        "=",
        ",",
        ":",
        ": ",
        "- ",
        "(",
        ")",
        "[",
        "]",
        "@",
        "^",
        "~",
        "\0",
        "\x0b",
        "\x85",
        "\u2028",
        "é",
    ),
    *("{{ 7 }}", "{% if %}", "../", "//", "..", "a", "Z", "0", "-", "_", ".", "/"),
    *(
        "; return 200 x;",
        "}\nserver { listen 1; }\n",
        "\n    use_backend x\n",
        "\n</VirtualHost>\n",
        "\nLoadModule x y\n",
    ),
    *(
        "`) || Host(`x",
        '"\n      service: api@internal\n',
        "\nrm -rf /tmp\n",
        '"; id; "',
        "None",
        "true",
        "1e3",
        "0x10",
    ),
)
NUMBERS = (-1, 0, 1, 60, 2**31, 2**63, 10**30)
SHORTEST, LONGEST = 0, 4


@dataclass(frozen=True)
class Field:
    """A text or a number of a spec: how it is put there, and a value that harms nobody."""

    put: Callable[[SocketIOCluster, Any], SocketIOCluster]
    benign: str | int


def _routing(name: str, wrapped: Callable[[Any], Any] = lambda value: value) -> Callable[..., SocketIOCluster]:
    def put(of: SocketIOCluster, value: Any) -> SocketIOCluster:
        routing = of.spec.routing.model_copy(update={name: wrapped(value)})
        return replace(of, spec=of.spec.model_copy(update={"routing": routing}))

    return put


def _cookie(name: str) -> Callable[..., SocketIOCluster]:
    def put(of: SocketIOCluster, value: Any) -> SocketIOCluster:
        cookie = of.spec.routing.affinity_cookie.model_copy(update={name: value})
        return _routing("cookie")(of, cookie)

    return put


def _spec(group: str, name: str) -> Callable[..., SocketIOCluster]:
    def put(of: SocketIOCluster, value: Any) -> SocketIOCluster:
        changed = getattr(of.spec, group).model_copy(update={name: value})
        return replace(of, spec=of.spec.model_copy(update={group: changed}))

    return put


def _port(of: SocketIOCluster, value: Any) -> SocketIOCluster:
    return replace(of, spec=of.spec.model_copy(update={"port": value}))


FIELDS: dict[str, Field] = {
    "host": Field(_routing("host"), "chat.example.com"),
    "path": Field(_routing("path"), "/chat"),
    "paths": Field(_routing("paths", lambda value: ("/api", value)), "/upload"),
    "trusted": Field(_routing("trusted_proxies", lambda value: (value, "2001:db8::/32")), "10.0.0.0/8"),
    "read": Field(_routing("timeouts", lambda value: Timeouts.model_construct(read_seconds=value)), 120),
    "send": Field(_routing("timeouts", lambda value: Timeouts.model_construct(send_seconds=value)), 120),
    "cookie": Field(_cookie("name"), "pod"),
    "same site": Field(_cookie("same_site"), "Lax"),
    "age": Field(_cookie("max_age_seconds"), 3600),
    "port": Field(_port, 3000),
    "name": Field(lambda of, value: replace(of, name=value), "chat"),
    "namespace": Field(lambda of, value: replace(of, namespace=value), "team"),
    "uid": Field(lambda of, value: replace(of, uid=value), "c0ffee"),
    "body": Field(_spec("engine", "max_http_buffer_size"), 1_000_000),
    "serving": Field(_spec("runtime", "port"), 9400),
    "drain": Field(_spec("runtime", "drain_seconds"), 60),
}


def shapes(program: str) -> list[SocketIOCluster]:
    """Clusters that ask for every form that a configuration can have."""
    addresses, affinities = ("peer", "forwardedFor", "proxyProtocol"), ("clientIP", "cookie", "none")
    forms = product(addresses, affinities, (None, Tls(secret_name="chat-tls")), ("node", "none"))
    return [_shape(program, *form) for form in forms]


def _shape(program: str, address: str, affinity: str, tls: Tls | None, inject: str) -> SocketIOCluster:
    made = cluster(
        routing={"host": "chat.example.com", "router": "proxy", "affinity": affinity, "proxy": {"type": program}},
        runtime={"inject": inject},
    )
    routing = made.spec.routing.model_copy(update={"client_address": address, "tls": tls, "cookie": CookieAffinity()})
    return replace(made, spec=made.spec.model_copy(update={"routing": routing}))


def value(random: Random, field: Field) -> str | int:
    """A number, or a text that is put together of what configuration files take for more than text."""
    if isinstance(field.benign, int) and random.random() < 0.5:
        return random.choice(NUMBERS)
    parts = random.choices(FRAGMENTS, k=random.randint(SHORTEST, LONGEST))
    benign = str(field.benign)
    place = random.randint(0, len(benign))
    return benign[:place] + "".join(parts) + benign[place:]
