"""A CV is read once."""

from __future__ import annotations

from datetime import timedelta

from candor.parsing.v1.parsed_resume_pb2 import Page

from services.store.domain.resumes import ResumeState
from tests.builders import NOON, a_parsed_resume, a_resume, an_obstacle, hidden_words

LATER = NOON + timedelta(minutes=1)
MUCH_LATER = NOON + timedelta(hours=1)


def test_an_uploaded_resume_is_not_read() -> None:
    assert not a_resume().read


def test_a_reading_keeps_what_a_list_shows_and_no_text() -> None:
    resume = a_resume()
    pages = [Page(number=1, end=5), Page(number=2, start=5, end=9)]
    resume.record_parsed(
        a_parsed_resume("Some text", pages=pages, hidden_spans=[hidden_words()], warnings=["!"]), LATER
    )
    assert (resume.state, resume.page_count, resume.parse_time) == (ResumeState.PARSED, 2, LATER)
    assert resume.read
    assert (list(resume.reading.hidden_spans), list(resume.reading.warnings)) == ([hidden_words()], ["!"])
    assert (resume.reading.media_type, resume.reading.parser) == ("text/plain", "tests/1")
    assert (resume.reading.text, len(resume.reading.pages), len(resume.reading.spans)) == ("", 0, 0)


def test_an_unreadable_resume_says_why() -> None:
    resume = a_resume()
    resume.record_unreadable(an_obstacle(), LATER)
    assert (resume.state, resume.unreadable, resume.parse_time) == (ResumeState.UNREADABLE, an_obstacle(), LATER)
    assert resume.read


def test_the_first_reading_stays() -> None:
    resume = a_resume()
    resume.record_parsed(a_parsed_resume(warnings=["first"]), LATER)
    resume.record_parsed(a_parsed_resume(warnings=["second"]), MUCH_LATER)
    resume.record_unreadable(an_obstacle(), MUCH_LATER)
    assert (resume.state, list(resume.reading.warnings), resume.parse_time) == (ResumeState.PARSED, ["first"], LATER)
    assert resume.unreadable is None


def test_what_was_unreadable_first_stays_unreadable() -> None:
    resume = a_resume()
    resume.record_unreadable(an_obstacle("first"), LATER)
    resume.record_parsed(a_parsed_resume(), MUCH_LATER)
    resume.record_unreadable(an_obstacle("second"), MUCH_LATER)
    assert (resume.state, resume.unreadable, resume.page_count) == (ResumeState.UNREADABLE, an_obstacle("first"), 0)
    assert resume.parse_time == LATER
