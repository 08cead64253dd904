"""A worker of the server whose threads never wait for a client.

Gunicorn's own worker gives a thread to every connection that says something, and the thread then
waits for the rest of the request: some dozens of clients who do not finish theirs silence it. Here
the main loop reads requests until they are whole and sends what a client is slow to read; a thread
has a request only while it answers it.

A thread stays with a connection for a moment after an answer. Who sends one request after another
(a tracker that empties its queue, a screen that loads) is then answered by one thread all the way,
instead of being handed from the main loop to another one for each request, which costs as much as
a small answer does.
"""

from __future__ import annotations

import contextlib
import errno
import select
import selectors
import socket
import sys
import time
from functools import partial
from typing import Any

from gunicorn.http.errors import NoMoreData
from gunicorn.workers.gthread import ThreadWorker

from commands.server.arriving import State
from commands.server.connection import Connection, Place
from commands.server.limits import Limits
from commands.server.places import Places
from commands.server.turns import Turns

STAYS_MILLISECONDS = 5

_ACCEPTED_AT_ONCE = 64
_SWEEP_S = 0.25
_UNREAD_MS = 30_000
_AT_ONCE = 16  # requests that threads answer side by side, beside the streams; more take no less
_NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_MAY_GO = (Place.ARRIVING, Place.QUEUED, Place.LEAVING, Place.LINGERING)
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_REFUSED = "HTTP/1.1 {}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_NOT_HTTP = _REFUSED.format("400 Bad Request").encode()
_TOO_LATE = _REFUSED.format("408 Request Timeout").encode()
_TOO_LARGE = _REFUSED.format("431 Request Header Fields Too Large").encode()


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Gunicorn's worker with threads behind a main loop that does all the waiting.

    ``is_for_feeds``: it listens at the phones' port alone. The application says within which
    ``limits``, and whose addresses are ``exempt`` from the one by address.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cfg.set("sendfile", False)  # files too leave through the outlet
        self.is_for_feeds: bool = self.app.now_for_feeds
        self.limits: Limits = self.app.limits()
        self.worker_connections = sys.maxsize  # accepting never stops: who waits too long goes
        self._places: Places[Connection] = Places(
            self.limits.connections,
            self.limits.of_one_address,
            self.app.exempt,
            lambda connection: connection.place in _MAY_GO,
        )
        self._turns: Turns[Connection] = Turns()
        self._working = 0  # threads that have a request
        self._streaming = 0  # threads that have a stream
        self._held = 0  # bytes of requests and answers that the main loop keeps
        self._swept = 0.0
        self._stopping_since = 0.0

    def init_process(self) -> None:
        """Begin; connections have what is set here from their listener."""
        for listener in self.sockets:
            with contextlib.suppress(OSError):  # a UNIX socket knows neither
                # A client who is gone without a word, or does not read, is noticed by the system.
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
                listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNREAD_MS)
        super().init_process()

    # Coming in

    def accept(self, listener: Any) -> None:
        """Take the connections that are there."""
        server = listener.getsockname()
        for _ in range(_ACCEPTED_AT_ONCE):
            try:
                sock, client = listener.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError as fault:
                if fault.errno not in _NO_ROOM:
                    raise
                self._drop(self._places.make_room())
                return
            self._enter(sock, client, server)

    def _enter(self, sock: socket.socket, client: Any, server: Any) -> None:
        connection = Connection(self.cfg, sock, client, server, self.limits, self._streams)
        self.nr_conns += 1
        self._drop(self._places.enter(connection, connection.address))
        self._arrive(connection, None)

    def _arrive(self, connection: Connection, _fileobj: object) -> None:
        """More of a request is there."""
        if connection.place is not Place.ARRIVING:
            return  # it was closed since the poller spoke of it
        if connection.receive():
            self._consider(connection)
        else:
            self._drop(connection)

    def _consider(self, connection: Connection) -> None:
        """Go on with what has arrived: wait for more, give it to a thread, or refuse it."""
        state = connection.arriving.state
        connection.deadline = connection.arriving.deadline
        if not self._count(connection):
            return
        if state is State.READY:
            self._give(connection)
        elif state is State.NOT_HTTP:
            self._refuse(connection, _NOT_HTTP)
        elif state is State.TOO_LARGE:
            self._refuse(connection, _TOO_LARGE)
        else:
            connection.place = Place.ARRIVING
            if state is State.BODY and connection.arriving.expects:
                connection.arriving.expects = False
                self._say(connection, _CONTINUE)
            self._wait_for(connection, selectors.EVENT_READ, self._arrive)

    def _give(self, connection: Connection) -> None:
        """Let a thread answer, when it is this client's turn."""
        self._forget(connection)
        connection.place = Place.QUEUED
        self._turns.add(self._places.house(connection) or connection, connection)
        self._next_turns()

    def _next_turns(self) -> None:
        free = min(_AT_ONCE, self.cfg.threads - self._streaming)
        while self._turns and self._working < free:
            connection = self._turns.take()
            if connection.place is Place.QUEUED:  # it may have gone while it waited
                self._working += 1
                connection.place = Place.WORKING
                connection.hand_over()
                self._count(connection)
                self.enqueue_req(connection)

    def _now_streams(self, connection: Connection) -> None:
        """A thread has a stream, which does little for a long time."""
        connection.streams = True
        self._working -= 1
        self._streaming += 1
        self._next_turns()

    # In a thread

    def _streams(self, connection: Connection) -> None:
        self.method_queue.defer(self._now_streams, connection)

    def handle(self, conn: Connection) -> bool:
        """Answer the requests of a connection while they follow closely; tells whether it may be
        kept open."""
        while True:
            if not self._answer(conn):
                return False
            if conn.outlet.kept:
                return True  # the next request is looked at when this answer is out
            conn.next_request()
            if not self._follows(conn):
                return True
            conn.hand_over()

    def _answer(self, conn: Connection) -> bool:
        request = None
        try:
            request = next(conn.parser)
            # The main loop has asked for the body already.
            request._expected_100_continue = False
            if not self.handle_request(request, conn):
                return False
        except (NoMoreData, StopIteration):
            return False
        except OSError as fault:
            self.log.debug("the client has gone: %s", fault)
            return False
        except Exception as fault:
            with contextlib.suppress(OSError):
                self.handle_error(request, conn.sock, conn.client, fault)
            return False
        with contextlib.suppress(Exception):  # a body that the application did not read
            return bool(conn.parser.finish_body()) and conn.in_step
        return False

    def _follows(self, conn: Connection) -> bool:
        """Whether another request is there in a moment, and nobody else waits for this thread."""
        if not self.alive or self._turns:
            return False
        if not conn.ready:
            waiting = select.poll()
            waiting.register(conn.line, select.POLLIN)
            if waiting.poll(STAYS_MILLISECONDS):
                conn.receive()
        return conn.ready

    # Going out

    def finish_request(self, conn: Connection, fs: Any) -> None:
        """A thread has answered."""
        if conn.streams:
            conn.streams = False
            self._streaming -= 1
        else:
            self._working -= 1
        self._next_turns()
        conn.keeps = not fs.cancelled() and fs.exception() is None and fs.result()
        if conn.outlet.broken:
            self._drop(conn)
        elif conn.outlet.kept:
            conn.place = Place.LEAVING
            if self._count(conn):
                self._until(conn, self.limits.send_s + conn.outlet.kept / self.limits.rate)
                self._wait_for(conn, selectors.EVENT_WRITE, self._leave)
        else:
            self._go_on(conn)

    def _leave(self, connection: Connection, _fileobj: object) -> None:
        """The client can be sent more of an answer."""
        if connection.place is not Place.LEAVING:
            return
        try:
            connection.outlet.flush()
        except OSError:
            self._drop(connection)
            return
        self._count(connection)
        if not connection.outlet.kept:
            if connection.keeps:
                connection.next_request()
            self._go_on(connection)

    def _go_on(self, connection: Connection) -> None:
        """An answer is out."""
        if connection.keeps:
            self._places.renew(connection)
            self._consider(connection)
        else:
            self._end(connection)

    def _refuse(self, connection: Connection, answer: bytes) -> None:
        self._say(connection, answer)
        self._end(connection)

    def _say(self, connection: Connection, words: bytes) -> None:
        with contextlib.suppress(OSError):
            connection.line.send(words)

    def _end(self, connection: Connection) -> None:
        """Close once the client has, or soon: closing at once would take the answer from a client
        who is still sending."""
        connection.place = Place.LINGERING
        connection.arriving.held = bytearray()
        self._count(connection)
        try:
            connection.line.shutdown(socket.SHUT_WR)
        except OSError:
            self._drop(connection)
            return
        self._until(connection, self.limits.linger_s)
        self._wait_for(connection, selectors.EVENT_READ, self._drain)

    def _drain(self, connection: Connection, _fileobj: object) -> None:
        if connection.place is not Place.LINGERING:
            return
        try:
            if connection.line.recv(65536):
                return
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            pass
        self._drop(connection)

    # The end of patience

    def murder_pending(self) -> None:
        """Close those whose time is over; gunicorn's main loop calls this each time around."""
        now = time.monotonic()
        if now - self._swept < _SWEEP_S:
            return
        self._swept = now
        if not self.alive:
            self._stopping_since = self._stopping_since or now
        for connection in self._places:
            if connection.place not in _MAY_GO:
                continue
            if self._idle(connection) and self._stopping_since:
                self._drop(connection)
            elif connection.deadline <= now and connection.place is not Place.QUEUED:
                self._give_up(connection)

    def murder_keepalived(self, force: bool = False) -> None:
        """Close all that is left when the worker ends."""
        if force:
            for connection in self._places:
                if connection.place in _MAY_GO:
                    self._drop(connection)

    def _give_up(self, connection: Connection) -> None:
        if connection.place is Place.ARRIVING and not self._idle(connection):
            self._refuse(connection, _TOO_LATE)
        else:
            self._drop(connection)

    def _idle(self, connection: Connection) -> bool:
        return connection.place is Place.ARRIVING and connection.arriving.state is State.NOTHING

    def _drop(self, connection: Connection | None) -> None:
        if connection is None or connection.place is Place.CLOSED:
            return
        self._forget(connection)
        connection.place = Place.CLOSED
        self._held -= connection.counted
        self._places.leave(connection)
        self.nr_conns -= 1
        connection.line.close()

    # The poller and the books

    def _until(self, connection: Connection, seconds: float) -> None:
        connection.deadline = time.monotonic() + seconds

    def _wait_for(self, connection: Connection, event: int, then: Any) -> None:
        wanted = (event, then.__func__)
        if connection.waits_for == wanted:
            return
        act = self.poller.modify if connection.waits_for else self.poller.register
        act(connection.line, event, partial(then, connection))
        connection.waits_for = wanted

    def _forget(self, connection: Connection) -> None:
        if connection.waits_for:
            self.poller.unregister(connection.line)
            connection.waits_for = None

    def _count(self, connection: Connection) -> bool:
        """Keep the books on memory; who holds most goes when it is too much. False when it was
        this one."""
        holds = len(connection.arriving.held) + connection.outlet.kept
        self._held += holds - connection.counted
        connection.counted = holds
        if self._held > self.limits.held_bytes:
            parked = (one for one in self._places if one.place in _MAY_GO)
            self._drop(max(parked, key=lambda one: one.counted, default=None))
        return connection.place is not Place.CLOSED
