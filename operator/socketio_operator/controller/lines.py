"""What is read of a stream, in limited pieces: others decide how long lines and answers are."""

from collections.abc import AsyncGenerator

import aiohttp


async def lines(stream: aiohttp.StreamReader, limit: int) -> AsyncGenerator[bytes | None]:
    """Whole lines without their ends, as they arrive; None in place of one of more than `limit` bytes."""
    buffer, searched, skipping = bytearray(), 0, False
    async for chunk in stream.iter_any():
        buffer += chunk
        while (end := buffer.find(b"\n", searched)) >= 0:
            yield None if skipping or end > limit else bytes(buffer[:end])
            del buffer[: end + 1]
            searched, skipping = 0, False
        searched = len(buffer)
        if searched > limit:
            buffer.clear()
            searched, skipping = 0, True


async def whole(stream: aiohttp.StreamReader, limit: int) -> bytes | None:
    """All that is left of a stream; None if it is more than `limit` bytes, of which no more are read."""
    buffer = bytearray()
    async for chunk in stream.iter_any():
        buffer += chunk
        if len(buffer) > limit:
            return None
    return bytes(buffer)
