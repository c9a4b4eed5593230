from typing import Any

import pytest

from crawler.changes import changes
from crawler.normalise import normalise
from crawler.severity import Reason, moved_days, reasons, severity
from crawler.trial import Trial
from tests.records import raw


def trial(**modules: Any) -> Trial:  # noqa: ANN401 - the registry's JSON
    return normalise(raw(**modules))


def judged(before: Trial, after: Trial) -> list[Reason]:
    return reasons(before, after, changes(before, after))


def rules(before: Trial, after: Trial) -> list[tuple[str, str]]:
    return [(reason.rule, reason.severity) for reason in judged(before, after)]


def of_status(status: str, **more: Any) -> Trial:  # noqa: ANN401 - the registry's JSON
    return trial(statusModule={"overallStatus": status, **more})


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("RECRUITING", "TERMINATED", [Reason("terminated", "high", "status RECRUITING → TERMINATED")]),
        ("RECRUITING", "SUSPENDED", [Reason("suspended", "high", "status RECRUITING → SUSPENDED")]),
        ("NOT_YET_RECRUITING", "WITHDRAWN", [Reason("withdrawn", "high", "status NOT_YET_RECRUITING → WITHDRAWN")]),
        ("RECRUITING", "COMPLETED", [Reason("status", "medium", "status RECRUITING → COMPLETED")]),
        ("SUSPENDED", "RECRUITING", [Reason("status", "medium", "status SUSPENDED → RECRUITING")]),
    ],
)
def test_a_trial_that_stops_matters_most(before: str, after: str, expected: list[Reason]) -> None:
    assert judged(of_status(before), of_status(after)) == expected


def test_why_it_stopped_is_told() -> None:
    told = judged(of_status("RECRUITING"), of_status("TERMINATED", whyStopped="Sponsor's\ndecision"))
    assert told[1] == Reason("why_stopped", "high", "why stopped: Sponsor's decision")
    assert rules(of_status("TERMINATED", whyStopped="x"), of_status("TERMINATED")) == [("details", "low")]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (100, 120, "enrollment 100 → 120 (+20 %)"),
        (100, 80, "enrollment 100 → 80 (-20 %)"),
        (1000, 30, "enrollment 1,000 → 30 (-97 %)"),
        (0, 10, "enrollment 0 → 10"),
        (100, 119, None),
        (100, 81, None),
        (None, 50, None),
    ],
)
def test_enrollment_matters_from_a_fifth_on(before: int | None, after: int, expected: str | None) -> None:
    told = judged(
        trial(designModule={"enrollmentInfo": {"count": before}}),
        trial(designModule={"enrollmentInfo": {"count": after}}),
    )
    assert told == [
        Reason("details", "low", "changed: enrollment")
        if expected is None
        else Reason("enrollment", "medium", expected)
    ]


@pytest.mark.parametrize(
    ("before", "after", "days"),
    [
        ("2024-01-01", "2024-01-31", 30),
        ("2024-01-01", "2024-01-30", 29),
        ("2024-03-01", "2024-01-31", -30),
        ("2024-03", "2024-03-31", 0),
        ("2024-03-31", "2024", 0),
        ("2024-03", "2024-04", 31),
        ("2024", "2025", 366),
        (None, "2024", 0),
        ("2024", None, 0),
    ],
)
def test_dates_move_by_their_first_days_and_not_by_becoming_exact(
    before: str | None, after: str | None, days: int
) -> None:
    assert moved_days(before, after) == days


def completed(day: str, primary: str) -> Trial:
    dates = {"completionDateStruct": {"date": day}, "primaryCompletionDateStruct": {"date": primary}}
    return trial(statusModule=dates)


def test_completion_matters_from_thirty_days_on() -> None:
    told = judged(completed("2024-01-01", "2023-12-31"), completed("2024-01-31", "2023-11-01"))
    assert [reason.text for reason in told] == [
        "completion 2024-01-01 → 2024-01-31, 30 days later",
        "primary completion 2023-12-31 → 2023-11-01, 60 days earlier",
    ]
    assert rules(completed("2024-01-01", "2024"), completed("2024-01-30", "2024")) == [("details", "low")]


def test_primary_outcomes_matter_and_secondary_ones_less() -> None:
    def with_outcomes(kind: str, *measures: str) -> Trial:
        return trial(outcomesModule={kind: [{"measure": measure, "timeFrame": "1 y"} for measure in measures]})

    assert judged(with_outcomes("primaryOutcomes", "A"), with_outcomes("primaryOutcomes", "B")) == [
        Reason("primary_outcome", "high", "primary outcome “A [1 y]” → “B [1 y]”")
    ]
    assert judged(with_outcomes("primaryOutcomes", "A"), with_outcomes("primaryOutcomes", "a", "B", "C")) == [
        Reason("primary_outcome", "high", "primary outcomes: 0 gone, 2 new")
    ]
    assert rules(with_outcomes("secondaryOutcomes", "A"), with_outcomes("secondaryOutcomes", "B")) == [
        ("details", "low")
    ]


def test_results_matter_when_they_are_posted_first() -> None:
    posted = {"resultsFirstPostDateStruct": {"date": "2024-05-01"}}
    assert judged(trial(), trial(statusModule=posted, top={"hasResults": True})) == [
        Reason("results_posted", "high", "results were posted on 2024-05-01")
    ]
    assert rules(trial(top={"hasResults": True}), trial(statusModule=posted, top={"hasResults": True})) == [
        ("details", "low")
    ]


def test_sites_are_counted() -> None:
    def at(*cities: str) -> Trial:
        return trial(contactsLocationsModule={"locations": [{"facility": "Clinic", "city": city} for city in cities]})

    assert judged(at("Lyon", "Oslo"), at("Oslo", "Rome", "Bern")) == [
        Reason("sites", "medium", "2 sites added, 1 site lost")
    ]


def test_arms_and_interventions_are_named() -> None:
    def given(*names: str) -> Trial:
        arms = [{"label": f"{name} arm"} for name in names]
        return trial(armsInterventionsModule={"armGroups": arms, "interventions": [{"name": name} for name in names]})

    assert judged(given("Drug", "Placebo"), given("Drug", "Sham")) == [
        Reason("arms", "medium", "arms changed: without Placebo arm; with Sham arm"),
        Reason("interventions", "medium", "interventions changed: without Placebo; with Sham"),
    ]


@pytest.mark.parametrize(
    ("module", "before", "after", "rule"),
    [
        ("designModule", {"phases": ["PHASE2"]}, {"phases": ["PHASE3"]}, "design"),
        ("eligibilityModule", {"minimumAge": "18 Years"}, {"minimumAge": "12 Years"}, "eligibility"),
        ("sponsorCollaboratorsModule", {"leadSponsor": {"name": "A"}}, {"leadSponsor": {"name": "B"}}, "sponsor"),
    ],
)
def test_design_eligibility_and_sponsor_matter(
    module: str, before: dict[str, Any], after: dict[str, Any], rule: str
) -> None:
    assert rules(trial(**{module: before}), trial(**{module: after})) == [(rule, "medium")]


def test_no_change_has_no_reason_and_a_change_takes_the_greatest() -> None:
    assert judged(trial(), trial()) == []
    assert severity([]) == "low"
    assert severity([Reason("a", "low", ""), Reason("b", "high", ""), Reason("c", "medium", "")]) == "high"
