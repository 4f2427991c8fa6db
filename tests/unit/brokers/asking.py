"""One probe of a URL, as the operator makes it."""

import asyncio

from socketio_operator.controller.brokers import Limits, ask
from socketio_operator.controller.brokers.wire import tls_context
from socketio_operator.desired.adapters import ADAPTERS
from socketio_operator.desired.broker_url import parse
from socketio_operator.plan.broker import BrokerAnswer
from tests.cluster.certificates import Authority

SCHEMES = tuple({scheme: None for adapter in ADAPTERS.values() for scheme in adapter.schemes})
# Real servers on a busy machine.
PATIENT = Limits(seconds=20.0)


async def asked(url: str, limits: Limits = PATIENT) -> BrokerAnswer:
    """The answer at a URL of any kind."""
    return await ask(parse(url, SCHEMES), limits=limits)


def answer(url: str, limits: Limits = PATIENT) -> BrokerAnswer:
    """The same on an event loop of its own."""
    return asyncio.run(asked(url, limits))


def trust(authority: Authority) -> None:
    """Lets verified connections of this process trust an authority, as one of the system's."""
    tls_context(True).load_verify_locations(authority.pair.certificate)
