"""Optional kinds come and go while the operator runs, and an API server that does not answer says nothing of them."""

import asyncio
from typing import Any

import aiohttp

from socketio_operator.controller import served as module
from socketio_operator.controller.served import ServedKinds
from socketio_operator.desired.kinds import Kind

A = Kind("a.example/v1", "A", "as", install="the CRDs of A")
B = Kind("a.example/v1", "B", "bs", install="the CRDs of B")
C = Kind("c.example/v1", "C", "cs", install="the CRDs of C")


class Groups:
    """What an API server serves, by version of a group; an error is raised."""

    def __init__(self, **served: Any) -> None:
        self.served, self.asked = served, 0

    async def resources(self, version: str) -> frozenset[str]:
        self.asked += 1
        found = self.served.get(version[0], frozenset())
        if isinstance(found, Exception):
            raise found
        return frozenset(found)


class Watch:
    """A reflector; one that is `listed` synchronizes at once."""

    def __init__(self, kind: Kind, listed: bool = True) -> None:
        self.kind, self.listed, self.ended = kind, listed, False
        self.synced, self.is_unknown = asyncio.Event(), False

    async def run(self) -> None:
        if self.listed:
            self.synced.set()
        try:
            await asyncio.sleep(3600)
        finally:
            self.ended = True


class Rig:
    def __init__(self, listed: bool = True, **served: Any) -> None:
        self.api, self.watches, self.gone, self.changes = Groups(**served), [], [], 0  # type: ignore[var-annotated]
        self._listed, self.is_awaited = listed, False
        self.kinds = ServedKinds(
            self.api,  # type: ignore[arg-type]
            (A, B, C),
            self._watch,  # type: ignore[arg-type]
            self.gone.append,
            self._count,
            lambda: self.is_awaited,
        )

    def _watch(self, kind: Kind) -> list[Watch]:
        self.watches.append(Watch(kind, self._listed))
        return self.watches[-1:]

    def _count(self) -> None:
        self.changes += 1


def test_only_what_is_served_is_watched() -> None:
    async def main() -> None:
        rig = Rig(a={"as", "as/status"})
        await rig.kinds.begin()
        assert rig.kinds.unserved == {"B", "C"}
        assert [watch.kind for watch in rig.watches] == [A]
        assert rig.api.asked == 2, "once for each version of a group"
        await rig.kinds.stop()
        assert rig.watches[0].ended

    asyncio.run(main())


def test_what_comes_is_watched_and_what_goes_is_forgotten() -> None:
    async def main() -> None:
        rig = Rig()
        await rig.kinds.begin()
        assert (set(rig.kinds.unserved), rig.changes) == ({"A", "B", "C"}, 0)
        rig.api.served = {"a": {"as", "bs"}}
        assert await rig.kinds.look()
        assert (set(rig.kinds.unserved), rig.changes) == ({"C"}, 1)
        assert await rig.kinds.look()
        assert rig.changes == 1, "nothing has changed"
        rig.api.served = {"a": {"bs"}, "c": {"cs"}}
        await rig.kinds.look()
        assert (set(rig.kinds.unserved), rig.gone, rig.changes) == ({"A"}, [A], 2)
        assert {watch.kind: watch.ended for watch in rig.watches} == {A: True, B: False, C: False}
        await rig.kinds.stop()

    asyncio.run(main())


def test_no_answer_changes_nothing_and_is_not_taken_for_absence_at_the_start(monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.01)

    async def main() -> None:
        rig = Rig(a={"as"}, c=aiohttp.ClientError())
        begun = asyncio.create_task(rig.kinds.begin())
        await asyncio.sleep(0.05)
        assert not begun.done()
        rig.api.served["c"] = {"cs"}
        await asyncio.wait_for(begun, 1)
        assert rig.kinds.unserved == {"B"}
        rig.api.served = {"a": aiohttp.ClientError(), "c": TimeoutError()}
        assert not await rig.kinds.look()
        assert (set(rig.kinds.unserved), rig.gone) == ({"B"}, [])
        await rig.kinds.stop()

    asyncio.run(main())


def test_a_kind_that_cannot_be_listed_holds_up_nothing(monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "LIST_SECONDS", 0.01)

    async def main() -> None:
        rig = Rig(listed=False, a={"as"})
        await asyncio.wait_for(rig.kinds.begin(), 1)
        assert rig.kinds.unserved == {"B", "C"}
        await rig.kinds.stop()

    asyncio.run(main())


def test_one_who_begins_to_wait_waits_for_the_short_pause_alone(monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "AWAITED_SECONDS", 0.01)

    async def main() -> None:
        rig = Rig()
        await rig.kinds.begin()
        running, asked = asyncio.create_task(rig.kinds.run()), rig.api.asked
        await asyncio.sleep(0.1)
        assert rig.api.asked == asked, "nobody waits, and a minute is not over"
        rig.is_awaited = True
        await asyncio.sleep(0.1)
        assert rig.api.asked > asked
        running.cancel()
        await rig.kinds.stop()

    asyncio.run(main())


def test_a_watch_that_hears_of_no_such_kind_is_a_reason_to_look(monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "AWAITED_SECONDS", 0.01)

    async def main() -> None:
        rig = Rig(a={"as"})
        await rig.kinds.begin()
        running = asyncio.create_task(rig.kinds.run())
        rig.api.served = {}
        rig.watches[0].is_unknown = True
        await asyncio.sleep(0.1)
        assert (set(rig.kinds.unserved), rig.gone) == ({"A", "B", "C"}, [A])
        running.cancel()
        await rig.kinds.stop()

    asyncio.run(main())
