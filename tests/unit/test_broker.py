"""What is told of an external broker's URL before anybody connects."""

import asyncio

import pytest

from socketio_operator.controller.broker import ask
from socketio_operator.desired.adapters import ADAPTERS
from socketio_operator.plan.observed import Problem

WHERE = "Secret store, key url"


def told(url: str, adapter: str) -> Problem | None:
    return asyncio.run(ask(url, ADAPTERS[adapter], WHERE))


@pytest.mark.parametrize(
    ("adapter", "url", "example"),
    [
        ("postgres", "redis://secret@host", "postgres://"),
        ("mongo", "postgres://secret@host", "mongodb://"),
        ("redis-sharded", "http://secret@host", "redis://"),
        ("redis", "secret", "redis://"),
    ],
)
def test_a_url_of_another_kind_is_refused_without_being_shown(adapter: str, url: str, example: str) -> None:
    problem = told(url, adapter)
    assert problem is not None
    assert problem.reason == "BrokerUrlInvalid"
    assert example in problem.message
    assert "secret" not in problem.message


@pytest.mark.parametrize(
    ("adapter", "url"),
    [("postgres", "postgresql://u:p@host/db\n"), ("mongo", "mongodb+srv://host/db")],
)
def test_a_database_is_left_to_the_pods(adapter: str, url: str) -> None:
    assert told(url, adapter) is None
