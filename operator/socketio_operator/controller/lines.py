"""Lines of a stream that never ends, each of a limited length."""

from collections.abc import AsyncGenerator

import aiohttp


async def lines(stream: aiohttp.StreamReader, limit: int) -> AsyncGenerator[bytes]:
    """Whole lines without their ends, as they arrive. Raises ValueError on one of more than `limit` bytes."""
    buffer, searched = bytearray(), 0
    async for chunk in stream.iter_any():
        buffer += chunk
        while (end := buffer.find(b"\n", searched)) >= 0:
            yield bytes(buffer[:end])
            del buffer[: end + 1]
            searched = 0
        searched = len(buffer)
        if searched > limit:
            raise ValueError(f"a line of more than {limit} bytes")
