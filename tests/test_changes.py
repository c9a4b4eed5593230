import copy
from typing import Any

import pytest

from crawler.changes import MOST_SENTENCES, Change, changes, lost_and_added
from crawler.normalise import normalise
from crawler.record import RawRecord
from crawler.trial import Trial
from tests.records import body, raw


def trial(**modules: Any) -> Trial:  # noqa: ANN401 - the registry's JSON
    return normalise(raw(**modules))


def told(before: dict[str, Any], after: dict[str, Any], module: str) -> list[Change]:
    return changes(trial(**{module: before}), trial(**{module: after}))


STATUS: dict[str, Any] = {"overallStatus": "RECRUITING", "lastUpdatePostDateStruct": {"date": "2024-01-01"}}


@pytest.mark.parametrize(
    ("module", "before", "after", "expected"),
    [
        ("statusModule", STATUS, {**STATUS, "overallStatus": "TERMINATED"}, ("status", "RECRUITING", "TERMINATED")),
        ("statusModule", STATUS, {**STATUS, "whyStopped": "No money."}, ("why_stopped", None, "No money.")),
        (
            "designModule",
            {"enrollmentInfo": {"count": 100}},
            {"enrollmentInfo": {"count": 120}},
            ("enrollment", 100, 120),
        ),
        ("designModule", {"phases": ["PHASE2"]}, {"phases": ["PHASE3"]}, ("phases", ["PHASE2"], ["PHASE3"])),
        (
            "conditionsModule",
            {"conditions": ["Lupus", "Scleroderma"]},
            {"conditions": ["scleroderma", "Myositis"]},
            ("conditions", ["Lupus", "Scleroderma"], ["scleroderma", "Myositis"]),
        ),
        ("eligibilityModule", {"minimumAge": "1 Day"}, {"minimumAge": "2 Days"}, ("minimum_age", "1 Day", "2 Days")),
        (
            "sponsorCollaboratorsModule",
            {"leadSponsor": {"name": "A", "class": "INDUSTRY"}},
            {"leadSponsor": {"name": "B", "class": "INDUSTRY"}},
            ("lead_sponsor", {"name": "A", "class": "INDUSTRY"}, {"name": "B", "class": "INDUSTRY"}),
        ),
    ],
)  # fmt: skip
def test_a_field_is_told_as_it_was_and_as_it_is(
    module: str, before: dict[str, Any], after: dict[str, Any], expected: tuple[str, Any, Any]
) -> None:
    assert told(before, after, module) == [Change(*expected)]


