"""Documents are read in processes of their own: the parser survives whatever it is given to read.

Each document gets a child with limits on memory, computing, time and files (`zygote`). A child that dies is an answer
about its document, not an error; if the zygote dies, it is started again and the documents it held are read once more.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import signal
import socket
import sys
from collections.abc import Iterator

from candor.parsing.v1.parsed_resume_pb2 import Unreadable
from candor.parsing.v1.parsing_service_pb2 import ParseDocumentResponse
from google.protobuf.message import DecodeError

from services.parser.extractors.draft import CannotRead
from services.parser.line import ENDED, FRAME, KILL, MOST_ANSWER, READ, READY, REPORT, REQUEST, Limits

_MIB = 1024 * 1024
_START_SECONDS = 30.0
_END_SECONDS = 5.0
_CHUNK = 256 * 1024
_BROKEN = {signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE}


class SandboxStopped(OSError):
    """Reading was broken off because this process ends, or the reading process cannot be started."""


class Sandbox:
    """Reads documents, `at_once` at a time; more wait. `memory_bytes` is address space: 129 honest CVs need 512 MiB."""

    def __init__(
        self,
        *,
        memory_bytes: int = 768 * _MIB,
        cpu_seconds: int = 10,
        wall_seconds: float = 20.0,
        at_once: int = os.cpu_count() or 1,
    ) -> None:
        self._limits = Limits(memory_bytes, cpu_seconds, wall_seconds)
        self._slots = asyncio.Semaphore(at_once)
        self._starting = asyncio.Lock()
        self._zygote: _Zygote | None = None
        self._stopped = False

    async def start(self) -> None:
        """Returns when documents can be read. Raises `SandboxStopped` where no process can be started."""
        await self._living()

    async def stop(self) -> None:
        """Ends all reading at once."""
        self._stopped = True
        async with self._starting:
            if self._zygote is not None:
                await self._zygote.end()

    async def ready(self) -> list[str]:
        """Why no document can be read, as sentences. Starts the zygote again if it has died."""
        try:
            await self._living()
        except OSError as failure:
            return [str(failure)]
        return []

    async def read(self, content: bytes) -> ParseDocumentResponse:
        """What the document says, or why it cannot be read. Raises `SandboxStopped`."""
        for _ in range(2):
            answer = await self._read(content)
            if answer is not None:
                return answer
        return CannotRead(
            Unreadable.CODE_TOO_COMPLEX,
            "Reading the file was broken off twice. Try again later, or ask the candidate to export it again.",
        ).answer()

    async def _read(self, content: bytes) -> ParseDocumentResponse | None:
        """The answer; None where the zygote died before there was one."""
        await self._slots.acquire()
        ended: asyncio.Future[int | None] | None = None
        try:
            zygote = await self._living()
            with _line() as (ours, theirs):
                job, ended = zygote.fork(theirs)
                ended.add_done_callback(lambda _: self._slots.release())
                # The child's end is the child's alone from here on: only so does its death end the line.
                theirs.close()
                try:
                    return await self._converse(ours, content, ended)
                finally:
                    zygote.kill(job)
        finally:
            if ended is None:
                self._slots.release()

    async def _converse(
        self, ours: socket.socket, content: bytes, ended: asyncio.Future[int | None]
    ) -> ParseDocumentResponse | None:
        try:
            async with asyncio.timeout(self._limits.wall_seconds):
                answer = await _exchange(ours, content)
                status = None if answer is not None else await asyncio.shield(ended)
        except TimeoutError:
            return _too_slow()
        if answer is not None:
            return _understood(answer)
        if status is not None:
            return _died(status)
        if self._stopped:
            raise SandboxStopped("The parser is stopping")
        return None

    async def _living(self) -> _Zygote:
        async with self._starting:
            if self._stopped:
                raise SandboxStopped("The parser is stopping")
            if self._zygote is None or self._zygote.lost:
                if self._zygote is not None:
                    await self._zygote.end()
                self._zygote = await _Zygote.start(self._limits)
            return self._zygote


class _Zygote:
    """The parser's end of the line to one zygote."""

    def __init__(self, control: socket.socket, process: asyncio.subprocess.Process) -> None:
        self.lost = False
        self._control, self._process = control, process
        self._jobs = itertools.count(1)
        self._running: dict[int, asyncio.Future[int | None]] = {}
        self._ready: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def start(cls, limits: Limits) -> _Zygote:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "services.parser.zygote", *map(str, limits)),
                stdin=theirs.fileno(),
                stdout=asyncio.subprocess.DEVNULL,
                # No secret of this process is in reach of what a document may do to a reader.
                env={"PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path), "LC_ALL": "C.UTF-8"},
                # Ctrl-C in a terminal goes to a whole group; this process ends the zygote itself, when it is done.
                start_new_session=True,
            )
        zygote = cls(ours, process)
        try:
            async with asyncio.timeout(_START_SECONDS):
                started = await zygote._ready
        except TimeoutError:
            started = False
        if not started:
            await zygote.end()
            raise SandboxStopped("The process that reads documents does not start")
        return zygote

    def fork(self, document: socket.socket) -> tuple[int, asyncio.Future[int | None]]:
        """A job and the future of its end: exit code, minus a signal, or None where the zygote is lost."""
        job = next(self._jobs)
        ended: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        self._running[job] = ended
        try:
            # 8 bytes for each of at most some dozen jobs: a socket's buffer never fills.
            socket.send_fds(self._control, [REQUEST.pack(READ, job)], [document.fileno()])
        except OSError:
            self._lose()
        return job, ended

    def kill(self, job: int) -> None:
        """Ends a job if it still runs."""
        if job in self._running:
            with contextlib.suppress(OSError):
                self._control.send(REQUEST.pack(KILL, job))

    async def end(self) -> None:
        """The zygote sees the end of its input, kills its children and goes."""
        self._listening.cancel()
        await asyncio.gather(self._listening, return_exceptions=True)
        self._control.close()
        self._lose()
        try:
            async with asyncio.timeout(_END_SECONDS):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    async def _listen(self) -> None:
        loop, pending = asyncio.get_running_loop(), b""
        with contextlib.suppress(OSError):
            while received := await loop.sock_recv(self._control, 4096):
                pending += received
                while len(pending) >= REPORT.size:
                    self._hear(*REPORT.unpack(pending[: REPORT.size]))
                    pending = pending[REPORT.size :]
        self._lose()

    def _hear(self, what: bytes, job: int, status: int) -> None:
        if what == READY and not self._ready.done():
            self._ready.set_result(True)
        ended = self._running.pop(job, None) if what == ENDED else None
        if ended is not None and not ended.done():
            ended.set_result(status)

    def _lose(self) -> None:
        self.lost = True
        if not self._ready.done():
            self._ready.set_result(False)
        while self._running:
            _, ended = self._running.popitem()
            if not ended.done():
                ended.set_result(None)


