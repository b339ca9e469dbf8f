"""Whatever a document does, it does to a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import signal
import subprocess
import sys
import zlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from candor.parsing.v1.parsed_resume_pb2 import Unreadable
from candor.parsing.v1.parsing_service_pb2 import ParseDocumentResponse

from services.parser.extraction import read
from services.parser.sandbox import Sandbox, SandboxStopped
from tests.unit.parser.documents import lines, ordinary, paragraph, pdf, word

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits on memory bind on Linux only")


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    made = Sandbox(at_once=4)
    await made.start()
    yield made
    await made.stop()


@contextlib.asynccontextmanager
async def limited(**limits: float) -> AsyncIterator[Sandbox]:
    made = Sandbox(**limits)  # type: ignore[arg-type]
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


def bomb() -> bytes:
    """A PDF whose one page unpacks to 500 MB."""
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(b" " * (1 << 20)) for _ in range(500)) + packer.flush()
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R>>",
        b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(packed), packed),
    )
    body = b"%PDF-1.7\n"
    for number, content in enumerate(objects, start=1):
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    return body + b"trailer<</Size 5/Root 1 0 R>>\n%%EOF\n"


def endless() -> bytes:
    """A PDF of 2^40 drawings of one word: each of 40 forms draws the next twice."""
    form = "/Type/XObject/Subtype/Form/BBox[0 0 595 842]/Resources<</XObject<</X {next} 0 R>>>>"
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</XObject<</X 5 0 R>>>>>>",
        "<</Length 5>>stream\n/X Do\nendstream",
    ]
    objects += [
        f"<<{form.format(next=number + 1)}/Length 11>>stream\n/X Do /X Do\nendstream" for number in range(5, 45)
    ]
    body = "%PDF-1.7\n" + "".join(f"{index} 0 obj\n{text}\nendobj\n" for index, text in enumerate(objects, start=1))
    return f"{body}trailer<</Size {len(objects) + 1}/Root 1 0 R>>\n%%EOF\n".encode()


def zygote_of(sandbox: Sandbox) -> int:
    zygote = sandbox._zygote
    assert zygote is not None
    return zygote._process.pid


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def environment_of(pid: int) -> bytes:
    return Path(f"/proc/{pid}/environ").read_bytes()


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


async def until(condition: Callable[[], object], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


async def busy(sandbox: Sandbox) -> int:
    """The process of the document that is being read."""
    await until(lambda: children_of(zygote_of(sandbox)))
    return children_of(zygote_of(sandbox))[0]


async def test_the_sandbox_answers_what_the_function_answers(sandbox: Sandbox) -> None:
    for content in (pdf(ordinary), word(paragraph("Jane Sample")), b"# Jane", b"", b"\x89PNG\r\n\x1a\n"):
        assert await sandbox.read(content) == read(content)


async def test_many_documents_are_read_at_once(sandbox: Sandbox) -> None:
    documents = [pdf(lines(f"Candidate number {number}")) for number in range(40)]
    answers = await asyncio.gather(*map(sandbox.read, documents))
    assert [answer.parsed.text for answer in answers] == [f"Candidate number {number}" for number in range(40)]


async def test_reading_leaves_no_file_open(sandbox: Sandbox) -> None:
    await sandbox.read(b"Jane Sample")
    before = len(os.listdir("/proc/self/fd"))
    await asyncio.gather(*(sandbox.read(b"Jane Sample") for _ in range(30)))
    await until(lambda: not children_of(zygote_of(sandbox)))
    assert len(os.listdir("/proc/self/fd")) <= before
    assert len(os.listdir(f"/proc/{zygote_of(sandbox)}/fd")) < 16


async def test_a_document_of_ten_megabytes_gets_through(sandbox: Sandbox) -> None:
    answer = await sandbox.read(b"Jane Sample was here\n" * 499_000)
    assert answer.parsed.warnings == ["Only the first 300,000 characters were read."]


async def test_a_document_that_takes_too_much_memory_is_too_complex(sandbox: Sandbox) -> None:
    answer = await sandbox.read(bomb())
    assert answer.unreadable.code == Unreadable.CODE_TOO_COMPLEX
    assert (await sandbox.read(b"Jane Sample")).parsed.text == "Jane Sample"


async def test_a_document_that_computes_too_long_is_too_complex() -> None:
    async with limited(cpu_seconds=1, at_once=1) as sandbox:
        assert (await sandbox.read(endless())).unreadable.code == Unreadable.CODE_TOO_COMPLEX


async def test_a_document_that_takes_too_long_is_too_complex() -> None:
    async with limited(wall_seconds=0.5, at_once=1) as sandbox:
        answer = await sandbox.read(endless())
        assert "longer" in answer.unreadable.reason
        await until(lambda: not children_of(zygote_of(sandbox)))
        assert (await sandbox.read(b"Jane Sample")).parsed.text == "Jane Sample"


async def test_a_crash_says_that_the_document_is_damaged(sandbox: Sandbox) -> None:
    reading = asyncio.create_task(sandbox.read(endless()))
    os.kill(await busy(sandbox), signal.SIGSEGV)
    assert (await reading).unreadable.code == Unreadable.CODE_DAMAGED


async def test_a_reading_that_nobody_waits_for_is_ended(sandbox: Sandbox) -> None:
    reading = asyncio.create_task(sandbox.read(endless()))
    child = await busy(sandbox)
    reading.cancel()
    await until(lambda: not alive(child))
    answers = await asyncio.gather(*(sandbox.read(b"Jane Sample") for _ in range(8)))
    assert {answer.parsed.text for answer in answers} == {"Jane Sample"}


async def test_a_zygote_that_dies_is_replaced_and_its_document_read_again(sandbox: Sandbox) -> None:
    first = zygote_of(sandbox)
    reading = asyncio.create_task(sandbox.read(endless()))
    child = await busy(sandbox)
    os.kill(first, signal.SIGKILL)
    await until(lambda: zygote_of(sandbox) != first)
    assert not alive(child)
    assert await busy(sandbox)
    reading.cancel()
    assert await sandbox.ready() == []


async def test_a_document_that_takes_two_zygotes_with_it_is_answered(sandbox: Sandbox) -> None:
    reading = asyncio.create_task(sandbox.read(endless()))

    def replaced_or_answered(dead: int) -> bool:
        return reading.done() or zygote_of(sandbox) != dead

    for _ in range(2):
        zygote = zygote_of(sandbox)
        await busy(sandbox)
        os.kill(zygote, signal.SIGKILL)
        await until(functools.partial(replaced_or_answered, zygote))
    assert "twice" in (await reading).unreadable.reason
    assert (await sandbox.read(b"Jane Sample")).parsed.text == "Jane Sample"


async def test_stopping_breaks_reading_off_without_an_answer() -> None:
    sandbox = Sandbox(at_once=1)
    await sandbox.start()
    reading = [asyncio.create_task(sandbox.read(endless())) for _ in range(2)]
    child, zygote = await busy(sandbox), zygote_of(sandbox)
    await sandbox.stop()
    for each in reading:
        with pytest.raises(SandboxStopped):
            await each
    await until(lambda: not alive(child) and not alive(zygote))
    assert await sandbox.ready() == ["The parser is stopping"]


PARENT = """
import asyncio, sys
import grpc
import uvloop
from services.parser.sandbox import Sandbox

async def main():
    sandbox = Sandbox(at_once=1)
    await sandbox.start()
    answer = await sandbox.read(b"Jane Sample")
    print(answer.parsed.text, sandbox._zygote._process.pid, flush=True)
    await asyncio.sleep(60)

uvloop.run(main())
"""


async def test_the_zygote_ends_with_its_parser_even_if_that_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parser:
        assert parser.stdout is not None
        first, last, zygote = parser.stdout.readline().split()
        assert (first, last) == ("Jane", "Sample")
        assert alive(int(zygote))
        parser.kill()
    await until(lambda: not alive(int(zygote)))


async def test_the_reading_process_knows_no_secret_of_the_parser(sandbox: Sandbox) -> None:
    variables = environment_of(zygote_of(sandbox)).strip(b"\0").split(b"\0")
    assert {variable.partition(b"=")[0] for variable in variables} == {b"PYTHONPATH", b"LC_ALL"}


async def test_an_answer_is_always_one_of_the_two(sandbox: Sandbox) -> None:
    answer = await sandbox.read(pdf(ordinary)[:600])
    assert isinstance(answer, ParseDocumentResponse)
    assert answer.WhichOneof("outcome") == "unreadable"