@pytest.mark.parametrize(
    ("module", "before", "after"),
    [
        ("statusModule", STATUS, {**STATUS, "lastUpdatePostDateStruct": {"date": "2024-02-01"}}),
        ("conditionsModule", {"conditions": ["Lupus", "Gout"]}, {"conditions": ["GOUT", "Lupus "]}),
        ("descriptionModule", {"briefSummary": "One. Two."}, {"briefSummary": "* Two.\n* One."}),
        ("eligibilityModule", {"eligibilityCriteria": "* Age ≥ 18"}, {"eligibilityCriteria": "1. age >= 18"}),
        ("identificationModule", {"briefTitle": "A trial"}, {"briefTitle": "A  Trial"}),
        (
            "contactsLocationsModule",
            {"locations": [{"facility": "Here", "country": "Turkey", "geoPoint": {"lat": 1.0, "lon": 2.0}}]},
            {"locations": [{"facility": "Here", "country": "Turkey (Türkiye)"}]},
        ),
    ],
)
def test_what_makes_no_difference_is_no_change(module: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    assert told(before, after, module) == []


def test_absent_results_are_none_posted() -> None:
    assert changes(trial(), trial(top={"hasResults": False})) == []
    assert changes(trial(), trial(top={"hasResults": True})) == [Change("has_results", before=None, after=True)]


def test_unknown_fields_are_another_reports() -> None:
    assert changes(trial(), trial(top={"mystery": 1})) == []


def test_headings_that_a_side_lacks_wholly_say_nothing() -> None:
    def browsed(*terms: str) -> Trial:
        return trial(derived={"conditionBrowseModule": {"meshes": [{"id": "D1", "term": term} for term in terms]}})

    assert changes(browsed(), browsed("Lupus")) == []
    assert changes(browsed("Lupus", "Gout"), browsed("Gout", "Arthritis")) == [
        Change("condition_mesh", [{"id": "D1", "term": "Lupus"}], [{"id": "D1", "term": "Arthritis"}])
    ]


def test_a_text_is_told_by_the_sentences_that_differ() -> None:
    text = "Inclusion Criteria:\n\n* Adults\n* Onset within {} years\n\nExclusion Criteria:\n\n* Pregnant"
    before, after = ({"eligibilityCriteria": text.format(years)} for years in (5, 3))
    assert told(before, after, "eligibilityModule") == [
        Change("eligibility_criteria", ["Onset within 5 years"], ["Onset within 3 years"])
    ]


def test_a_text_written_anew_is_cut_and_says_by_how_much() -> None:
    new = " ".join(f"Sentence {number} is here." for number in range(MOST_SENTENCES + 3))
    [change] = told({}, {"detailedDescription": new}, "descriptionModule")
    assert change.before == []
    assert change.after[0] == "Sentence 0 is here."
    assert change.after[MOST_SENTENCES:] == ["… and 3 more"]


def test_of_outcomes_only_those_that_differ_are_told_without_their_texts() -> None:
    kept = {"measure": "Survival", "timeFrame": "1 year"}
    before = {
        "primaryOutcomes": [kept, {"measure": "Skin score", "timeFrame": "24 weeks", "description": "A long text."}]
    }
    after = {
        "primaryOutcomes": [{"measure": "Lung capacity", "timeFrame": "52 weeks", "description": "Another."}, kept]
    }
    assert told(before, after, "outcomesModule") == [
        Change(
            "primary_outcomes",
            [{"measure": "Skin score", "time_frame": "24 weeks"}],
            [{"measure": "Lung capacity", "time_frame": "52 weeks"}],
        )
    ]


def test_a_description_is_told_by_the_sentences_that_its_other_form_has_not() -> None:
    before = {"primaryOutcomes": [{"measure": "Skin score", "description": "A sum of many parts. Lower is better."}]}
    after = {"primaryOutcomes": [{"measure": "Skin score", "description": "A sum of some parts. Lower is better."}]}
    assert told(before, after, "outcomesModule") == [
        Change(
            "primary_outcomes",
            [{"measure": "Skin score", "time_frame": None, "description": ["A sum of many parts."]}],
            [{"measure": "Skin score", "time_frame": None, "description": ["A sum of some parts."]}],
        )
    ]


def test_a_site_that_changed_its_status_stands_on_both_sides_and_others_do_not() -> None:
    here = {"facility": "Here", "city": "Lyon", "country": "France", "status": "RECRUITING"}
    there = {"facility": "There", "city": "Oslo", "country": "Norway"}
    before = trial(contactsLocationsModule={"locations": [here, there]})
    after = trial(contactsLocationsModule={"locations": [there, {**here, "status": "COMPLETED"}]})
    [change] = changes(before, after)
    assert (change.field, len(change.before), len(change.after)) == ("locations", 1, 1)
    assert (change.before[0]["status"], change.after[0]["status"]) == ("RECRUITING", "COMPLETED")
    assert lost_and_added(before.locations, after.locations) == (0, 0)


def test_sites_of_one_name_are_counted_one_by_one() -> None:
    site = {"facility": "Research Site", "city": "Austin", "country": "United States"}
    before = trial(contactsLocationsModule={"locations": [site] * 3})
    after = trial(contactsLocationsModule={"locations": [site] * 2 + [{**site, "city": "Dallas"}]})
    assert lost_and_added(before.locations, after.locations) == (1, 1)


def test_a_trial_does_not_differ_from_itself(sample_trials: list[Trial], sample_data: list[dict[str, Any]]) -> None:
    assert [changes(one, one) for one in sample_trials] == [[]] * len(sample_trials)
    again = [normalise(RawRecord(body(copy.deepcopy(data)))) for data in sample_data]
    assert [changes(one, two) for one, two in zip(sample_trials, again, strict=True)] == [[]] * len(again)


@pytest.fixture(scope="module")
def sample_data() -> list[dict[str, Any]]:
    from tests.conftest import SAMPLE  # noqa: PLC0415

    return [RawRecord(line).data for line in SAMPLE.read_bytes().splitlines()]


@pytest.fixture(scope="module")
def sample_trials(sample_data: list[dict[str, Any]]) -> list[Trial]:
    return [normalise(RawRecord(body(data))) for data in sample_data]
