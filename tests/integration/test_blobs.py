"""The object store's promises, kept in a folder and on S3."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from moto.server import ThreadedMotoServer

from services.chassis.blobs import BlobMissing, Blobs

MEBIBYTE = 1024 * 1024
BUCKET = "cvs"


class Place:
    """An object store, and what lies in it by whatever name."""

    def __init__(self, url: str, everything: Callable[[], set[str]]) -> None:
        self.url, self.everything = url, everything
        self.blobs = Blobs(url)


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """Address of an S3 without objects."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["file", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    if request.param == "file":
        folder = tmp_path / "files"
        return Place(f"file://{folder}", lambda: {str(path) for path in folder.rglob("*") if path.is_file()})
    endpoint = request.getfixturevalue("s3")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "tests")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "tests")
    httpx2.post(f"{endpoint}/moto-api/reset").raise_for_status()
    httpx2.put(f"{endpoint}/{BUCKET}").raise_for_status()
    return Place(f"s3://{BUCKET}/here?endpoint={endpoint}&region=us-east-1", lambda: in_bucket(endpoint))


def in_bucket(endpoint: str) -> set[str]:
    """Keys of a bucket, and uploads that were begun and not ended."""
    keys = httpx2.get(f"{endpoint}/{BUCKET}?list-type=2").text.split("<Key>")[1:]
    uploads = httpx2.get(f"{endpoint}/{BUCKET}?uploads").text.split("<UploadId>")[1:]
    return {one.partition("<")[0] for one in (*keys, *uploads)}


async def pieces(*content: bytes) -> AsyncIterator[bytes]:
    for piece in content:
        yield piece


async def content_of(blobs: Blobs, name: str) -> bytes:
    return b"".join([piece async for piece in blobs.get(name)])


async def test_what_was_put_is_there_as_it_was(place: Place) -> None:
    await place.blobs.put("resumes/res_1", pieces(b"Five ", b"years ", b"", b"of Python."))
    assert await content_of(place.blobs, "resumes/res_1") == b"Five years of Python."


async def test_what_was_put_is_there_for_another_process(place: Place) -> None:
    await place.blobs.put("resumes/res_1", pieces(b"kept"))
    assert await content_of(Blobs(place.url), "resumes/res_1") == b"kept"


async def test_an_object_of_several_parts_is_whole(place: Place) -> None:
    content = [bytes([number]) * (MEBIBYTE // 2) for number in range(12)] + [b"the end"]
    await place.blobs.put("resumes/large", pieces(*content))
    found = await content_of(place.blobs, "resumes/large")
    assert len(found) == 6 * MEBIBYTE + 7
    assert hashlib.sha256(found).digest() == hashlib.sha256(b"".join(content)).digest()


async def test_an_object_comes_in_pieces(place: Place) -> None:
    await place.blobs.put("resumes/large", pieces(*[b"x" * MEBIBYTE] * 3))
    sizes = [len(piece) async for piece in place.blobs.get("resumes/large")]
    assert sum(sizes) == 3 * MEBIBYTE
    assert all(sizes)


async def test_an_empty_object_is_an_object(place: Place) -> None:
    await place.blobs.put("resumes/empty", pieces())
    assert await content_of(place.blobs, "resumes/empty") == b""


async def test_what_is_put_again_replaces_what_was_there(place: Place) -> None:
    await place.blobs.put("resumes/res_1", pieces(b"first and longer"))
    await place.blobs.put("resumes/res_1", pieces(b"second"))
    assert await content_of(place.blobs, "resumes/res_1") == b"second"
    assert len(place.everything()) == 1


async def test_what_was_never_put_is_missing(place: Place) -> None:
    with pytest.raises(BlobMissing, match="resumes/nobody"):
        await content_of(place.blobs, "resumes/nobody")


async def test_what_was_deleted_is_missing(place: Place) -> None:
    await place.blobs.put("resumes/res_1", pieces(b"x"))
    await place.blobs.put("resumes/res_2", pieces(b"y"))
    await place.blobs.delete("resumes/res_1")
    with pytest.raises(BlobMissing):
        await content_of(place.blobs, "resumes/res_1")
    assert await content_of(place.blobs, "resumes/res_2") == b"y"
    assert len(place.everything()) == 1


async def test_deleting_what_is_not_there_is_no_failure(place: Place) -> None:
    await place.blobs.delete("resumes/nobody")
    await place.blobs.put("resumes/res_1", pieces(b"x"))
    await place.blobs.delete("resumes/res_1")
    await place.blobs.delete("resumes/res_1")


class Refused(Exception):
    """The content is not wanted after all."""


@pytest.mark.parametrize("before", [0, 1, 6 * MEBIBYTE], ids=["at once", "after a byte", "after a part"])
async def test_a_content_that_fails_leaves_nothing_and_says_why(place: Place, before: int) -> None:
    async def failing() -> AsyncIterator[bytes]:
        if before:
            yield b"x" * before
        raise Refused("too large")

    with pytest.raises(Refused, match="too large"):
        await place.blobs.put("resumes/res_1", failing())
    with pytest.raises(BlobMissing):
        await content_of(place.blobs, "resumes/res_1")
    assert place.everything() == set()


async def test_a_content_that_fails_leaves_what_was_there_before(place: Place) -> None:
    async def failing() -> AsyncIterator[bytes]:
        yield b"half"
        raise Refused

    await place.blobs.put("resumes/res_1", pieces(b"whole"))
    with pytest.raises(Refused):
        await place.blobs.put("resumes/res_1", failing())
    assert await content_of(place.blobs, "resumes/res_1") == b"whole"


@pytest.mark.parametrize("name", ["a", "a/b/c/d", "Lebenslauf Jürgen.pdf", "100% + #1 ?.pdf", "履歴書"])
async def test_an_object_may_have_any_name(place: Place, name: str) -> None:
    await place.blobs.put(name, pieces(name.encode()))
    assert await content_of(place.blobs, name) == name.encode()
    await place.blobs.delete(name)
    assert place.everything() == set()


async def test_names_of_one_beginning_are_two_objects(place: Place) -> None:
    await place.blobs.put("resumes/res_1", pieces(b"one"))
    await place.blobs.put("resumes/res_10", pieces(b"ten"))
    assert await content_of(place.blobs, "resumes/res_1") == b"one"


async def test_objects_of_one_prefix_stay_within_it(s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "tests")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "tests")
    httpx2.post(f"{s3}/moto-api/reset").raise_for_status()
    httpx2.put(f"{s3}/{BUCKET}").raise_for_status()
    await Blobs(f"s3://{BUCKET}/one/two?endpoint={s3}").put("resumes/res_1", pieces(b"x"))
    assert in_bucket(s3) == {"one/two/resumes/res_1"}


async def test_a_folder_with_blanks_in_its_name_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "CVs of Jürgen"
    blobs = Blobs(f"file://{folder}".replace(" ", "%20"))
    await blobs.put("res_1", pieces(b"x"))
    assert (folder / "res_1").read_bytes() == b"x"
