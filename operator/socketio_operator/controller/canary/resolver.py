"""Which addresses the operator's own client may go to."""

import ipaddress
from collections.abc import Awaitable, Callable

from socketio_operator.controller.brokers import names
from socketio_operator.controller.brokers.limits import AnsweredError
from socketio_operator.plan.broker import BrokerAnswer

Find = Callable[[str, str], Awaitable[tuple[str, ...]]]


async def reachable(host: str, namespace: str) -> tuple[str, ...]:
    """Addresses of a host, as a pod in `namespace` finds them. Raises AnsweredError if there are none to go to.

    The operator's own machine, and its node's metadata service, are no routes.
    """
    found = await names.addresses(host, namespace)
    good = tuple(address for address in found if not _is_local(address))
    if not good:
        raise AnsweredError(BrokerAnswer.SILENT)
    return good


def _is_local(address: str) -> bool:
    known = ipaddress.ip_address(address)
    if isinstance(known, ipaddress.IPv6Address) and known.ipv4_mapped:
        return _is_local(str(known.ipv4_mapped))
    return known.is_loopback or known.is_link_local
