"""BSON, as much of it as a login and a ping need. Inner documents stay bytes: nothing recurses on a server's data."""

import struct
from collections.abc import Mapping

Value = bytes | str | int | bool | Mapping[str, "bytes | str | int | bool"]
Found = bytes | str | int | float | bool | None

# Sizes of what no login looks at: ObjectId, UTC datetime, timestamp, decimal128.
_OPAQUE = {0x07: 12, 0x09: 8, 0x11: 8, 0x13: 16}
_MOST_FIELDS = 256
_LEAST_BYTES = 5


class BsonError(ValueError):
    """A document that is malformed, or that has a type which no server answers a login with."""


def encode(fields: Mapping[str, Value]) -> bytes:
    """A document of strings, int32s, booleans, binaries (bytes) and documents of them."""
    body = b"".join(_element(name, value) for name, value in fields.items())
    return struct.pack("<i", len(body) + 5) + body + b"\0"


def _element(name: str, value: Value) -> bytes:
    key = name.encode() + b"\0"
    match value:
        case bool():
            return b"\x08" + key + bytes([value])
        case int():
            return b"\x10" + key + struct.pack("<i", value)
        case str():
            text = value.encode() + b"\0"
            return b"\x02" + key + struct.pack("<i", len(text)) + text
        case bytes():
            return b"\x05" + key + struct.pack("<iB", len(value), 0) + value
    return b"\x03" + key + encode(value)


def decode(document: bytes) -> dict[str, Found]:
    """Fields of exactly one document, 256 at most; inner documents and arrays as their bytes. Raises BsonError."""
    reader = _Reader(document)
    if reader.integer() != len(document) or document[-1] != 0:
        raise BsonError("length")
    found: dict[str, Found] = {}
    while reader.position < len(document) - 1:
        kind = reader.take(1)[0]
        name = reader.key()
        found[name] = reader.value(kind)
        if len(found) > _MOST_FIELDS:
            raise BsonError("too many fields")
    if reader.position != len(document) - 1:
        raise BsonError("overrun")
    return found


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self.position = 0

    def take(self, size: int) -> bytes:
        end = self.position + size
        if size < 0 or end > len(self._data):
            raise BsonError("length")
        taken = self._data[self.position : end]
        self.position = end
        return taken

    def integer(self) -> int:
        return int.from_bytes(self.take(4), "little", signed=True)

    def key(self) -> str:
        end = self._data.find(b"\0", self.position)
        return _text(self.take(end + 1 - self.position)[:-1])

    def value(self, kind: int) -> Found:
        match kind:
            case 1:
                return float(struct.unpack("<d", self.take(8))[0])
            case 2:
                return self._string()
            case 3 | 4:
                return self._document()
            case 5:
                return self._binary()
            case 8:
                return self.take(1) == b"\x01"
            case 10:
                return None
            case 16:
                return self.integer()
            case 18:
                return int.from_bytes(self.take(8), "little", signed=True)
        if kind not in _OPAQUE:
            raise BsonError("type")
        return self.take(_OPAQUE[kind])

    def _string(self) -> str:
        text = self.take(self.integer())
        if not text.endswith(b"\0"):
            raise BsonError("string")
        return _text(text[:-1])

    def _document(self) -> bytes:
        size = int.from_bytes(self._data[self.position : self.position + 4], "little", signed=True)
        if size < _LEAST_BYTES:
            raise BsonError("length")
        return self.take(size)

    def _binary(self) -> bytes:
        size = self.integer()
        self.take(1)
        return self.take(size)


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise BsonError("text") from None
