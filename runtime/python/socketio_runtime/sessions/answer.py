"""What another pod answers, read without doing any I/O: bytes go in, an answer comes out."""

from __future__ import annotations

from dataclasses import dataclass, field

HEAD_BYTES = 65536
LEFT_OUT = frozenset(
    ("connection", "keep-alive", "transfer-encoding", "content-length", "trailer", "upgrade", "date", "server")
)
EMPTY = (204, 304)


class BadAnswerError(Exception):
    """It is no HTTP/1.1, or larger than allowed."""


@dataclass
class Answer:
    """`status`: as WSGI has it, "200 OK". `headers`: without those that belong to one connection or its server."""

    status: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    @property
    def code(self) -> int:
        """The number of the status."""
        return int(self.status[:3])


class AnswerReader:
    """Reads one answer of at most `limit` bytes. `kept`: whether the connection can be used again afterwards."""

    def __init__(self, limit: int) -> None:
        self.kept = False
        self._limit = limit
        self._input = bytearray()
        self._body = bytearray()
        self._head: Answer | None = None
        # bytes of the body, or of its present chunk, still to come; None: until the connection ends
        self._left: int | None = 0
        self._chunked = False

    def feed(self, data: bytes) -> Answer | None:
        """The answer once it is complete. Empty data is the end of the connection."""
        self._input += data
        if len(self._input) + len(self._body) > self._limit:
            raise BadAnswerError("too large")
        while self._head is None:
            if not self._read_head():
                return _wait_for_more(data)
        complete = self._read_chunks() if self._chunked else self._read_body(ended=not data)
        if not complete:
            return _wait_for_more(data)
        self.kept = self.kept and not self._input
        self._head.body = bytes(self._body)
        return self._head

    def _read_head(self) -> bool:
        head, end, _ = bytes(self._input[:HEAD_BYTES]).partition(b"\r\n\r\n")
        if not end:
            if len(self._input) >= HEAD_BYTES:
                raise BadAnswerError("head too large")
            return False
        del self._input[: len(head) + 4]
        line, *lines = head.decode("latin-1").split("\r\n")
        protocol, _, status = line.partition(" ")
        if not protocol.startswith("HTTP/1.") or not status[:3].isdecimal() or len(status) < 3:
            raise BadAnswerError("no HTTP/1.1")
        answer = Answer(status if len(status) > 4 else f"{status[:3]} Answer", [_header(text) for text in lines])
        if 100 <= answer.code < 200 and answer.code != 101:
            return True  # an interim answer, the real one follows
        self._begin(answer, protocol)
        return True

    def _begin(self, answer: Answer, protocol: str) -> None:
        headers = {name.lower(): value.strip() for name, value in answer.headers}
        connection = headers.get("connection", "").lower()
        self.kept = "keep-alive" in connection if protocol == "HTTP/1.0" else "close" not in connection
        self._chunked = headers.get("transfer-encoding", "").lower() == "chunked"
        if answer.code in EMPTY or answer.code == 101:
            self._left = 0
        elif "content-length" in headers and not self._chunked:
            self._left = _number(headers["content-length"], 10)
        elif not self._chunked:
            self._left, self.kept = None, False
        answer.headers = [(name, value) for name, value in answer.headers if name.lower() not in LEFT_OUT]
        self._head = answer

    def _read_body(self, ended: bool) -> bool:
        taken = len(self._input) if self._left is None else min(self._left, len(self._input))
        self._body += self._input[:taken]
        del self._input[:taken]
        if self._left is None:
            return ended
        self._left -= taken
        return self._left == 0

    # the line of a size; then, with the last one, lines of trailers up to an empty one
    def _read_chunks(self) -> bool:
        while True:
            if self._left:
                self._read_body(ended=False)
                if self._left:
                    return False
            end = self._input.find(b"\r\n")
            if end < 0:
                return False
            line = self._input[:end].decode("latin-1")
            del self._input[: end + 2]
            if self._left is None and not line:
                return True
            if self._left == 0 and line:  # an empty one ends the chunk before
                self._left = _number(line.partition(";")[0].strip(), 16) or None


def _wait_for_more(data: bytes) -> Answer | None:
    if not data:
        raise BadAnswerError("the connection ended")
    return None


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        raise BadAnswerError("a malformed header")
    return name, value.strip()


def _number(text: str, base: int) -> int:
    try:
        value = int(text, base)
    except ValueError:
        raise BadAnswerError("a malformed size") from None
    if value < 0:
        raise BadAnswerError("a malformed size")
    return value
