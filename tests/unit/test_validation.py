"""Wrong values are refused in a sentence that says what to write; right ones are not."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socketio_operator.api import SocketIOCluster, validate
from tests.unit.samples import LEAST, body
from tests.unit.wrong_values import WRONG_VALUES


@pytest.mark.parametrize("case", WRONG_VALUES)
def test_wrong_values_are_refused(case: str) -> None:
    spec, sentence = WRONG_VALUES[case]
    assert sentence in "\n".join(map(str, validate(body(spec))))


@pytest.mark.parametrize("name", ["Chat", "1chat", "chat.one", "c" * 41, "chat-"])
def test_names_that_children_cannot_bear_are_refused(name: str) -> None:
    assert "metadata.name must begin with a letter" in str(validate(body(LEAST, name))[0])


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
)
def test_any_spec_is_either_refused_or_parsed(value: Any) -> None:
    for field in ("engine", "env", "pod", "adapter", "volumes", "resources", "routing", "replicas"):
        spec = {**LEAST, field: value}
        if not validate(body(spec)):
            SocketIOCluster.parse(body(spec))


@given(st.text(max_size=30))
def test_a_host_that_passes_is_a_plain_dns_name(host: str) -> None:
    spec = {**LEAST, "routing": {"host": host}}
    if not validate(body(spec)):
        assert host == host.lower()
        assert not set(host.removeprefix("*.")) - set("abcdefghijklmnopqrstuvwxyz0123456789.-")


@pytest.mark.parametrize(
    ("path", "engine"),
    [("/", "/socket.io"), ("/socket.io", "/socket.io"), ("/socket.io/", "/socket.io"), ("/chat", "/chat/socket.io")],
)
def test_an_engine_below_its_route_passes(path: str, engine: str) -> None:
    assert validate(body({**LEAST, "engine": {"path": engine}, "routing": {"host": "a.b", "path": path}})) == []
