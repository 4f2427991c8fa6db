"""BSON of a login, and of servers that send what is none."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socketio_operator.controller.brokers.bson import BsonError, Value, decode, encode

FIELDS: st.SearchStrategy[Value] = st.one_of(st.text(), st.binary(), st.booleans(), st.integers(-(2**31), 2**31 - 1))


def document(*elements: bytes) -> bytes:
    body = b"".join(elements)
    return struct.pack("<i", len(body) + 5) + body + b"\0"


def test_the_example_of_the_specification() -> None:
    hello = b"\x16\x00\x00\x00\x02hello\x00\x06\x00\x00\x00world\x00\x00"
    assert encode({"hello": "world"}) == hello
    assert decode(hello) == {"hello": "world"}


@given(st.dictionaries(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), FIELDS))
def test_what_is_encoded_comes_back(fields: dict[str, Value]) -> None:
    assert decode(encode(fields)) == fields


def test_types_of_a_servers_reply() -> None:
    inner = document(b"\x100\x00\x01\x00\x00\x00")
    found = decode(
        document(
            b"\x01ok\0" + struct.pack("<d", 1.0),
            b"\x04list\0" + inner,
            b"\x03more\0" + encode({"a": 1}),
            b"\x07id\0" + b"i" * 12,
            b"\x09at\0" + b"t" * 8,
            b"\x11ts\0" + b"s" * 8,
            b"\x0anone\0",
            b"\x12long\0" + struct.pack("<q", -(2**40)),
        )
    )
    assert found["ok"] == 1
    assert decode(bytes(found["list"]) if isinstance(found["list"], bytes) else b"") == {"0": 1}
    assert (found["none"], found["long"]) == (None, -(2**40))
    assert len(found) == 8


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x05\0\0",
        b"\x05\0\0\0\x01",
        b"\x06\0\0\0\0",
        b"\xff\xff\xff\xff\0",
        document(b"\x02a\0\xff\xff\xff\xff"),
        document(b"\x02a\0\xff\xff\xff\x7f"),
        document(b"\x02a\0\0\0\0\0"),
        document(b"\x02a\0\x02\0\0\0bb"),
        document(b"\x02a\0\x02\0\0\0\xff\0"),
        document(b"\x05a\0\xf0\xff\xff\xff\0"),
        document(b"\x03a\0\xf0\xff\xff\xff"),
        document(b"\x03a\0\0\0\0\0"),
        document(b"\x03a\0"),
        document(b"\x0aa"),
        document(b"\x0a\xff\0"),
        document(b"\x0da\0"),
        document(*(b"\x0a%d\0" % number for number in range(300))),
    ],
)
def test_what_is_none(data: bytes) -> None:
    with pytest.raises(BsonError):
        decode(data)


@given(st.one_of(st.binary(), st.lists(st.binary()).map(lambda parts: document(*parts))))
def test_any_bytes_are_a_document_or_an_error(data: bytes) -> None:
    try:
        decode(data)
    except BsonError:
        return
    assert struct.unpack_from("<i", data)[0] == len(data)


def test_nesting_costs_nothing() -> None:
    nested = document()
    for _ in range(100_000 // 8):
        nested = b"".join((struct.pack("<i", len(nested) + 8), b"\x03a\0", nested, b"\0"))
    assert set(decode(nested)) == {"a"}
