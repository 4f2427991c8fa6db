"""Engine options: what the app gave, with the settings filled in where it gave nothing."""

from __future__ import annotations

import inspect
from typing import Any, Mapping

from ..log import log
from ..settings import Settings

VARIABLES = {
    "ping_interval": "SOCKETIO_PING_INTERVAL",
    "ping_timeout": "SOCKETIO_PING_TIMEOUT",
    "max_http_buffer_size": "SOCKETIO_MAX_HTTP_BUFFER_SIZE",
    "transports": "SOCKETIO_TRANSPORTS",
}


def fill_in(given: Mapping[str, Any], settings: Settings, engine: Any) -> tuple[dict[str, Any], list[str]]:
    """(options for the Server, names of those that the app chose itself although the environment sets them).

    `engine`: the class of the Engine.IO server, asked whether it knows an option.
    """
    merged = dict(given)
    kept = []
    for name, value in _wanted(settings).items():
        if given.get(name) is not None:
            log(f"option {name}: the app's own {given[name]!r} is kept, {VARIABLES[name]} is not applied")
            kept.append(name)
        elif name == "transports" and not _knows(engine, name):
            log(f"option {name}: this python-engineio has none, {VARIABLES[name]} is not applied")
        else:
            merged[name] = value
    return merged, kept


def report_unknown(settings: Settings) -> None:
    """Says which settings python-socketio has no counterpart for."""
    if settings.recovery is not None:
        log("recovery: python-socketio has none, SOCKETIO_RECOVERY_MS is not applied")
    if settings.connect_timeout is not None:
        log("option connectTimeout: python-socketio has none, SOCKETIO_CONNECT_TIMEOUT is not applied")
    if settings.transports and "webtransport" in settings.transports:
        log("option transports: python-socketio has no webtransport, the others are applied")


def _wanted(settings: Settings) -> dict[str, Any]:
    transports = [name for name in settings.transports or () if name != "webtransport"]
    size = settings.max_http_buffer_size
    wanted = {
        "ping_interval": _seconds(settings.ping_interval),
        "ping_timeout": _seconds(settings.ping_timeout),
        "max_http_buffer_size": None if size is None else int(size),
        "transports": transports or None,
    }
    return {name: value for name, value in wanted.items() if value is not None}


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def _knows(engine: Any, option: str) -> bool:
    return any(
        option in inspect.signature(base.__init__).parameters for base in engine.__mro__ if "__init__" in vars(base)
    )
