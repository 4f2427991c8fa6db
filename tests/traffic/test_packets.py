"""The packets as the Engine.IO and Socket.IO protocols give them."""

import pytest

from tests.traffic.packets import (
    Ack,
    Connected,
    ConnectError,
    Disconnected,
    Event,
    decode_message,
    encode_event,
    split_payload,
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('0{"sid":"abc"}', Connected("abc")),
        ("1", Disconnected()),
        ('2["hello",{"a":[1,2]}]', Event("hello", ({"a": [1, 2]},))),
        ('212["hello"]', Event("hello", ())),
        ('312[{"pod":"chat-0"}]', Ack(12, ({"pod": "chat-0"},))),
        ('4{"message":"no"}', ConnectError('{"message":"no"}')),
    ],
)
def test_server_packets(text: str, message: object) -> None:
    assert decode_message(text) == message


@pytest.mark.parametrize("text", ["", "9", "3[]", "0not json", "51-[]"])
def test_other_packets_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        decode_message(text)


def test_events_to_the_server() -> None:
    assert encode_event("say", ("hi", 1)) == '42["say", "hi", 1]'
    assert encode_event("say", (), 7) == '427["say"]'


def test_payload_of_several_packets() -> None:
    assert split_payload('40{"sid":"a"}\x1e42["x"]') == ['40{"sid":"a"}', '42["x"]']
    assert split_payload("") == []
