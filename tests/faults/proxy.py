"""A server's socket, passed on through another one that can lose the connection in a COMMIT."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

import sqlalchemy as sa

Loss = Literal["before", "after"]

_SOCKET = ".s.PGSQL.5432"


class Proxy:
    """Passes bytes on between clients and a server, and cuts one connection at a COMMIT.

    Args:
        folder: Where its socket is made.
        server: The server's socket, or its host and port.
        number: Which COMMIT is lost, from 1, counted over all connections.
        loss: Whether the server gets that COMMIT (`after`) or not (`before`); the client never gets the answer.
    """

    def __init__(self, folder: Path, server: str | tuple[str, int], number: int, loss: Loss) -> None:
        self._server, self._number, self._loss = server, number, loss
        self._guard = threading.Lock()
        self.commits = 0
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / _SOCKET))
        self._listener.listen()
        self._open: list[socket.socket] = [self._listener]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Close every connection."""
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _address = self._listener.accept()
                server = socket.socket(socket.AF_INET if isinstance(self._server, tuple) else socket.AF_UNIX)
                server.connect(self._server)
                self._open += [client, server]
                lost = threading.Event()
                threading.Thread(target=self._pass_on, args=(client, server, lost), daemon=True).start()
                threading.Thread(target=self._pass_back, args=(server, client, lost), daemon=True).start()

    def _pass_on(self, client: socket.socket, server: socket.socket, lost: threading.Event) -> None:
        with suppress(OSError):
            while data := client.recv(65536):
                if b"COMMIT\x00" in data and self._counts():
                    lost.set()
                    if self._loss == "before":
                        break
                server.sendall(data)
            _cut(client, server)

    def _counts(self) -> bool:
        with self._guard:
            self.commits += 1
            return self.commits == self._number

    def _pass_back(self, server: socket.socket, client: socket.socket, lost: threading.Event) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                if lost.is_set():  # the answer to the COMMIT: it has happened
                    break
                client.sendall(data)
            _cut(client, server)


def _cut(*ends: socket.socket) -> None:
    for end in ends:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@contextmanager
def losing(url: sa.URL, folder: Path, number: int, loss: Loss) -> Iterator[tuple[sa.URL, Proxy]]:
    """Yield the address of a server through a proxy."""
    host = url.host or str(url.query["host"])
    server = f"{host}/{_SOCKET}" if host.startswith("/") else (host, url.port or 5432)
    proxy = Proxy(folder, server, number, loss)
    try:
        yield url.set(host=None, port=None, query={**url.query, "host": str(folder)}), proxy
    finally:
        proxy.close()