@contextlib.contextmanager
def _line() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A document's line: our end, which does not block, and the child's."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:
        yield ours, theirs


async def _exchange(ours: socket.socket, content: bytes) -> bytes | None:
    """Sends the document, receives the answer. None where the child ended before it had answered whole."""
    loop, received = asyncio.get_running_loop(), bytearray()
    try:
        await loop.sock_sendall(ours, content)
        ours.shutdown(socket.SHUT_WR)
        while len(received) < FRAME.size or len(received) < FRAME.size + FRAME.unpack_from(received)[0]:
            piece = await loop.sock_recv(ours, _CHUNK)
            if not piece:
                return None
            received += piece
            if len(received) > FRAME.size + MOST_ANSWER:
                return b""
    except OSError:
        return None
    return bytes(received[FRAME.size :])


def _understood(answer: bytes) -> ParseDocumentResponse:
    """The child's answer; a child that a document has taken over may say anything."""
    with contextlib.suppress(DecodeError):
        response = ParseDocumentResponse.FromString(answer)
        if response.WhichOneof("outcome"):
            return response
    return _died(0)


def _too_slow() -> ParseDocumentResponse:
    return CannotRead(
        Unreadable.CODE_TOO_COMPLEX,
        "Reading the file takes longer than any CV needs. Ask the candidate to export it again, best as PDF.",
    ).answer()


def _died(status: int) -> ParseDocumentResponse:
    """What a child's end says about its document. pdfium ends itself by a signal when it gets no more memory."""
    if status >= 0 or -status in _BROKEN:
        return CannotRead(
            Unreadable.CODE_DAMAGED,
            "The file is broken in a way that stops reading it. Ask the candidate to export it again.",
        ).answer()
    return CannotRead(
        Unreadable.CODE_TOO_COMPLEX,
        "Reading the file takes more memory or time than any CV needs. Ask the candidate to export it again.",
    ).answer()
