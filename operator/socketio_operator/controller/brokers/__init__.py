"""Asks an external broker whether it answers and takes the credentials of its URL.

URL, names, answers and timing are a tenant's, so the protocols are spoken here and not by client libraries: those
read as much as a server sends, follow what options of the URL and the server say, and compute as many rounds of PBKDF2
as they are asked for.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from socketio_operator.controller.brokers import mongodb, postgres, redis
from socketio_operator.controller.brokers.limits import AnsweredError, Limits
from socketio_operator.controller.brokers.wire import Talk, ask_hosts, most_telling
from socketio_operator.desired.broker_url import SRV_SCHEME, BrokerAddress
from socketio_operator.plan.broker import BrokerAnswer


@dataclass(frozen=True, slots=True)
class Protocol:
    """How a scheme's servers are asked.

    `located`: finds the hosts where the URL does not list them. `fallback`: a second way if the first is FOREIGN and
    the URL does not insist on TLS.
    """

    talk: Talk
    located: Callable[[BrokerAddress], Awaitable[BrokerAddress]] | None = None
    fallback: Talk | None = None


_POSTGRES = Protocol(postgres.talk, fallback=postgres.talk_in_clear)
PROTOCOLS: dict[str, Protocol] = {
    "redis": Protocol(redis.talk),
    "rediss": Protocol(redis.talk),
    "postgres": _POSTGRES,
    "postgresql": _POSTGRES,
    "mongodb": Protocol(mongodb.talk),
    SRV_SCHEME: Protocol(mongodb.talk, located=mongodb.located),
}
_LIMITS = Limits()


async def ask(address: BrokerAddress, namespace: str | None = None, limits: Limits = _LIMITS) -> BrokerAnswer:
    """The answer, within `limits.seconds` in all. Raises nothing but CancelledError.

    `namespace`: short names of hosts are those of its pods; None: those of the operator's own.
    """
    protocol = PROTOCOLS[address.scheme]
    deadline = asyncio.get_running_loop().time() + limits.seconds
    try:
        if protocol.located:
            async with asyncio.timeout_at(deadline):
                address = await protocol.located(address)
    except AnsweredError as over:
        return over.answer
    except TimeoutError:
        return BrokerAnswer.SILENT
    answer = await ask_hosts(address, protocol.talk, limits, deadline, namespace)
    if answer is BrokerAnswer.FOREIGN and protocol.fallback and not address.tls:
        return most_telling(answer, await ask_hosts(address, protocol.fallback, limits, deadline, namespace))
    return answer


__all__ = ["BrokerAnswer", "Limits", "ask"]
