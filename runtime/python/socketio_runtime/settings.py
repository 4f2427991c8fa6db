"""What the environment asks for."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Callable, Mapping, TypeVar, Union

from .log import log

ADAPTERS = ("redis", "redis-sharded", "redis-streams", "postgres", "mongo", "none")
TRANSPORTS = ("polling", "websocket", "webtransport")
DAY_MS = 86_400_000

Address = Union[IPv4Address, IPv6Address]
T = TypeVar("T")


@dataclass(frozen=True)
class Settings:
    """A variable that is absent or not understood is None; the latter is logged.

    `broker_url` may hold a password: never log it. `broker_ca_file`: of the authority that signed the broker's
    certificate. `ping_*`, `connect_timeout`, `recovery` in milliseconds,
    `drain_seconds` None: signals are left to the app. `address`: of this pod. `peers`: names or addresses of all pods.
    `app_port`: where routers look for the app. `discovery_port`, `discovery_url`: where clients are told of servers,
    and the template of a server's URL.
    """

    adapter: str
    broker_url: str | None
    broker_ca_file: str | None
    prefix: str
    ping_interval: float | None
    ping_timeout: float | None
    max_http_buffer_size: float | None
    transports: tuple[str, ...] | None
    connect_timeout: float | None
    recovery: float | None
    port: int | None
    host: str | None
    token_file: str | None
    max_connections: float | None
    drain_seconds: float | None
    exit_seconds: float
    address: Address | None
    peers: tuple[str, ...]
    session_key_file: str | None
    app_port: int | None
    discovery_port: int | None
    discovery_url: str | None
    heartbeats: bool


def read(env: Mapping[str, str]) -> Settings:
    """Reads the variables; see docs/runtime.md for their meaning."""

    def number(name: str, least: float, most: float) -> float | None:
        return _parse(env, name, lambda text: _bounded(text, least, most), f"a number from {least:g} to {most:g}")

    def one_of(name: str, allowed: tuple[str, ...]) -> str | None:
        expected = "one of " + ", ".join(allowed)
        return _parse(env, name, lambda text: text if text in allowed else None, expected)

    def port(name: str) -> int | None:
        value = number(name, 1, 65535)
        return None if value is None else int(value)

    address = _parse(env, "SOCKETIO_RUNTIME_ADDRESS", _address, "an IP address")
    exit_seconds = number("SOCKETIO_EXIT_SECONDS", 0, 3600)
    return Settings(
        adapter=one_of("SOCKETIO_ADAPTER", ADAPTERS) or "none",
        broker_url=env.get("SOCKETIO_RUNTIME_BROKER_URL") or None,
        broker_ca_file=env.get("SOCKETIO_RUNTIME_BROKER_CA_FILE") or None,
        prefix=env.get("SOCKETIO_ADAPTER_PREFIX") or "socket.io",
        ping_interval=number("SOCKETIO_PING_INTERVAL", 1, DAY_MS),
        ping_timeout=number("SOCKETIO_PING_TIMEOUT", 1, DAY_MS),
        max_http_buffer_size=number("SOCKETIO_MAX_HTTP_BUFFER_SIZE", 1, 2**31),
        transports=_parse(env, "SOCKETIO_TRANSPORTS", _transports, "a comma list of " + ", ".join(TRANSPORTS)),
        connect_timeout=number("SOCKETIO_CONNECT_TIMEOUT", 1, DAY_MS),
        recovery=number("SOCKETIO_RECOVERY_MS", 1, 7 * DAY_MS),
        port=port("SOCKETIO_RUNTIME_PORT"),
        host=env.get("SOCKETIO_RUNTIME_HOST") or None,
        token_file=env.get("SOCKETIO_RUNTIME_TOKEN_FILE") or None,
        max_connections=number("SOCKETIO_MAX_CONNECTIONS", 1, 1e9),
        drain_seconds=number("SOCKETIO_DRAIN_SECONDS", 0, 3600),
        exit_seconds=10 if exit_seconds is None else exit_seconds,
        address=address,  # type: ignore[arg-type]
        peers=tuple(name.strip() for name in env.get("SOCKETIO_RUNTIME_PEERS", "").split(",") if name.strip()),
        session_key_file=env.get("SOCKETIO_RUNTIME_SESSION_KEY_FILE") or None,
        app_port=port("SOCKETIO_RUNTIME_APP_PORT"),
        discovery_port=port("SOCKETIO_RUNTIME_DISCOVERY_PORT"),
        discovery_url=env.get("SOCKETIO_RUNTIME_DISCOVERY_URL") or None,
        heartbeats=one_of("SOCKETIO_RUNTIME_HEARTBEATS", ("on", "off")) != "off",
    )


def _parse(env: Mapping[str, str], name: str, convert: Callable[[str], T | None], expected: str) -> T | None:
    text = env.get(name, "").strip()
    if not text:
        return None
    value = convert(text)
    if value is None:
        log(f"{name} is not {expected}: ignored")
    return value


def _address(text: str) -> Address | None:
    try:
        address: Address = ip_address(text)
        return address
    except ValueError:
        return None


def _bounded(text: str, least: float, most: float) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if least <= value <= most else None


def _transports(text: str) -> tuple[str, ...] | None:
    values = tuple(value.strip() for value in text.split(",") if value.strip())
    return values if values and all(value in TRANSPORTS for value in values) else None
