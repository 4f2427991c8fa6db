"""A client of the operator's own tries a route: whether each request of a session finds it, and how far it gets.

Where it goes, and what is said there, is a tenant's. So the few packets are written and read here and not by
python-socketio's client: that (5.18) reads as much as a server sends, follows it wherever it redirects, leaves tasks
behind that poll on, and does not say which request found no session.
"""

import asyncio

from socketio_operator.controller.brokers.limits import AnsweredError
from socketio_operator.controller.canary.connection import Connection, ForeignError, LostError, SilentError, connected
from socketio_operator.controller.canary.packets import Conversation, Transport
from socketio_operator.controller.canary.polling import Polling
from socketio_operator.controller.canary.resolver import Find, reachable
from socketio_operator.controller.canary.websocket import opened, upgraded
from socketio_operator.plan.entrance import Route
from socketio_operator.plan.passage import CanaryReport, Passage

# Each is two requests more that must find the session: without affinity one of two pods would know all of them once in
# 256 visits.
QUESTIONS = 3
VISIT_SECONDS = 8.0


async def visit(route: Route, proof: str, find: Find = reachable) -> CanaryReport:
    """What two sessions show, within VISIT_SECONDS. Raises nothing but CancelledError.

    `find`: the addresses that a host may be reached at.
    """
    try:
        async with asyncio.timeout(VISIT_SECONDS):
            async with connected(route, await find(route.host, route.namespace)) as connection:
                return await _visit(connection, route, proof)
    except LostError:
        return CanaryReport(Passage.LOST)
    except ForeignError:
        return CanaryReport(Passage.FOREIGN)
    except (SilentError, AnsweredError, TimeoutError):
        return CanaryReport(Passage.SILENT)


async def _visit(connection: Connection, route: Route, proof: str) -> CanaryReport:
    if "polling" not in route.transports:
        async with opened(connection) as first:
            return await _meet(connection, await _joined(first, proof), None, proof)
    async with Polling.opened(connection) as polling:
        session = await _joined(polling, proof)
        for _ in range(QUESTIONS):
            await session.where()
        if "websocket" not in route.transports:
            return CanaryReport(Passage.FOUND)
        async with upgraded(connection, polling.sid) as transport:
            if transport is None:
                return CanaryReport(Passage.FOUND, upgraded=False)
            polling.leave()
            return await _meet(connection, session.over(transport), True, proof)


async def _meet(connection: Connection, first: Conversation, upgrade: bool | None, proof: str) -> CanaryReport:
    """A second session, and whether the first hears it from another pod."""
    async with opened(connection) as transport:
        second = await _joined(transport, proof)
        apart = await first.where() != await second.where()
        return CanaryReport(Passage.FOUND, upgrade, await second.is_heard_by(first) if apart else None)


async def _joined(transport: Transport, proof: str) -> Conversation:
    conversation = Conversation(transport)
    await conversation.join(proof)
    return conversation
