"""The process that reads strangers' documents: `python -m services.parser.zygote MEMORY CPU WALL`.

It is a fresh interpreter, because forking a process in which gRPC runs is not safe. It loads the readers once, keeps a
single thread, and forks a child for each document: that costs some 10 ms where a new interpreter costs 110. A child
lives for one document, without files, network or a way to more rights, and what it does to itself ends with it.

Standard input is the line to the parser. Its end means that the parser is gone: all end.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import resource
import select
import signal
import socket
import sys
from typing import NoReturn

from candor.parsing.v1.parsed_resume_pb2 import Unreadable

from services.parser import extraction
from services.parser.extractors.draft import CannotRead
from services.parser.line import ENDED, FRAME, KILL, MOST_ANSWER, READ, READY, REPORT, REQUEST, Limits

_DEATH_SIGNAL, _NO_NEW_PRIVILEGES = 1, 38  # prctl
_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000  # unshare
_TOO_LARGE = CannotRead(
    Unreadable.CODE_TOO_COMPLEX,
    "Reading the file takes more memory than any CV needs. Ask the candidate to export it again, best as PDF.",
)


class Zygote:
    """Forks on request and reports every end."""

    def __init__(self, control: socket.socket, limits: Limits) -> None:
        self._control, self._limits = control, limits
        self._jobs: dict[int, int] = {}  # process id to job
        self._wake, self._wakened = os.pipe()
        os.set_blocking(self._wake, False)
        os.set_blocking(self._wakened, False)

    def run(self) -> None:
        """Serves until the other side is gone."""
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wakened, warn_on_full_buffer=False)
        self._control.sendall(REPORT.pack(READY, 0, 0))
        control = self._control.fileno()
        while True:
            readable, _, _ = select.select([control, self._wake], [], [])
            if self._wake in readable:
                os.read(self._wake, 4096)
                self._reap()
            if control in readable and not self._serve():
                break
        for pid in self._jobs:
            os.kill(pid, signal.SIGKILL)

    def _serve(self) -> bool:
        """Does one request; False at the end of input."""
        request, descriptors, _, _ = socket.recv_fds(self._control, REQUEST.size, 1)
        while request and len(request) < REQUEST.size:
            request += self._control.recv(REQUEST.size - len(request))
        if not request:
            return False
        what, job = REQUEST.unpack(request)
        if what == READ and descriptors:
            self._fork(job, descriptors[0])
        elif what == KILL:
            # A process that is not waited for yet keeps its number, so this cannot hit another.
            for pid in [pid for pid, running in self._jobs.items() if running == job]:
                os.kill(pid, signal.SIGKILL)
        for descriptor in descriptors:
            os.close(descriptor)
        return True

    def _fork(self, job: int, descriptor: int) -> None:
        zygote = os.getpid()
        try:
            pid = os.fork()
        except OSError:
            self._control.sendall(REPORT.pack(ENDED, job, -signal.SIGKILL))
            return
        if pid == 0:
            _be_a_child(descriptor, self._limits, zygote)
        self._jobs[pid] = job

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if not pid:
                    return
                report = REPORT.pack(ENDED, self._jobs.pop(pid, 0), os.waitstatus_to_exitcode(status))
                with contextlib.suppress(OSError):
                    self._control.sendall(report)


def _be_a_child(descriptor: int, limits: Limits, zygote: int) -> NoReturn:
    """Reads one document from the socket, answers on it, and ends."""
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _drop_everything_but(descriptor)
        _confine(limits)
        if os.getppid() == zygote:
            with socket.socket(fileno=3) as document:
                _answer(document)
        os._exit(0)
    finally:
        os._exit(1)


def _drop_everything_but(descriptor: int) -> None:
    """The document's socket becomes 3; 0, 1 and 2 lead nowhere, so that no reader prints what is in a CV."""
    os.dup2(descriptor, 3)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    os.closerange(4, 1024)


def _confine(limits: Limits) -> None:
    _prctl(_DEATH_SIGNAL, signal.SIGKILL)
    _prctl(_NO_NEW_PRIVILEGES, 1)
    # The parser kills at the wall clock; should it be too busy to, the child's own alarm does a second later.
    signal.setitimer(signal.ITIMER_REAL, limits.wall_seconds + 1)
    for what, most in (
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_CPU, limits.cpu_seconds),
        (resource.RLIMIT_FSIZE, 1024 * 1024),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        # macOS knows some of these limits by name only.
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(what, (most, most))


def _answer(document: socket.socket) -> None:
    try:
        pieces = []
        while piece := document.recv(1024 * 1024):
            pieces.append(piece)
        answer = extraction.read(b"".join(pieces)).SerializeToString()
    except MemoryError:
        answer = _TOO_LARGE.answer().SerializeToString()
    if len(answer) > MOST_ANSWER:
        answer = _TOO_LARGE.answer().SerializeToString()
    document.sendall(FRAME.pack(len(answer)))
    document.sendall(answer)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        _LIBC.prctl(option, value, 0, 0, 0)


def _leave_the_network() -> None:
    """A network without interfaces, where the kernel allows it to a process of no rights. The sockets stay open."""
    if sys.platform == "linux" and _LIBC.unshare(_NEW_NETWORK) != 0:
        _LIBC.unshare(_NEW_USER | _NEW_NETWORK)


_LIBC = ctypes.CDLL(None)


def main() -> None:
    """Runs until standard input ends."""
    memory, cpu, wall = sys.argv[1:4]
    _leave_the_network()
    extraction.read(b"%PDF-1.4 warming up")  # what is set up at the first use is then set up for all children
    # A child lives too short for collecting to pay, and collecting would copy the pages that it shares.
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)
    with socket.socket(fileno=0) as control:
        Zygote(control, Limits(int(memory), int(cpu), float(wall))).run()


if __name__ == "__main__":
    main()
