"""The forwarder gives its clients another address."""

import socket

from tests.traffic.forwarder import forwarding


def test_bytes_pass_and_the_source_is_the_chosen_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)
        with (
            forwarding(server.getsockname()[1], "127.0.7.3") as port,
            socket.create_connection(("127.0.0.1", port), timeout=5) as client,
        ):
            client.sendall(b"question")
            connection, (source, _) = server.accept()
            with connection:
                connection.settimeout(5)
                assert connection.recv(64) == b"question"
                connection.sendall(b"answer")
                assert client.recv(64) == b"answer"
            assert client.recv(64) == b""
    assert source == "127.0.7.3"
