"""The text behind /metrics, in the Prometheus format 0.0.4. Values are read at each scrape."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Iterable, Iterator, Mapping, Tuple

from ..servers.event_loop import lag_seconds
from ..servers.managed_server import ManagedServer
from ..sessions.account import Account
from .metrics import Metrics
from .process import STARTED, process_values

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Labels = Mapping[str, str]
Sample = Tuple[str, Labels, float]


@dataclass(frozen=True)
class Family:
    """One metric. `samples`: suffix of the name, labels, value. `merge`: how the values of several processes become
    one: sum, min or max."""

    name: str
    kind: str
    text: str
    samples: tuple[Sample, ...]
    merge: str = "sum"

    @property
    def adds_up(self) -> bool:
        """Whether what a process that has ended counted is part of the sum."""
        return self.kind in ("counter", "histogram")

    def wire(self) -> list[Any]:
        """As JSON has it."""
        return [self.name, self.kind, self.text, self.samples, self.merge]

    @classmethod
    def of(cls, wire: list[Any]) -> Family:
        """From that."""
        name, kind, text, samples, merge = wire
        return cls(name, kind, text, tuple((suffix, labels, value) for suffix, labels, value in samples), merge)


def expose(families: Iterable[Family]) -> str:
    """As text."""
    return "".join(_written(family) for family in families)


def families(
    servers: list[ManagedServer], metrics: Metrics, adapter: str, draining: bool, account: Account | None
) -> list[Family]:
    """All metrics of this process. `adapter`: the one asked for. `account`: None where nothing is passed on."""
    events = [({"event": event, "namespace": name}, value) for (event, name), value in metrics.events.copy().items()]
    return [
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
            all(_adapter_up(server, adapter) for server in servers),
            "min",
        ),
        _counter(
            "socketio_runtime_broker_dropped_total",
            "Messages dropped because the broker was away for long",
            sum(server.broker.dropped for server in servers if server.broker),
        ),
        _gauge("socketio_runtime_draining", "1 while connections are moved elsewhere", draining, "max"),
        _family(
            "socketio_runtime_eventloop_lag_seconds",
            "gauge",
            "Time until the event loop ran a callback, at most 1 s; asyncio only",
            [({}, lag) for lag in [lag_seconds(servers)] if lag is not None],
            "max",
        ),
        *(_forwarded(account) if account else ()),
        *(
            _family(name, kind, text, [({}, value)], "min" if name == STARTED else "sum")
            for name, kind, text, value in process_values()
        ),
    ]


def _forwarded(account: Account) -> Iterator[Family]:
    counts = [({"transport": "polling", "why": why}, count) for why, count in account.counts.items()]
    text = "Requests for sessions of other pods; peer-gone: that pod did not answer"
    yield _family("socketio_runtime_forwarded_total", "counter", text, counts)
    name = "socketio_runtime_forward_seconds"
    yield Family(name, "histogram", "Time until another pod had answered a POST", tuple(account.histogram()))


def _by_namespace(counts: Counter[str]) -> list[tuple[Labels, float]]:
    return [({"namespace": name}, value) for name, value in counts.copy().items()]


def _gauge(name: str, text: str, value: float, merge: str = "sum") -> Family:
    return _family(name, "gauge", text, [({}, value)], merge)


def _counter(name: str, text: str, value: float) -> Family:
    return _family(name, "counter", text, [({}, value)])


def _family(name: str, kind: str, text: str, samples: Iterable[tuple[Labels, float]], merge: str = "sum") -> Family:
    return Family(name, kind, text, tuple(("", labels, float(value)) for labels, value in samples), merge)


def _written(family: Family) -> str:
    name = family.name
    lines = [f"# HELP {name} {family.text}", f"# TYPE {name} {family.kind}"]
    lines += [f"{name}{suffix}{_labels(labels)} {_number(value)}" for suffix, labels, value in family.samples]
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
