"""What is told of each answer."""

import pytest

from socketio_operator.plan.broker import BrokerAnswer, sentence
from socketio_operator.plan.conditions import STALLED_REASONS

WHERE = "Secret store, key url"


@pytest.mark.parametrize(
    ("answer", "reason", "part"),
    [
        (BrokerAnswer.SILENT, "BrokerNotReady", "does not answer at the URL in Secret store, key url"),
        (BrokerAnswer.REFUSED, "BrokerAuthFailed", "refuses user or password of the URL in Secret store, key url"),
        (BrokerAnswer.NOT_ALLOWED, "BrokerAuthFailed", "not for its database"),
        (BrokerAnswer.FOREIGN, "BrokerNotReady", "not as a postgres server"),
        (BrokerAnswer.INVALID, "BrokerUrlInvalid", "write postgres://user:password@host:port/database"),
    ],
)
def test_sentences(answer: BrokerAnswer, reason: str, part: str) -> None:
    told = sentence(answer, WHERE, "postgres")
    assert told is not None
    assert told[0] == reason
    assert part in told[1]
    assert told[1].endswith(".")


def test_nothing_is_told_of_what_is_well_or_the_pods_affair() -> None:
    assert [answer for answer in BrokerAnswer if sentence(answer, WHERE, "redis") is None] == ["well", "unasked"]


def test_a_person_is_needed_where_asking_again_does_not_help() -> None:
    stalled = {
        answer for answer in BrokerAnswer if (told := sentence(answer, WHERE, "mongodb")) and told[0] in STALLED_REASONS
    }
    assert stalled == {BrokerAnswer.REFUSED, BrokerAnswer.NOT_ALLOWED, BrokerAnswer.INVALID}
