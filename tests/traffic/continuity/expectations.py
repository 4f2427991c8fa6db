"""What has to be true of what the clients saw."""

from __future__ import annotations

from tests.traffic.continuity.report import Report

MOVE_MILLISECONDS = 500


def assert_kept(report: Report) -> None:
    """Every session is the one it was, and nothing was lost or came twice."""
    _assert_same_sessions(report)
    assert report.sums().lost == 0, report.stories(lambda client: client.lost)
    assert report.sums().missed == 0, report.stories(lambda client: client.missed)
    assert report.sums().forgotten == 0, report.stories(lambda client: client.forgotten)
    _assert_answered(report)


def assert_kept_as_far_as_stored(report: Report) -> None:
    """After a death without warning: what the broker had is there, what it had not yet may be gone."""
    _assert_same_sessions(report)
    assert report.sums().missed == 0, report.stories(lambda client: client.missed)
    late = [client for client in report.clients if client.forgotten > 1]
    assert late == [], "what a session knew is stored at most 100 ms later\n" + report.stories(late.__contains__)


def assert_nobody_cut(report: Report) -> None:
    """No client noticed; what was lost is counted, not judged."""
    assert report.sums().cut == 0, report.stories(lambda client: client.cuts)
    _assert_same_sessions(report)
    _assert_answered(report)


def assert_paced(report: Report) -> None:
    """Connections were closed one by one: of all cuts no more than a quarter at any time."""
    times = sorted(at for client in report.clients for at in client.cuts)
    most = max((sum(start <= at < start + MOVE_MILLISECONDS for at in times) for start in times), default=0)
    assert most <= len(report.clients) / 4, f"{report.event}: {most} connections ended within {MOVE_MILLISECONDS} ms"


def assert_polling_suffers(report: Report) -> None:
    """What requests that do not find their session mean: new sessions and lost messages, of those that poll only."""
    polling, others = report.sums("polling"), report.sums("websocket", "upgrade")
    assert polling.fresh > 0, report.event
    assert polling.lost > 0, report.event
    assert (others.fresh, others.lost) == (0, 0), report.stories(
        lambda client: client.kind != "polling" and client.fresh
    )


def assert_polling_is_cut(report: Report, times: int) -> None:
    """What it means that requests do not find their session while the mirror holds it: those that poll are cut more
    often than the event alone cuts them, `times` all together, and restored each time."""
    polling = report.sums("polling")
    assert polling.recovered > times, report.stories(lambda client: client.kind == "polling" and client.cuts)
    _assert_same_sessions(report)


def _assert_same_sessions(report: Report) -> None:
    sums = report.sums()
    assert sums.kept == sums.clients, report.stories(lambda client: not client.kept)
    assert sums.doubled == 0, report.stories(lambda client: client.doubled)


def _assert_answered(report: Report) -> None:
    """Each client's calls were answered, but the one that may be under way when a connection ends."""
    deaf = [client for client in report.clients if client.unanswered > len(client.cuts)]
    assert deaf == [], report.stories(deaf.__contains__)
