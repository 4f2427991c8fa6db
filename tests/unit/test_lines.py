"""Lines and answers of a stream whose lengths others decide."""

import asyncio
from collections.abc import Sequence
from unittest.mock import Mock

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from socketio_operator.controller.lines import lines, whole

# A task that nobody holds may vanish.
feeding: list[asyncio.Task[None]] = []


async def stream_of(parts: Sequence[bytes]) -> aiohttp.StreamReader:
    stream = aiohttp.StreamReader(Mock(_reading_paused=False), 2**16, loop=asyncio.get_running_loop())

    async def feed() -> None:
        for part in parts:
            stream.feed_data(part)
            await asyncio.sleep(0)
        stream.feed_eof()

    feeding.append(asyncio.create_task(feed()))
    return stream


def read(parts: Sequence[bytes], limit: int) -> list[bytes | None]:
    async def main() -> list[bytes | None]:
        return [line async for line in lines(await stream_of(parts), limit)]

    return asyncio.run(main())


@given(st.lists(st.binary(max_size=5).filter(lambda text: b"\n" not in text), max_size=5), st.integers(1, 7))
def test_lines_are_whole_however_they_arrive(texts: list[bytes], size: int) -> None:
    sent = b"".join(text + b"\n" for text in texts)
    assert read([sent[at : at + size] for at in range(0, len(sent), size)], 100) == texts


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_a_line_too_long_is_passed_over_and_the_next_is_read(size: int) -> None:
    sent = b"first\n" + b"x" * 500 + b"\nlast\n"
    found = read([sent[at : at + size] for at in range(0, len(sent), size)], 50)
    assert found == [b"first", None, b"last"]


def test_an_answer_too_large_is_not_read() -> None:
    async def main() -> tuple[bytes | None, bytes | None]:
        return await whole(await stream_of([b"a" * 10] * 10), 100), await whole(await stream_of([b"a" * 11] * 10), 100)

    assert asyncio.run(main()) == (b"a" * 100, None)
