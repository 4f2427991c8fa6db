"""How often a status is written."""

import time

import pytest

from socketio_operator.controller.key import Key
from socketio_operator.controller.pace import BUSY_SECONDS, LONGEST_SECONDS, MOVED_SECONDS, TOLD_SECONDS, Pace

CHAT, OTHER = Key("team", "chat"), Key("team", "other")


def test_what_moves_is_told_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    pace = Pace(lambda: False)
    assert pace.wait(CHAT) == 0
    assert pace.acted(CHAT) == pytest.approx(pace.wait(CHAT)) == MOVED_SECONDS
    now += MOVED_SECONDS
    assert pace.wait(CHAT) == 0
    pace.told(CHAT)
    pace.acted(CHAT)
    assert pace.wait(CHAT) == TOLD_SECONDS, "to act again makes nothing earlier"
    assert pace.wait(OTHER) == 0
    pace.forget(CHAT)
    assert pace.wait(CHAT) == 0


def test_statuses_give_way_to_children_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    now, waiting = 100.0, True
    monkeypatch.setattr(time, "monotonic", lambda: now)
    pace = Pace(lambda: waiting)
    assert pace.wait(CHAT) == BUSY_SECONDS
    now += LONGEST_SECONDS
    assert pace.wait(CHAT) == 0, "a queue that is never empty keeps no status back"
    assert pace.wait(CHAT) == BUSY_SECONDS, "and the next one gives way again"
    waiting = False
    assert pace.wait(CHAT) == 0
