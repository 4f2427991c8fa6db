"""Asks an external Redis PING, as the apps would: URL, TLS and AUTH are the user's. Of a database only the URL is read.

What is told about the answer is one of a few fixed sentences: the text of a foreign server, or of the
URL with its password, never reaches the status.
"""

import redis.asyncio as redis
from redis.exceptions import AuthenticationError, ConnectionError, RedisError, TimeoutError

from socketio_operator.desired.adapters import AdapterKind
from socketio_operator.plan.observed import Problem

ANSWER_SECONDS = 3.0


_EXAMPLES = {
    "redis": "redis://[user:password@]host:port or rediss://...",
    "postgres": "postgres://user:password@host:port/database",
    "mongodb": "mongodb://user:password@host:port/database?replicaSet=...",
}


async def ask(url: str, adapter: AdapterKind, where: str) -> Problem | None:
    """None if the broker answers; else what is wrong. `where` names the Secret and key, for people."""
    example = adapter.schemes[0]
    if url.strip().partition("://")[0] not in adapter.schemes:
        return _invalid(example, where)
    return await _ping(url, where) if example == "redis" else None


def _invalid(example: str, where: str) -> Problem:
    return Problem("BrokerUrlInvalid", f"{where} is not a {example} URL; write {_EXAMPLES[example]}.")


async def _ping(url: str, where: str) -> Problem | None:
    try:
        client = redis.Redis.from_url(
            url.strip(), socket_timeout=ANSWER_SECONDS, socket_connect_timeout=ANSWER_SECONDS, retry=None
        )
    except ValueError:
        return _invalid("redis", where)
    try:
        await client.ping()
    except AuthenticationError:
        return Problem("BrokerAuthFailed", f"The broker refuses user or password of the URL in {where}.")
    except (TimeoutError, ConnectionError, OSError):
        return Problem(
            "BrokerNotReady", f"The broker does not answer at the URL in {where}; the operator keeps asking."
        )
    except RedisError:
        return Problem("BrokerNotReady", f"The broker at the URL in {where} answers PING with an error.")
    finally:
        await client.aclose()
    return None
