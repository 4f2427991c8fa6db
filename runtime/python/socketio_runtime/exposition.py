"""The text behind /metrics, in the Prometheus format 0.0.4. Values are read from the runtime at each scrape."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Iterable, Iterator, Mapping

from .event_loop import lag_seconds
from .process import process_values

if TYPE_CHECKING:
    from .managed_server import ManagedServer
    from .runtime import Runtime
    from .sessions.account import Account

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Labels = Mapping[str, str]


def expose(runtime: Runtime) -> str:
    """All metrics."""
    servers, metrics = runtime.all(), runtime.metrics
    events = [({"event": event, "namespace": name}, value) for (event, name), value in metrics.events.copy().items()]
    families = [
        _gauge("socket_io_connected", "Sockets connected now, in all namespaces", _sockets(servers)),
        _family("socket_io_connect_total", "counter", "Sockets that connected", _by_namespace(metrics.connects)),
        _family(
            "socket_io_disconnect_total", "counter", "Sockets that disconnected", _by_namespace(metrics.disconnects)
        ),
        _family("socket_io_events_received_total", "counter", "Events received from clients", events),
        _counter("socket_io_events_sent_total", "Events sent, one for each client that gets it", metrics.events_sent),
        _counter(
            "socket_io_unknown_session_total",
            "Requests with a session that this process does not know",
            metrics.unknown_sessions,
        ),
        _counter("socket_io_rejected_total", "Other requests that the engine refused", metrics.other_rejections),
        _family("socket_io_engine_connections", "gauge", "Transport connections open now", _transports(servers)),
        _gauge(
            "socketio_runtime_adapter_up",
            "1 if the adapter asked for reaches its broker and is subscribed, or the runtime need not bring one",
            all(_adapter_up(server, runtime.settings.adapter) for server in servers),
        ),
        _counter(
            "socketio_runtime_broker_dropped_total",
            "Messages dropped because the broker was away for long",
            sum(server.broker.dropped for server in servers if server.broker),
        ),
        _gauge("socketio_runtime_draining", "1 while connections are moved elsewhere", runtime.drain.draining),
        _family(
            "socketio_runtime_eventloop_lag_seconds",
            "gauge",
            "Time until the event loop ran a callback, at most 1 s; asyncio only",
            [({}, lag) for lag in [lag_seconds(servers)] if lag is not None],
        ),
        *(_forwarded(runtime.forwarder.account) if runtime.forwarder else ()),
        *(_family(name, kind, text, [({}, value)]) for name, kind, text, value in process_values()),
    ]
    return "".join(families)


def _forwarded(account: Account) -> Iterator[str]:
    counts = [({"transport": "polling", "why": why}, count) for why, count in account.counts.items()]
    text = "Requests for sessions of other pods; peer-gone: that pod did not answer"
    yield _family("socketio_runtime_forwarded_total", "counter", text, counts)
    name = "socketio_runtime_forward_seconds"
    lines = [f"# HELP {name} Time until another pod had answered a POST", f"# TYPE {name} histogram"]
    lines += [f"{name}{suffix}{_labels(labels)} {_number(value)}" for suffix, labels, value in account.histogram()]
    yield "\n".join(lines) + "\n"


def _by_namespace(counts: Counter[str]) -> list[tuple[Labels, float]]:
    return [({"namespace": name}, value) for name, value in counts.copy().items()]


def _gauge(name: str, text: str, value: float) -> str:
    return _family(name, "gauge", text, [({}, value)])


def _counter(name: str, text: str, value: float) -> str:
    return _family(name, "counter", text, [({}, value)])


def _family(name: str, kind: str, text: str, samples: Iterable[tuple[Labels, float]]) -> str:
    lines = [f"# HELP {name} {text}", f"# TYPE {name} {kind}"]
    lines += [f"{name}{_labels(labels)} {_number(value)}" for labels, value in samples]
    return "\n".join(lines) + "\n"


def _labels(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escape(value)}"' for name, value in labels.items()) + "}"


def _escape(value: str) -> str:
    printable = value.encode("utf-8", "replace").decode("utf-8")
    return printable.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))


def _sockets(servers: list[ManagedServer]) -> int:
    namespaces = [room for server in servers for room in list(getattr(server.io.manager, "rooms", {}).values())]
    return sum(len(rooms.get(None, ())) for rooms in namespaces)


def _transports(servers: list[ManagedServer]) -> list[tuple[Labels, float]]:
    sockets = [socket for server in servers for socket in server.sockets()]
    websockets = sum(1 for socket in sockets if socket.upgraded)
    counts = {"polling": len(sockets) - websockets, "websocket": websockets}
    return [({"transport": transport}, count) for transport, count in counts.items()]


def _adapter_up(server: ManagedServer, asked: str) -> bool:
    if server.broker:
        return server.broker.state()["subscribed"]
    return server.owner == "app" or asked == "none"
