from typing import Any

import pytest

from index.errors import QueryError, RangeMalformed, ValueUnknown
from index.query.filters import filters
from index.query.tree import Age, All, Days, Enrollment, Ids, Missing, Node, Not, Value, Words
from index.query.tree import Any as AnyOf


def one(name: str, *values: str) -> Node:
    made = filters({name: values}, results=None, ids=None)
    assert list(made) == [name]
    return made[name]


@pytest.mark.parametrize(
    ("flag", "area"),
    [
        ("cond", "ConditionSearch"),
        ("intr", "InterventionSearch"),
        ("title", "TitleSearch"),
        ("outc", "OutcomeSearch"),
        ("spons", "SponsorSearch"),
        ("loc", "LocationSearch"),
        ("elig", "EligibilitySearch"),
    ],
)
def test_text_flags_are_read_in_the_query_language_in_their_area(flag: str, area: str) -> None:
    assert one(flag, "lupus") == Words(("lupus",), area)
    assert one(flag, 'early "lupus nephritis" NOT class') == All(
        (Words(("earli",), area), Words(("lupus", "nephriti"), area), Not(Words(("class",), area)))
    )
    assert one(flag, "a b", "c") == AnyOf((All((Words(("a",), area), Words(("b",), area))), Words(("c",), area)))


@pytest.mark.parametrize(
    ("flag", "typed", "value"),
    [
        ("status", "not yet recruiting", "NOT_YET_RECRUITING"),
        ("phase", "3", "PHASE3"),
        ("type", "observational", "OBSERVATIONAL"),
        ("country", "russian federation", "Russia"),
        ("sex", "female", "FEMALE"),
        ("sponsor_class", "industry", "INDUSTRY"),
        ("intervention_type", "dietary supplement", "DIETARY_SUPPLEMENT"),
        ("sponsor", "Pfizer", "Pfizer"),
        ("condition_mesh", "COVID-19", "COVID-19"),
        ("start_year", "2020", "2020"),
        ("age_group", "child", "CHILD"),
    ],
)
def test_value_flags_are_values_of_their_key(flag: str, typed: str, value: str) -> None:
    assert one(flag, typed) == Value(flag, (value,))
    assert one(flag, typed, typed) == Value(flag, (value, value))


@pytest.mark.parametrize(
    ("flag", "wrong", "told", "near"),
    [
        ("status", "recruitng", "--status", "RECRUITING"),
        ("phase", "phse3", "--phase", "PHASE3"),
        ("type", "interventionel", "--type", "INTERVENTIONAL"),
        ("sex", "femal", "--sex", "FEMALE"),
        ("sponsor_class", "industri", "--sponsor-class", "INDUSTRY"),
        ("intervention_type", "drugs", "--intervention-type", "DRUG"),
        ("age_group", "older adults", "--age-group", "OLDER_ADULT"),
        ("accepts", "females", "--accepts", "FEMALE"),
    ],
)
def test_a_value_outside_a_closed_list_names_the_flag_and_the_nearest(
    flag: str, wrong: str, told: str, near: str
) -> None:
    with pytest.raises(ValueUnknown) as caught:
        one(flag, wrong)
    assert str(caught.value).startswith(f"{told} has no value {wrong!r}; did you mean {near}? One of: ")


@pytest.mark.parametrize("flag", ["start", "completed", "updated"])
def test_date_flags_are_ranges_of_days(flag: str) -> None:
    assert one(flag, "2020..2022-06") == Days(flag, 20200101, 20220630)
    assert one(flag, "2020", "2022") == AnyOf((Days(flag, 20200101, 20201231), Days(flag, 20220101, 20221231)))
    with pytest.raises(RangeMalformed, match=f"--{flag}: 'soon'"):
        one(flag, "soon")


def test_enrollment_is_a_range_of_numbers() -> None:
    assert one("enrollment", "100..") == Enrollment(100, None)
    assert one("enrollment", "..10", "1000..2000") == AnyOf((Enrollment(None, 10), Enrollment(1000, 2000)))


@pytest.mark.parametrize(("typed", "years"), [("65", 65.0), ("0.5", 0.5), ("0", 0.0), (" 17 ", 17.0)])
def test_age_is_in_years(typed: str, years: float) -> None:
    assert one("age", typed) == Age(years)


@pytest.mark.parametrize("typed", ["", "old", "-1", "nan", "inf", "200", "18..65"])
def test_what_is_no_age_is_told(typed: str) -> None:
    with pytest.raises(RangeMalformed) as caught:
        one("age", typed)
    assert str(caught.value) == f"--age: {typed!r} can't be read; write an age in years such as 65 or 0.5."


@pytest.mark.parametrize(
    ("typed", "taken"),
    [("female", ("FEMALE", "ALL")), ("MALE", ("MALE", "ALL")), (" all ", ("ALL",))],
)
def test_accepts_takes_all_and_those_that_name_no_sex(typed: str, taken: tuple[str, ...]) -> None:
    assert one("accepts", typed) == AnyOf((Value("sex", taken), Missing("sex")))


def test_results_and_ids_are_filters_of_their_own() -> None:
    assert filters({}, results=True, ids=None) == {"results": Value("results", ("true",))}
    assert filters({}, results=False, ids=["NCT00000001", "NCT00000002"]) == {
        "results": Value("results", ("false",)),
        "ids": Ids(frozenset({"NCT00000001", "NCT00000002"})),
    }
    assert filters({}, results=None, ids=[]) == {"ids": Ids(frozenset())}


def test_a_flag_that_was_not_given_filters_nothing() -> None:
    flags: dict[str, Any] = {"cond": (), "phase": (), "start": (), "age": (), "accepts": ()}
    assert filters(flags, results=None, ids=None) == {}


def test_a_mistake_in_a_text_flag_is_pointed_at() -> None:
    with pytest.raises(QueryError) as caught:
        one("cond", "lupus (nephritis")
    assert caught.value.position == 16
