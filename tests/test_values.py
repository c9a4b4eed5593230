import pytest

from index.errors import RangeMalformed, ValueUnknown, nearest
from index.query.tree import Days, Enrollment
from index.query.values import days, enrollment, listed_value
from index.schema import FILTERED


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("status", "RECRUITING", "RECRUITING"),
        ("status", "recruiting", "RECRUITING"),
        ("status", "not yet recruiting", "NOT_YET_RECRUITING"),
        ("status", "Not-Yet-Recruiting", "NOT_YET_RECRUITING"),
        ("status", "Active, not recruiting", "ACTIVE_NOT_RECRUITING"),  # as the registry's own site writes it
        ("status", "  Enrolling by invitation ", "ENROLLING_BY_INVITATION"),
        ("phase", "3", "PHASE3"),
        ("phase", "PHASE3", "PHASE3"),
        ("phase", "phase 3", "PHASE3"),
        ("phase", "Phase_3", "PHASE3"),
        ("phase", "early phase 1", "EARLY_PHASE1"),
        ("phase", "early 1", "EARLY_PHASE1"),
        ("phase", "n/a", "NA"),
        ("phase", "not applicable", "NA"),
        ("type", "Interventional", "INTERVENTIONAL"),
        ("type", "expanded access", "EXPANDED_ACCESS"),
        ("intervention_type", "dietary supplement", "DIETARY_SUPPLEMENT"),
        ("sponsor_class", "other gov", "OTHER_GOV"),
        ("age_group", "older adult", "OLDER_ADULT"),
        ("sex", "Female", "FEMALE"),
        ("results", "True", "true"),
        ("country", "Korea, Republic of", "South Korea"),
        ("country", "korea, republic of", "South Korea"),
        ("country", "South Korea", "South Korea"),
        ("country", "RUSSIAN FEDERATION", "Russia"),
        ("country", "Czech Republic", "Czechia"),
        ("country", "turkey", "Turkey (Türkiye)"),
        ("country", " France ", "France"),
        ("country", "USA", "United States"),
        ("country", "u.s.", "United States"),
        ("country", "UK", "United Kingdom"),
        ("country", "Turkiye", "Turkey (Türkiye)"),
        ("country", "Atlantis", "Atlantis"),
        ("sponsor", "Eli Lilly and Company", "Eli Lilly and Company"),
        ("condition_mesh", "Scleroderma, Systemic", "Scleroderma, Systemic"),
        ("start_year", "2020", "2020"),
    ],
)
def test_values_are_taken_as_people_write_them(key: str, text: str, value: str) -> None:
    assert listed_value(key, text) == value


@pytest.mark.parametrize(
    ("key", "value"),
    [(facet.key, value) for facet in FILTERED.values() for value in facet.closed or ()],
)
def test_every_value_of_a_closed_list_is_itself_in_any_case(key: str, value: str) -> None:
    assert [listed_value(key, form) for form in (value, value.lower(), value.replace("_", " "))] == [value] * 3


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("status", "recruitng"), ("status", ""), ("phase", "5"), ("phase", "0"), ("phase", "1/2"), ("phase", "²"),
        ("sex", "women"), ("type", "drug"),
    ],
)  # fmt: skip
def test_a_value_outside_a_closed_list_is_a_mistake(key: str, text: str) -> None:
    with pytest.raises(ValueUnknown) as caught:
        listed_value(key, text)
    assert (caught.value.name, caught.value.value, caught.value.allowed) == (key, text, FILTERED[key].closed)


def test_the_mistake_names_the_nearest_and_the_whole_list() -> None:
    assert str(ValueUnknown("--sex", "femal", ("FEMALE", "MALE", "ALL"))) == (
        "--sex has no value 'femal'; did you mean FEMALE? One of: FEMALE, MALE, ALL."
    )
    assert str(ValueUnknown("--sex", "x", ("FEMALE", "MALE", "ALL"))) == (
        "--sex has no value 'x'. One of: FEMALE, MALE, ALL."
    )


def test_the_nearest_looks_past_case_and_is_none_where_nothing_is_near() -> None:
    known = ["France", "Germany", "Finland"]
    assert [nearest(text, known) for text in ("frnace", "GERMANY", "Atlantis", "")] == ["France", "Germany", None, None]


@pytest.mark.parametrize(
    ("text", "begin", "end"),
    [
        ("2020..2022-06", 20200101, 20220630),
        ("2020", 20200101, 20201231),
        ("2020-02", 20200201, 20200229),
        ("2021-02-03", 20210203, 20210203),
        ("2020..", 20200101, None),
        ("..2020", None, 20201231),
        (" 2020 .. 2020 ", 20200101, 20201231),
        ("2020-06-30..2020-06-30", 20200630, 20200630),
    ],
)
def test_a_range_of_dates_is_from_first_day_to_last(text: str, begin: int | None, end: int | None) -> None:
    assert days("start", text, "--start") == Days("start", begin, end)


@pytest.mark.parametrize("text", ["", "..", " .. ", "2020-13", "20..30", "2022..2020", "2020...2021", "2020-2021", "x"])
def test_what_is_no_range_of_dates_is_told(text: str) -> None:
    with pytest.raises(RangeMalformed) as caught:
        days("start", text, "--start")
    assert (caught.value.name, caught.value.value) == ("--start", text)


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [("100..500", 100, 500), ("60", 60, 60), ("..10", None, 10), ("0..", 0, None), (" 1 .. 2 ", 1, 2)],
)
def test_a_range_of_enrollments(text: str, least: int | None, most: int | None) -> None:
    assert enrollment(text, "--enrollment") == Enrollment(least, most)


@pytest.mark.parametrize("text", ["", "..", "many", "1.5", "500..100", "1..2..3", "9" * 5000])
def test_what_is_no_range_of_enrollments_is_told(text: str) -> None:
    with pytest.raises(RangeMalformed):
        enrollment(text, "--enrollment")


def test_a_range_s_mistake_says_what_to_write() -> None:
    with pytest.raises(RangeMalformed) as backwards:
        days("start", "2022..2020", "--start")
    assert str(backwards.value) == (
        "--start: '2022..2020' can't be read; write A..B with dates such as 2020, 2020-06 or 2020-06-30, "
        "either end may be left out, the earlier one first."
    )
    with pytest.raises(RangeMalformed) as number:
        enrollment("x", "--enrollment")
    assert str(number.value) == (
        "--enrollment: 'x' can't be read; write A..B with whole numbers, either end may be left out."
    )
