from collections.abc import Iterator
from itertools import islice, pairwise
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.errors import UsageError
from crawler.files import read_source
from crawler.normalise import normalise
from crawler.record import RawRecord
from crawler.trial import Trial
from index.compare import FIELDS, Comparison, CountWrong, Part, Row, TrialTwice, compare
from tests.conftest import SHARED
from tests.records import raw


def trial(number: int, **modules: dict[str, Any]) -> Trial:
    return normalise(raw(f"NCT0000000{number}", **modules))


def row(name: str, *modules: dict[str, Any]) -> Row:
    """One row of a comparison of trials with these modules."""
    rows = compare([trial(number, **module) for number, module in enumerate(modules, 1)]).rows
    return next(one for one in rows if one.field == name)


def test_every_field_of_a_trial_but_its_id_is_compared_once() -> None:
    assert sorted(FIELDS) == sorted(set(Trial.__struct_fields__) - {"nct_id"})
    assert [one.field for one in compare([trial(1), trial(2)]).rows] == list(FIELDS)


def test_designers_read_the_status_first_and_the_paperwork_last() -> None:
    asked = (
        "status phases allocation masking enrollment start_date lead_sponsor conditions interventions arms "
        "primary_outcomes minimum_age sex eligibility_criteria countries references"
    )
    assert " ".join(name for name in FIELDS if name in asked.split()) == asked


# -- values ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "one", "two", "same"),
    [
        ("status", {"statusModule": {"overallStatus": "COMPLETED"}}, {}, True),
        ("status", {"statusModule": {"overallStatus": "RECRUITING"}}, {}, False),
        ("enrollment", {"designModule": {"enrollmentInfo": {"count": 60}}}, {}, False),
        ("enrollment", {}, {}, True),
        ("healthy_volunteers", {"eligibilityModule": {"healthyVolunteers": False}}, {}, False),
        (
            "acronym",
            {"identificationModule": {"acronym": "TOFA-SSc"}},
            {"identificationModule": {"acronym": "tofa-SSC "}},
            True,
        ),
        (
            "start_date",
            {"statusModule": {"startDateStruct": {"date": "2022"}}},
            {"statusModule": {"startDateStruct": {"date": "2022-01"}}},
            False,
        ),
    ],
)
def test_single_values(name: str, one: dict[str, Any], two: dict[str, Any], same: bool) -> None:  # noqa: FBT001 - a table
    found = row(name, one, two)
    assert (found.same, found.parts) == (same, None)


def test_values_stand_as_in_show() -> None:
    sponsor = {"sponsorCollaboratorsModule": {"leadSponsor": {"name": "Acme", "class": "INDUSTRY"}}}
    assert row("lead_sponsor", sponsor, {}).values == [{"name": "Acme", "class": "INDUSTRY"}, None]
    two = compare([trial(1, **sponsor), trial(2)])
    shown = [msgspec.to_builtins(trial(1, **sponsor)), msgspec.to_builtins(trial(2))]
    for one in two.rows:
        assert one.values == [held[one.field] for held in shown]


# -- lists -----------------------------------------------------------------------------------------------------------


def conditions(*names: str) -> dict[str, Any]:
    return {"conditionsModule": {"conditions": list(names)}}


def test_lists_are_sets() -> None:
    assert row("conditions", conditions("Lupus", "SLE"), conditions("sle", "Lupus ")).same
    found = row("conditions", conditions("Lupus", "SLE"), conditions("SLE", "Arthritis"), conditions("SLE"))
    assert not found.same
    assert found.parts == [
        Part(["Lupus", None, None], same=False),
        Part(["SLE", "SLE", "SLE"], same=True),
        Part([None, "Arthritis", None], same=False),
    ]


def outcomes(*told: tuple[str, str]) -> dict[str, Any]:
    return {"outcomesModule": {"primaryOutcomes": [{"measure": m, "timeFrame": t} for m, t in told]}}


