"""Pages by key."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.store.repositories.pages import DEFAULT_SIZE, PageRequest, PageTokenInvalid


def page_of(rows: list[str], size: int, token: str, *filters: object) -> tuple[list[str], str]:
    """What a repository does with a request: rows behind `after`, one more than the page."""
    request = PageRequest.of(size, token, *filters)
    found = sorted(row for row in rows if row > request.after)[: request.size + 1]
    page = request.cut(found, lambda row: row)
    return list(page.items), page.next_token


ROWS = [f"job_{number:04d}" for number in range(45)]


def test_a_page_has_twenty_rows_where_nothing_is_said() -> None:
    items, _ = page_of(ROWS, 0, "")
    assert len(items) == DEFAULT_SIZE == 20


def test_the_last_page_has_no_token() -> None:
    assert page_of(ROWS, 45, "") == (ROWS, "")
    assert page_of([], 10, "") == ([], "")


@given(rows=st.sets(st.integers(0, 999), max_size=60), size=st.integers(1, 100))
def test_pages_show_every_row_once_and_in_order(rows: set[int], size: int) -> None:
    names = sorted(f"job_{number:04d}" for number in rows)
    seen, token = page_of(names, size, "")
    while token:
        items, token = page_of(names, size, token)
        assert 1 <= len(items) <= size
        seen += items
    assert seen == names


@given(come=st.sets(st.integers(0, 90)), go=st.sets(st.integers(0, 90)))
def test_rows_that_come_and_go_in_between_shift_no_other(come: set[int], go: set[int]) -> None:
    before = {f"job_{number:04d}" for number in range(0, 90, 2)}
    after = (before | {f"job_{number:04d}" for number in come}) - {f"job_{number:04d}" for number in go}
    first, token = page_of(sorted(before), 20, "")
    second, _ = page_of(sorted(after), 100, token)
    assert not set(first) & set(second)
    assert (before & after) - set(first) <= set(second)


def test_a_token_is_good_for_its_own_question_only() -> None:
    _, token = page_of(ROWS, 20, "", "jobs", 1)
    assert page_of(ROWS, 20, token, "jobs", 1)[0][0] == ROWS[20]
    for other in (("jobs", 2), ("resumes", 1), ("jobs",), ()):
        with pytest.raises(PageTokenInvalid):
            page_of(ROWS, 20, token, *other)


def test_the_size_may_change_from_page_to_page() -> None:
    _, token = page_of(ROWS, 20, "", "jobs")
    assert page_of(ROWS, 5, token, "jobs")[0] == ROWS[20:25]


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "garbage",
    ["x", "????", "ä", "\x00", "a" * 1000, encoded(":"), encoded("00000000:job_0001"), encoded("ä:ä")],
)
def test_a_token_of_nobodys_making_is_refused_and_named(garbage: str) -> None:
    with pytest.raises(PageTokenInvalid) as refused:
        PageRequest.of(20, garbage, "jobs")
    assert [one.field for one in refused.value.fields] == ["page_token"]


@settings(max_examples=40)
@given(st.text(max_size=40))
def test_no_token_is_more_than_refused(token: str) -> None:
    try:
        request = PageRequest.of(20, token, "jobs")
    except PageTokenInvalid:
        return
    assert token == ""
    assert request.after == ""
