"""DNS without threads: a slow name server of one tenant holds up nobody else's lookup.

A lookup has a c-ares channel of its own. It ends with the lookup, so that no answer stays in c-ares's cache (which has
no bound), and no thread or inotify watch is needed.
"""

import asyncio
import ipaddress
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pycares

from socketio_operator.controller.brokers.limits import AnsweredError
from socketio_operator.plan.broker import BrokerAnswer

RESOLV_CONF = Path("/etc/resolv.conf")
_FAMILY_ADDRESSES = 2
_MOST_TARGETS = 5
# As glibc.
_MOST_SERVERS = 3
_QUERY_SECONDS = 1.0
_TRIES = 2
_TICK_SECONDS = 0.1
# ARES_AI_NOSORT, which pycares does not name: sorting opens a socket for each of a hostile answer's addresses.
_UNSORTED = 1 << 7
_SERVICE_DOMAIN = re.compile(r"[a-z0-9-]+(\.svc\..+|\.svc)")


async def addresses(host: str, namespace: str | None) -> tuple[str, ...]:
    """IP addresses of a name or literal, IPv4 first, at most two of a family. Raises AnsweredError if there are none.

    Short names are those of pods in `namespace`, whatever namespace the operator runs in.
    """
    with suppress(ValueError):
        return _usable([host])
    found = await _Lookup(namespace).run(
        lambda channel, callback: channel.getaddrinfo(host, None, type=1, flags=_UNSORTED, callback=callback)
    )
    return _usable([_text(node.addr[0]) for node in found.nodes])


async def servers(name: str) -> tuple[tuple[str, int], ...]:
    """Hosts and ports of MongoDB's SRV records, at most five, all under the name's own parent domain."""
    found = await _query(f"_mongodb._tcp.{name}", pycares.QUERY_TYPE_SRV)
    parent = "." + name.rstrip(".").partition(".")[2].lower()
    targets = [(data.target.rstrip(".").lower(), data.port) for data in found]
    if not targets or not all(host.endswith(parent) and port for host, port in targets):
        raise AnsweredError(BrokerAnswer.FOREIGN if targets else BrokerAnswer.SILENT)
    return tuple(targets[:_MOST_TARGETS])


async def auth_source(name: str) -> str:
    """The `authSource` of MongoDB's TXT record; empty if there is none."""
    try:
        found = await _query(name, pycares.QUERY_TYPE_TXT)
    except AnsweredError:
        return ""
    options = b"&".join(data.data for data in found[:1]).split(b"&")
    known = [value for key, _, value in (option.partition(b"=") for option in options) if key.lower() == b"authsource"]
    return known[0].decode() if known and re.fullmatch(rb"[A-Za-z0-9_$-]{1,64}", known[0]) else ""


async def _query(name: str, kind: int) -> list[Any]:
    """Data of the answer's records of this type."""
    found = await _Lookup(None).run(lambda channel, callback: channel.query(name, kind, callback=callback))
    return [record.data for record in found.answer if record.type == kind]


def _usable(found: list[str]) -> tuple[str, ...]:
    """Literals that a connection can go to. Raises ValueError if one is no literal, AnsweredError if none is left."""
    known = [ipaddress.ip_address(text) for text in dict.fromkeys(found)]
    good = [address for address in known if not (address.is_multicast or address.is_unspecified)]
    if not good:
        raise AnsweredError(BrokerAnswer.SILENT)
    families = ([address for address in good if address.version == version] for version in (4, 6))
    return tuple(str(address) for family in families for address in family[:_FAMILY_ADDRESSES])


def _text(address: bytes | str) -> str:
    return address.decode("ascii") if isinstance(address, bytes) else address


def _configuration(namespace: str | None) -> dict[str, Any]:
    """Servers, search domains and ndots for c-ares, as a pod in `namespace` has them; else c-ares's own.

    Not by pycares's `resolvconf_path`: version 5.2.1 frees that text before c-ares reads it.
    """
    try:
        lines = [line.split() for line in RESOLV_CONF.read_text().splitlines()]
    except (OSError, UnicodeDecodeError):
        return {}
    said = [(words[0], words[1:]) for words in lines if len(words) > 1]
    found: dict[str, Any] = {}
    if listed := [values[0] for key, values in said if key == "nameserver"]:
        found["servers"] = listed[:_MOST_SERVERS]
    if searched := [values for key, values in said if key == "search"]:
        found["domains"] = _searched(searched[-1], namespace)
    for option in (value for key, values in said if key == "options" for value in values):
        if dots := re.fullmatch("ndots:([0-9]{1,2})", option):
            found["ndots"] = int(dots.group(1))
    return found


def _searched(domains: list[str], namespace: str | None) -> list[str]:
    """The first domain of a pod in a cluster is that of its namespace."""
    own = _SERVICE_DOMAIN.fullmatch(domains[0]) if namespace else None
    return [f"{namespace}{own.group(1)}", *domains[1:]] if own else domains


class _Lookup:
    """One question to the name servers of /etc/resolv.conf, on the running event loop."""

    def __init__(self, namespace: str | None) -> None:
        self._loop = asyncio.get_running_loop()
        self._over = False
        self._reading: set[int] = set()
        self._writing: set[int] = set()
        try:
            self._channel = pycares.Channel(
                timeout=_QUERY_SECONDS, tries=_TRIES, sock_state_cb=self._watch, **_configuration(namespace)
            )
        except pycares.AresError:
            raise AnsweredError(BrokerAnswer.SILENT) from None

    async def run(self, question: Callable[[pycares.Channel, Callable[[Any, int | None], None]], None]) -> Any:
        """pycares's result. Raises AnsweredError if there is none."""
        answer: asyncio.Future[Any] = self._loop.create_future()

        def told(result: Any, error: int | None) -> None:
            if not self._over and not answer.done():
                answer.set_result(None if error else result)

        try:
            question(self._channel, told)
            while not answer.done():
                await asyncio.wait([answer], timeout=_TICK_SECONDS)
                self._process(pycares.ARES_SOCKET_BAD, pycares.ARES_SOCKET_BAD)
        except (pycares.AresError, UnicodeError):
            raise AnsweredError(BrokerAnswer.SILENT) from None
        finally:
            self._close()
        if (found := answer.result()) is None:
            raise AnsweredError(BrokerAnswer.SILENT)
        return found

    def _process(self, readable: int, writable: int) -> None:
        if not self._over:
            self._channel.process_fd(readable, writable)

    def _watch(self, descriptor: int, readable: bool, writable: bool) -> None:
        # After the end this is called in another thread, for descriptors that the loop has let go already.
        if self._over:
            return
        bad = pycares.ARES_SOCKET_BAD
        if readable:
            self._loop.add_reader(descriptor, self._process, descriptor, bad)
            self._reading.add(descriptor)
        elif descriptor in self._reading:
            self._loop.remove_reader(descriptor)
            self._reading.discard(descriptor)
        if writable:
            self._loop.add_writer(descriptor, self._process, bad, descriptor)
            self._writing.add(descriptor)
        elif descriptor in self._writing:
            self._loop.remove_writer(descriptor)
            self._writing.discard(descriptor)

    def _close(self) -> None:
        self._channel.cancel()
        self._over = True
        for descriptor in self._reading:
            self._loop.remove_reader(descriptor)
        for descriptor in self._writing:
            self._loop.remove_writer(descriptor)
        self._channel.close()