def frames(found: Row) -> list[tuple[list[str | None], bool]]:
    return [([value and value["time_frame"] for value in part.values], part.same) for part in found.parts or []]


def test_an_outcome_at_another_time_is_a_form_of_the_same() -> None:
    one = outcomes(("Rodnan Skin Score", "Week 12"), ("Rodnan skin score.", "Week 24"), ("Death", "Year 1"))
    two = outcomes(("rodnan  skin score", "week 24"), ("1. Rodnan skin score", "Week 52"))
    assert frames(row("primary_outcomes", one, two)) == [
        (["Week 12", "Week 52"], False),
        (["Week 24", "week 24"], True),
        (["Year 1", None], False),
    ]


def test_arms_of_one_name_stand_together() -> None:
    def arms(*told: tuple[str, str]) -> dict[str, Any]:
        return {"armsInterventionsModule": {"armGroups": [{"label": name, "description": text} for name, text in told]}}

    found = row("arms", arms(("Drug", "4 mg"), ("Placebo", "a pill")), arms(("PLACEBO", "A pill."), ("drug", "2 mg")))
    told = [([value["description"] for value in part.values], part.same) for part in found.parts or []]
    assert told == [(["4 mg", "2 mg"], False), (["a pill", "A pill."], True)]


# -- texts -----------------------------------------------------------------------------------------------------------


def eligibility(text: str) -> dict[str, Any]:
    return {"eligibilityModule": {"eligibilityCriteria": text}}


def test_criteria_are_the_same_whatever_their_bullets_and_numbers() -> None:
    one = "Inclusion Criteria:\n\n* Adults\n* Age ≥ 18 years\n\nExclusion Criteria:\n\n* Pregnant"
    two = "INCLUSION CRITERIA\n1. age >=18 years.\n2. ADULTS\n\nKey exclusion criteria:\n- Pregnant;"
    assert row("eligibility_criteria", eligibility(one), eligibility(two)).same


def test_criteria_differ_by_sentence_and_by_section() -> None:
    one = "Inclusion Criteria:\n* Diffuse\n* Ill for no more than 36 months\nExclusion Criteria:\n* Pregnant\n* Ulcer"
    two = "Inclusion Criteria:\n* Pregnant\n* Ill for no more than 60 months\nExclusion Criteria:\n* ulcer. Asthma."
    found = row("eligibility_criteria", eligibility(one), eligibility(two))
    assert found.parts == [
        Part(["Diffuse", None], same=False, section="inclusion"),
        Part(["Ill for no more than 36 months", "Ill for no more than 60 months"], same=False, section="inclusion"),
        Part([None, "Pregnant"], same=False, section="inclusion"),
        Part(["Pregnant", None], same=False, section="exclusion"),
        Part(["Ulcer", "ulcer."], same=True, section="exclusion"),
        Part([None, "Asthma."], same=False, section="exclusion"),
    ]
    assert found.values == [one, two]


def test_a_text_without_headings_is_compared_as_a_whole() -> None:
    found = row(
        "eligibility_criteria", eligibility("Inclusion Criteria:\n* Adults"), eligibility("Adults only.\nAdults")
    )
    assert found.parts == [Part(["Adults", "Adults"], same=True), Part([None, "Adults only."], same=False)]


def test_a_text_that_only_one_has_differs_even_where_it_says_nothing() -> None:
    assert not row("eligibility_criteria", eligibility("Inclusion Criteria:"), {}).same
    assert row("eligibility_criteria", {}, {}).parts == []


def test_long_texts_are_compared_by_sentence() -> None:
    def described(text: str) -> dict[str, Any]:
        return {"descriptionModule": {"detailedDescription": text}}

    found = row(
        "detailed_description", described("It is blind. It lasts a year."), described("It lasts\na year. It ended.")
    )
    assert found.parts == [
        Part(["It is blind.", None], same=False),
        Part(["It lasts a year.", "It lasts a year."], same=True),
        Part([None, "It ended."], same=False),
    ]


