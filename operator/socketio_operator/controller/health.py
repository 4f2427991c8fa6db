"""Liveness, readiness and metrics by HTTP.

Liveness asks whether a restart would help, so it never depends on the API server.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.aiohttp import make_aiohttp_handler

METRICS_PATH = "/metrics"
READY_PATH = "/readyz"
Verdict = Mapping[str, object]


@asynccontextmanager
async def served(
    url: str | None,
    alive: Callable[[], tuple[bool, Verdict]],
    ready: Callable[[], tuple[bool, Verdict]],
    metrics: CollectorRegistry,
) -> AsyncGenerator[None]:
    """Serves `alive` at the path of `url`, `ready` at /readyz and `metrics` at /metrics; nothing without a URL."""
    if url is None:
        yield
        return
    place = urlsplit(url)
    app = web.Application()
    app.router.add_get(place.path or "/healthz", _handler(alive))
    app.router.add_get(READY_PATH, _handler(ready))
    app.router.add_get(METRICS_PATH, make_aiohttp_handler(metrics))
    # Each probe in a log is noise that hides what matters.
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, place.hostname, place.port).start()
    try:
        yield
    finally:
        await runner.cleanup()


def _handler(judge: Callable[[], tuple[bool, Verdict]]) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(request: web.Request) -> web.StreamResponse:
        well, details = judge()
        return web.json_response(dict(details), status=200 if well else 503)

    return answer
