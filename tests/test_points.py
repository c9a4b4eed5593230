import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.points import EXCLUSION, INCLUSION, Point, criteria, folded, sentences, words


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Age ≥ 18 years", "* age >=18   YEARS."),
        ("Age ≥ 18 years", "1. Age ≥ 18 years;"),
        ("Age ≥ 18 years", "* (2) Age ≥ 18 years"),
        ("Pregnant", "a) pregnant; and"),
        ("Pregnant", "iii. Pregnant or"),
        ("Pregnant", "9.Pregnant"),
        ("non-Raynaud", "non−Raynaud"),
        ("Crohn's disease", "Crohn’s disease"),
        ("TB (at risk)", "TB ( at risk )"),
        ("1.1. Adults", "Adults"),
    ],
)
def test_what_makes_no_difference(one: str, two: str) -> None:
    assert folded(one) == folded(two)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Age > 18", "Age < 18"),
        ("Age > 18", "Age >= 18"),
        ("2.5 mg", "5 mg"),
        ("-5 degrees", "5 degrees"),
        ("Pregnant", "Not pregnant"),
        ("", "*"),
    ],
)
def test_what_does(one: str, two: str) -> None:
    assert folded(one) != folded(two)


def test_a_text_is_read_into_its_sentences() -> None:
    text = "Women, e.g. mothers, may join. See Dr. Hall (cf. 2.5 mg vs. 5 mg). Is it so?\n\n1. One. And more.\n2. Two"
    assert [point.text for point in sentences(text)] == [
        "Women, e.g. mothers, may join.",
        "See Dr. Hall (cf. 2.5 mg vs. 5 mg).",
        "Is it so?",
        "One.",
        "And more.",
        "Two",
    ]


def test_a_line_broken_for_its_length_goes_on() -> None:
    assert [point.text for point in sentences("The first line\nis broken here\nA new one")] == [
        "The first line is broken here",
        "A new one",
    ]


def test_numbers_within_a_line_begin_a_point() -> None:
    # From NCT05300932, whose criteria are numbered without line ends.
    text = (
        "1)Increase ≥ 3 in units 2)Involvement of one area 6.Age ≥ 18 years 7.If female, a test (mRSS 3) on the thigh"
    )
    assert [point.text for point in sentences(text)] == [
        "Increase ≥ 3 in units",
        "Involvement of one area",
        "Age ≥ 18 years",
        "If female, a test (mRSS 3) on the thigh",
    ]


def test_criteria_stand_below_their_headings() -> None:
    text = (
        "For all.\n\nKey Inclusion Criteria:\n\n* Adults\n* One of:\n  * fever\n\n"
        "EXCLUSION CRITERIA - DONOR:\n* Pregnant\nInclusion\n* Signed"
    )
    assert criteria(text) == [
        Point("For all."),
        Point("Adults", INCLUSION),
        Point("One of:", INCLUSION),
        Point("fever", INCLUSION),
        Point("Pregnant", EXCLUSION),
        Point("Signed", INCLUSION),
    ]


@pytest.mark.parametrize(
    ("line", "points"),
    [
        ("Inclusion Criteria", []),
        ("INCLUSION CRITERIA:", []),
        ("Inclusion criteria :", []),
        ("1. Inclusion Criteria for Part 2", []),
        ("Main inclusion criteria: Adults", [Point("Adults", INCLUSION)]),
        ("Inclusion Criteria:1. Adults", [Point("Adults", INCLUSION)]),
        ("Exclusion Criteria: none", [Point("none", EXCLUSION)]),
        ("Non-inclusion criteria: minors", [Point("minors", EXCLUSION)]),
        ("The patients must meet these inclusion criteria:", []),
        ("Other protocol-defined inclusion/exclusion criteria may apply", None),
        ("Other protocol-defined inclusion criteria may apply", None),
        ("See Inclusion - General Criteria.", None),
        ("Exclusion of pregnant women", None),
        ("Exclusion of pregnancy: negative test", None),
    ],
)
def test_what_is_a_heading(line: str, points: list[Point] | None) -> None:
    assert criteria(line) == ([Point(line)] if points is None else points)


@given(st.text(st.sampled_from("abC 12.*-)(:;\n\t≥<e.g")) | st.text())
def test_no_word_is_lost_but_numbers_of_lists(text: str) -> None:
    read = words(" ".join(point.text for point in sentences(text)))
    long = {word for word in words(" ".join(text.split())) if word.isalpha() and len(word) > 4}
    assert {word for word in long if not any(word in other for other in read)} == set()


@given(st.lists(st.sampled_from(["Adults", "Age over 18", "No ulcer", "Signed consent"])), st.sampled_from("*-•"))
def test_bullets_and_numbers_change_no_key(texts: list[str], bullet: str) -> None:
    plain = sentences("\n\n".join(texts))
    for marked in (
        "\n".join(f"{bullet} {text}" for text in texts),
        "\n".join(f"{number}. {text.upper()}" for number, text in enumerate(texts, 1)),
    ):
        assert [point.key for point in sentences(marked)] == [point.key for point in plain]
