"""`similar` in a terminal: two lines of reasons a hit, at 80 columns and at few."""

import pytest

from index.likeness import SimilarTrial
from index.similar.facts import Fact
from index.similar.reasons import Term, Why
from serve.likeness import lines
from serve.neighbours import SimilarAnswer
from serve.terminal import clean
from serve.wrapped import width_of

FACTS = [
    Fact("condition", "both: Gout", ("Gout",), ("Gout", "Pain")),
    Fact("intervention", "another: X, Y, Z (not A)", ("A",), ("X", "Y", "Z")),
    Fact("phase", "both: PHASE3", ("PHASE3",), ("PHASE3",)),
    Fact("status", "NCT00000002 is RECRUITING", ("COMPLETED",), ("RECRUITING",)),
]
WHY = Why(
    {"topic": 0.125, "text": 0.25, "conditions": 0.0, "eligibility": 0.125},
    [Term("gout", "topic", 0.5), Term("urate", "text", 0.2), Term("gout", "text", 0.1)],
    FACTS,
)


def answer(why: Why | None, **more: object) -> SimilarAnswer:
    return SimilarAnswer([SimilarTrial("NCT00000002", "Gout in adults", 0.5, why)], None, **more)  # type: ignore[arg-type]


def shown(told: SimilarAnswer, width: int = 80) -> list[str]:
    return ["".join(span.text for span in line) for line in lines(told, width, clean)]


def test_a_hit_has_its_title_and_two_lines_of_reasons() -> None:
    assert shown(answer(WHY, nct_id="NCT00000001")) == [
        "Trials most like NCT00000001",
        "",
        "  1  NCT00000002 Gout in adults",
        "     0.500  text ▇▇▇ .250  topic ▇▇ .125  eligibility ▇▇ .125",
        "     gout, urate · condition: Gout · phase: PHASE3 · RECRUITING",
    ]


def test_what_has_to_differ_is_told_first() -> None:
    told = shown(answer(WHY, nct_id="NCT00000001", by="condition", unlike="intervention", diverse=True))
    assert told[:2] == [
        "Trials most like NCT00000001, by condition, unlike in intervention, diverse:",
        "what resembles a better hit stands back",
    ]
    assert told[-1] == "     gout, urate · another intervention: X, Y… · condition: Gout · phase: PHASE3"


def test_a_link_is_told_before_all() -> None:
    linked = Why(WHY.fields, WHY.terms, [Fact("link", "both have org id 7"), *FACTS])
    assert shown(answer(linked, nct_id="NCT00000001"))[-1].startswith("     gout, urate · both have org id 7 · ")


def test_without_reasons_the_score_stands_alone() -> None:
    assert shown(answer(None, nct_ids=["NCT00000001", "NCT00000003"])) == [
        "Trials like all of NCT00000001, NCT00000003",
        "",
        "  1  NCT00000002 Gout in adults",
        "     0.500",
    ]


def test_a_note_stands_under_the_headline() -> None:
    assert shown(SimilarAnswer([], None, nct_id="NCT00000001", note="It says little.")) == [
        "Trials most like NCT00000001",
        "It says little.",
    ]


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_no_line_is_longer_than_the_terminal(width: int) -> None:
    told = answer(WHY, nct_id="NCT00000001", unlike="intervention")
    assert max(width_of(line) for line in lines(told, width, clean)) <= width


def test_what_steers_a_terminal_is_taken_out() -> None:
    steering = Why(WHY.fields, [Term("go\x1b[1mut", "text", 1.0)], [Fact("link", "x\x07y")])
    assert not any(letter in line for line in shown(answer(steering, nct_id="N")) for letter in "\x1b\x07")
