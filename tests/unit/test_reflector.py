"""A watch outlives whatever comes over it, and goes on from where it was."""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from typing import Any

import aiohttp
import pytest

from socketio_operator.controller import reflector as module
from socketio_operator.controller.errors import ApiError
from socketio_operator.controller.key import Key
from socketio_operator.controller.reflector import Reflector
from socketio_operator.controller.shelves import shelf
from socketio_operator.controller.store import Store
from socketio_operator.desired.kinds import CHILD_KINDS

CONFIG_MAPS = CHILD_KINDS["ConfigMap"]


def live(name: str, version: int, **meta: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "team", "resourceVersion": str(version), **meta}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}


class Script:
    """An API server that answers each watch as the script says: events, or an error to raise at its end."""

    def __init__(self, *watches: list[Any]) -> None:
        self.watches, self.lists, self.began_at = list(watches), 0, []  # type: ignore[var-annotated]
        self.done = asyncio.Event()

    async def pages(self, *_: Any, **__: Any) -> AsyncGenerator[tuple[list[dict[str, Any]], str]]:
        self.lists += 1
        yield [live("listed", 1)], "10"

    async def watch(self, kind: Any, namespace: Any, selector: Any, version: str, seconds: int) -> AsyncGenerator[Any]:
        self.began_at.append(version)
        if not self.watches:
            self.done.set()
            await asyncio.sleep(3600)
        for event in self.watches.pop(0):
            if isinstance(event, Exception):
                raise event
            yield event


class Shelf:
    """Keeps names; one named `odd` cannot be understood."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def put(self, item: dict[str, Any]) -> Iterable[Key]:
        if item["metadata"]["name"] == "odd":
            raise KeyError("spec")
        self.names.add(item["metadata"]["name"])
        return (Key("team", item["metadata"]["name"]),)

    def drop(self, item: dict[str, Any]) -> Iterable[Key]:
        self.names.discard(item["metadata"]["name"])
        return ()

    def compare(self, listed: list[dict[str, Any]]) -> Iterable[Key]:
        return (Key("team", "compared"),)

    def begin(self) -> None:
        pass

    def take(self, item: dict[str, Any]) -> None:
        self.put(item)

    def finish(self, version: int) -> Iterable[Key]:
        return ()


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETRY_SECONDS", (0.0,))
    monkeypatch.setattr(module, "COMPARE_SECONDS", 0.01)


def played(*watches: list[Any]) -> tuple[Script, Shelf, list[Key]]:
    async def main() -> tuple[Script, Shelf, list[Key]]:
        script, shelf, changed = Script(*watches), Shelf(), list[Key]()
        running = asyncio.create_task(Reflector(script, shelf, CONFIG_MAPS, None, changed.append).run())  # type: ignore[arg-type]
        async with asyncio.timeout(5):
            await script.done.wait()
            await asyncio.sleep(0.05)
        assert not running.done()
        running.cancel()
        return script, shelf, changed

    return asyncio.run(main())


def test_a_broken_watch_goes_on_from_its_last_event() -> None:
    script, shelf, _ = played([("ADDED", live("a", 11)), ("ADDED", live("b", 12)), aiohttp.ClientPayloadError()])
    assert (script.lists, script.began_at) == (1, ["10", "12"])
    assert shelf.names == {"listed", "a", "b"}


@pytest.mark.parametrize(
    "error", [ApiError(410, "Expired", "too old"), ValueError("not JSON"), RuntimeError("whatever"), KeyError("object")]
)
def test_what_is_unexpected_begins_with_a_list(error: Exception) -> None:
    script, _, _ = played([("ADDED", live("a", 11)), error])
    assert (script.lists, script.began_at) == (2, ["10", "10"])


def test_a_refusal_that_may_pass_begins_with_no_list() -> None:
    script, _, _ = played([("ADDED", live("a", 11)), ApiError(503, "ServiceUnavailable", "starting")])
    assert (script.lists, script.began_at) == (1, ["10", "11"])


def test_the_api_server_says_how_long_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    real = asyncio.sleep

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await real(0 if seconds < 100 else seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    played([ApiError(429, "TooManyRequests", "busy", retry_after=7.0)])
    assert [seconds for seconds in slept if 7.0 <= seconds <= 9.0]


def test_one_object_that_cannot_be_understood_is_left_out() -> None:
    script, shelf, _ = played([("ADDED", live("odd", 11)), ("ADDED", live("a", 12))])
    assert script.lists == 1
    assert shelf.names == {"listed", "a"}


def test_an_event_too_long_to_be_read_is_looked_after() -> None:
    script, _, changed = played([("UNREAD", {}), ("UNREAD", {}), ("ADDED", live("a", 12))])
    assert changed.count(Key("team", "compared")) == 1
    assert script.lists == 2, "one more, of metadata alone"


class Interrupted(Script):
    """Of its first list a page is missing, and one of its objects is gone when it is asked again."""

    async def pages(self, *_: Any, **__: Any) -> AsyncGenerator[tuple[list[dict[str, Any]], str]]:
        self.lists += 1
        yield [live("stays", 2, uid="s", ownerReferences=[OWNER])], "10"
        if self.lists == 1:
            yield [live("goes", 1, uid="g", ownerReferences=[OWNER])], "10"
            raise aiohttp.ClientPayloadError


OWNER = {"controller": True, "kind": "SocketIOCluster", "name": "chat", "uid": "u"}


def test_of_a_list_that_broke_off_nothing_is_kept() -> None:
    async def main() -> list[str]:
        script, store = Interrupted(), Store()
        reflector = Reflector(script, shelf(store, CONFIG_MAPS, None), CONFIG_MAPS, None, lambda key: None)  # type: ignore[arg-type]
        running = asyncio.create_task(reflector.run())
        async with asyncio.timeout(5):
            await script.done.wait()
        running.cancel()
        return [ref.name for ref in store.children(Key("team", "chat"))]

    assert asyncio.run(main()) == ["stays"]
