"""A model reads what somebody did, not who they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scorer.redaction import MASK, redact

BODY = """
Staff Nurse, Cedar Ward
March 2019 – present
Ran 12 drug rounds with Python, SQL and Excel for Northgate Clearing.
"""
LAYOUTS = {
    "name first": "Ada Quillfeather\nNurse\n",
    "label": "Nurse\nName: Ada Quillfeather\n",
    "label below": "Personal details\n\nName\n\nAda Quillfeather\n",
    "after curriculum vitae": "CURRICULUM VITAE\nAda Quillfeather\n",
    "beside curriculum vitae": "Curriculum Vitae of Ada Quillfeather\n",
    "before cv": "Ada Quillfeather - CV\n",
    "name bar phone": "Ada Quillfeather | +44 7700 900 112 | Leeds\n",
    "surname first": "QUILLFEATHER, Ada\n",
    "capitals": "ADA QUILLFEATHER\n",
    "one word a line": "Ada\nQuillfeather\nStaff Nurse\n",
    "courtesy": "Ms. Ada Quillfeather\nNurse\n",
    "initial": "Ada M. Quillfeather\nNurse\n",
    "French label": "Nom : Quillfeather\nPrénom : Ada\n",
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_the_name_is_gone_wherever_a_cv_puts_it_and_wherever_it_comes_back(layout: str) -> None:
    text = f"{layout}{BODY}ada.quillfeather@example.com https://example.com/ada-quillfeather\nQuillfeather's references"
    redacted = redact(text)
    assert "quillfeather" not in redacted.casefold()
    assert "Ada " not in redacted


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_work_dates_tools_and_employers_stay(layout: str) -> None:
    assert BODY.strip() in redact(layout + BODY)


@pytest.mark.parametrize(
    "personal",
    [
        "mail: a.b+c@example.co.uk",
        "+49 (0) 711 123456",
        "(0711) 123 4567",
        "Tel. 0711 / 123456",
        "202-555-0143",
        "github.com/adaq",
        "www.example.org/me",
        "linkedin: adaq",
    ],
)
def test_contact_data_is_gone(personal: str) -> None:
    redacted = redact(f"Ada Quillfeather\n{personal}\n{BODY}").split("\n")[1]
    assert MASK in redacted
    assert not any(character.isdigit() for character in redacted)
    assert "adaq" not in redacted
    assert "example" not in redacted


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ("Date of birth: 9 May 1994", "1994"),
        ("Geburtsdatum: 14.03.1985", "1985"),
        ("Geboren am 14. März 1985 in Memmingen, verheiratet, zwei Kinder", "1985"),
        ("Age: 34", "34"),
        ("34 years old", "34"),
        ("Nationality: Ruritanian", "Ruritanian"),
        ("Familienstand: ledig", "ledig"),
        ("Marital status\nmarried", "married"),
        ("Gender: female", "female"),
        ("Pronouns: she/her", "she"),
        ("Address: 12 Elm Street, Leeds LS1 4AP", "Elm"),
        ("14 Acacia Avenue, Leeds", "Acacia"),
        ("Lindenstraße 12, 70173 Stuttgart", "Linden"),
        ("8 rue des Lilas, Lyon", "Lilas"),
    ],
)
def test_birth_age_nationality_family_sex_and_address_are_gone(line: str, secret: str) -> None:
    assert secret not in redact(f"Ada Quillfeather\nNurse\n{line}\n{BODY}")


def test_the_right_to_work_beside_a_nationality_stays() -> None:
    assert "settled status" in redact("Ada Quillfeather\n\nNationality\n\nRuritanian, settled status\n")


@pytest.mark.parametrize(
    "line",
    [
        "Grew sales by 1,400 a month; 2018 – 2021; version 12.4.1; ISO 9001:2015",
        "Managed 3 years old legacy code, married two databases",
        "Named nurse for six patients; product name: none",
        "Node.js, .NET, C++, asyncio/gRPC, TCP/IP",
        "Head of Marketing",
        "Data Analyst",
    ],
)
def test_what_only_looks_like_personal_data_stays(line: str) -> None:
    kept = redact(f"Ada Quillfeather\n{BODY}{line}\n").split("\n")[-2]
    assert sum(one != other for one, other in zip(kept, line, strict=True)) <= 12


@given(st.text(max_size=400))
def test_redaction_keeps_the_length_and_every_white_space(text: str) -> None:
    redacted = redact(text)
    assert len(redacted) == len(text)
    assert all(one in (other, MASK) for one, other in zip(redacted, text, strict=True))
    assert [at for at, one in enumerate(text) if one.isspace()] == [
        at for at, one in enumerate(redacted) if one.isspace()
    ]
