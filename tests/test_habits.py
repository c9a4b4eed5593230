"""What people write by habit from other search boxes is named, and nothing else is."""

import pytest

from crawler.config import Cache
from serve.habits import misread, quoted
from tests.running import Shell


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("cancer or lung", ["'or' is looked for as a word; the operator is OR, in capitals."]),
        ("cancer not lung", ["'not' is looked for as a word; the operator is NOT, in capitals."]),
        ("cancer || lung", ["'||' is passed over; the operator is OR, in capitals."]),
        ("cancer -lung", ["'-lung' takes nothing away here; write NOT lung."]),
        ("cancer !lung", ["'!lung' takes nothing away here; write NOT lung."]),
        (
            "scler* (*itis)",
            [
                "'scler*' is no pattern here: a word is found in its forms, not by a part of it.",
                "'*itis' is no pattern here: a word is found in its forms, not by a part of it.",
            ],
        ),
        ("an?emia an?emia", ["'an?emia' is no pattern here: a word is found in its forms, not by a part of it."]),
    ],
)
def test_a_sign_of_another_language_is_named_once(query: str, told: list[str]) -> None:
    assert list(misread(query)) == told


@pytest.mark.parametrize(
    "query",
    [
        "cancer OR lung NOT liver",
        'title:"this or that" "-lung" "scler*"',
        "nausea and vomiting",
        "IL-6 COVID-19 - ? * -2",
        "what works?",
        "AREA[StartDate]RANGE[2020, MAX]",
        "",
    ],
)
def test_what_is_meant_as_it_stands_is_not(query: str) -> None:
    assert list(misread(query)) == []


@pytest.mark.parametrize("flags", [(), ("--json",), ("--explain-query",)])
def test_it_is_said_beside_the_answer(trialkin: Shell, sample_cache: Cache, flags: tuple[str, ...]) -> None:
    ran = trialkin("search", "gout or lupus", *flags, "--cache", str(sample_cache.folder))
    assert ran.code == 0
    assert "trialkin: 'or' is looked for as a word; the operator is OR, in capitals.\n" in ran.err


def test_a_long_word_is_told_by_its_beginning(trialkin: Shell, sample_cache: Cache) -> None:
    assert quoted("gout") == "'gout'"
    assert quoted("g" * 61) == f"'{'g' * 59}…'"
    told = trialkin("search", "x" * 10_000, "--country", "y" * 10_000, "--cache", str(sample_cache.folder)).err
    assert max(map(len, told.split("\n"))) < 120
