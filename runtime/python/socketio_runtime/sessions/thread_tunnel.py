"""Tunnels of a threaded server: blocking sockets, which gevent and eventlet make green."""

from __future__ import annotations

import socket
import time

from .answer import Answer, AnswerReader, BadAnswerError
from .tunnel import ANSWER_SECONDS, CONNECT_SECONDS, READ_BYTES, Kept, PeerGoneError, notice_loss, opened, opening


class ThreadTunnels:
    """For one server; any thread may call."""

    def __init__(self) -> None:
        self._kept: Kept[socket.socket] = Kept(lambda tunnel: tunnel.close(), _usable)

    def ask(
        self, host: str, port: int, endpoint: str, authorization: str, request: bytes, seconds: float, limit: int
    ) -> Answer:
        """Sends a request to another pod and returns what it answers; PeerGoneError if it does not within its time."""
        tunnel = self._kept.take(endpoint)
        if tunnel is None:
            tunnel = _open(host, port, endpoint, authorization)
        reader = AnswerReader(limit)
        try:
            answer = _exchange(tunnel, request, reader, seconds)
        except (OSError, BadAnswerError) as error:
            tunnel.close()
            raise PeerGoneError(error) from error
        except BaseException:
            tunnel.close()
            raise
        if reader.kept:
            self._kept.keep(endpoint, tunnel)
        else:
            tunnel.close()
        return answer

    def drop(self, endpoint: str) -> None:
        """The pod is gone."""
        self._kept.drop(endpoint)


def _open(host: str, port: int, endpoint: str, authorization: str) -> socket.socket:
    try:
        tunnel = socket.create_connection((host, port), CONNECT_SECONDS)
    except OSError as error:
        raise PeerGoneError(error, at_once=True) from error
    try:
        notice_loss(tunnel)
        request = opening(endpoint, authorization)
        opened(_exchange(tunnel, request, AnswerReader(READ_BYTES), ANSWER_SECONDS))
    except (OSError, BadAnswerError) as error:
        tunnel.close()
        raise PeerGoneError(error) from error
    except BaseException:
        tunnel.close()
        raise
    return tunnel


def _exchange(tunnel: socket.socket, request: bytes, reader: AnswerReader, seconds: float) -> Answer:
    end = time.monotonic() + seconds
    tunnel.settimeout(max(seconds, 0.001))
    tunnel.sendall(request)
    while True:
        tunnel.settimeout(max(end - time.monotonic(), 0.001))
        answer = reader.feed(tunnel.recv(READ_BYTES))
        if answer is not None:
            return answer


# nothing to read yet: open and silent
def _usable(tunnel: socket.socket) -> bool:
    try:
        tunnel.settimeout(0)
        tunnel.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