# -- which trials ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 6])
def test_two_to_five(count: int) -> None:
    with pytest.raises(CountWrong, match="two to five"):
        compare([trial(number) for number in range(1, count + 1)])


def test_a_trial_stands_once() -> None:
    with pytest.raises(TrialTwice, match="NCT00000001 is named twice") as caught:
        compare([trial(1), trial(2), trial(1)])
    assert isinstance(caught.value, UsageError)


# -- properties ------------------------------------------------------------------------------------------------------

WORDS = ["a", "b", "c.", "D", "1.", "*", "\n", "≥", "18", "no", "Inclusion", "Exclusion", "Criteria:", "skin", "score"]
texts = st.lists(st.sampled_from(WORDS)).map(" ".join) | st.text()
names = st.lists(texts, max_size=3)
trials = st.builds(
    lambda title, conditions, criteria, outcomes, sites: trial(
        1,
        identificationModule={"acronym": title},
        conditionsModule={"conditions": conditions},
        eligibilityModule={"eligibilityCriteria": criteria},
        outcomesModule={"primaryOutcomes": [{"measure": text, "timeFrame": text[::-1]} for text in outcomes]},
        contactsLocationsModule={"locations": [{"city": text} for text in sites]},
        descriptionModule={"briefSummary": criteria},
    ),
    texts, names, texts, names, names,
)  # fmt: skip
several = st.lists(trials, min_size=2, max_size=5).map(
    lambda made: [msgspec.structs.replace(one, nct_id=f"NCT0000000{place}") for place, one in enumerate(made, 1)]
)


@given(trials)
def test_a_trial_is_the_same_as_itself(one: Trial) -> None:
    copy = msgspec.structs.replace(one, nct_id="NCT00000002")
    assert [found.field for found in compare([one, copy]).rows if not found.same] == []


def shape(found: Comparison, order: list[int]) -> list[object]:
    """Rows with their columns in an order; parts in none, for theirs follows the first trial's."""
    return [
        (
            one.field,
            [one.values[number] for number in order],
            one.same,
            sorted(
                (repr([part.values[number] for number in order]), part.same, part.section) for part in one.parts or []
            ),
        )
        for one in found.rows
    ]


@given(several, st.randoms())
@settings(max_examples=60)
def test_the_order_of_ids_only_moves_columns(made: list[Trial], random: Random) -> None:
    order = list(range(len(made)))
    random.shuffle(order)
    moved = compare([made[number] for number in order])
    assert shape(moved, list(range(len(made)))) == shape(compare(made), order)


@pytest.mark.shared
def test_real_records_compare_with_themselves_and_each_other() -> None:
    for one, two in pairwise(islice(real("v2.jsonl.gz"), 60)):
        copy = msgspec.structs.replace(one, nct_id="NCT99999999")
        assert all(found.same for found in compare([one, copy]).rows)
        there, back = compare([one, two]), compare([two, one])
        assert shape(there, [0, 1]) == shape(back, [1, 0])


def real(name: str) -> Iterator[Trial]:
    """Trials of a file in the shared folder."""
    read = read_source(str(SHARED / "registry" / name))
    return (normalise(item) for _, item in read if isinstance(item, RawRecord))


@pytest.mark.shared
def test_the_seed_and_its_nearest_relative() -> None:
    # Written by one group of authors; the two texts read beside each other by hand.
    seed = next(one for one in real("seed.jsonl") if one.nct_id == "NCT05300932")
    relative = next(one for one in real("legacy.jsonl.gz") if one.nct_id == "NCT03274076")
    found = compare([seed, relative])
    parts = next(one.parts or [] for one in found.rows if one.field == "eligibility_criteria")
    assert [part.values[0] for part in parts if part.same] == ["Subjects at risk for tuberculosis (TB)."]
    alike = [tuple(part.values) for part in parts if not part.same and None not in part.values]
    assert (
        "Major surgery (including joint surgery) within 8 weeks prior to screening visit",
        "Major surgery (including joint surgery) within 8 weeks prior to baseline.",
    ) in alike
    assert len(alike) == 9
