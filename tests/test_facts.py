import msgspec
import pytest

from index.document import Card
from index.similar.facts import Fact, facts

CARD = Card(
    nct_id="NCT00000001",
    title="One",
    official_title=None,
    status="COMPLETED",
    phases=("PHASE2", "PHASE3"),
    study_type="INTERVENTIONAL",
    conditions=("Systemic Sclerosis", "Scleroderma"),
    condition_mesh=("Scleroderma, Systemic",),
    interventions=("Baricitinib",),
    intervention_types=("DRUG",),
    intervention_mesh=(),
    intervention_classes=("Janus Kinase Inhibitors", "Pharmacologic Actions"),
    sponsor="Pfizer",
    sponsor_class="INDUSTRY",
    countries=("France", "Italy"),
    sex="ALL",
    minimum_age_years=18.0,
    maximum_age_years=None,
    enrollment=60,
    allocation="RANDOMIZED",
    masking="DOUBLE",
    primary_purpose="TREATMENT",
    start_date=None,
    completion_date=None,
    last_update_posted=None,
    brief_summary=None,
)


def same(kind: str, *values: str) -> Fact:
    return Fact(kind, f"both: {', '.join(values)}", values, values)


def test_what_both_have_is_said_so() -> None:
    assert facts([CARD], msgspec.structs.replace(CARD, nct_id="NCT00000002")) == [
        same("condition", "Systemic Sclerosis", "Scleroderma"),
        same("condition_mesh", "Scleroderma, Systemic"),
        same("intervention", "Baricitinib"),
        same("intervention_class", "Janus Kinase Inhibitors"),
        same("intervention_type", "DRUG"),
        same("phase", "PHASE2", "PHASE3"),
        same("country", "France", "Italy"),
        same("study_type", "INTERVENTIONAL"),
        same("allocation", "RANDOMIZED"),
        same("masking", "DOUBLE"),
        same("primary_purpose", "TREATMENT"),
        same("ages", "18 years and over"),
        same("sponsor", "Pfizer"),
        same("status", "COMPLETED"),
    ]


def test_what_differs_stands_side_by_side() -> None:
    other = msgspec.structs.replace(
        CARD,
        nct_id="NCT00000002",
        status="WITHDRAWN",
        phases=("PHASE3", "PHASE4"),
        study_type=None,
        conditions=("SCLERODERMA",),
        condition_mesh=(),
        interventions=("Tofacitinib", "Placebo"),
        intervention_types=(),
        intervention_classes=(),
        sponsor="Lilly",
        countries=(),
        minimum_age_years=None,
        allocation=None,
        masking="NONE",
        primary_purpose=None,
    )
    bare = msgspec.structs.replace(CARD, allocation=None, countries=(), condition_mesh=(), intervention_types=())
    bare = msgspec.structs.replace(bare, intervention_classes=(), primary_purpose=None, study_type=None)
    assert facts([bare], other) == [
        Fact("condition", "both: Scleroderma", ("Systemic Sclerosis", "Scleroderma"), ("SCLERODERMA",)),
        Fact(
            "intervention",
            "another: Tofacitinib, Placebo (not Baricitinib)",
            ("Baricitinib",),
            ("Tofacitinib", "Placebo"),
        ),
        Fact("phase", "both: PHASE3", ("PHASE2", "PHASE3"), ("PHASE3", "PHASE4")),
        Fact("masking", "another: NONE (not DOUBLE)", ("DOUBLE",), ("NONE",)),
        Fact("ages", "asked about alone: 18 years and over", ("18 years and over",), ()),
        Fact("sponsor", "another: Lilly (not Pfizer)", ("Pfizer",), ("Lilly",)),
        Fact("status", "NCT00000002 is WITHDRAWN", ("COMPLETED",), ("WITHDRAWN",)),
    ]


def test_what_the_hit_alone_has_is_said_so_too() -> None:
    card = msgspec.structs.replace(CARD, countries=())
    assert Fact("country", "this one alone: France, Italy", (), ("France", "Italy")) in facts([card], CARD)


def test_of_several_trials_asked_about_any_may_share_it() -> None:
    french = msgspec.structs.replace(CARD, countries=("France",), sponsor=None)
    danish = msgspec.structs.replace(CARD, countries=("Denmark",), sponsor="Lilly")
    told = {fact.kind: fact for fact in facts([french, danish], CARD)}
    assert told["country"] == Fact("country", "both: France", ("France", "Denmark"), ("France", "Italy"))
    assert told["sponsor"] == Fact("sponsor", "another: Pfizer (not Lilly)", ("Lilly",), ("Pfizer",))


@pytest.mark.parametrize(
    ("youngest", "oldest", "text"),
    [
        (18.0, 65.0, "from 18 to 65 years"),
        (0.5, 2.5, "from 0.5 to 2.5 years"),
        (None, 17.0, "from 0 to 17 years"),
        (65.0, None, "65 years and over"),
    ],
)
def test_ages_are_told_as_people_say_them(youngest: float | None, oldest: float | None, text: str) -> None:
    card = msgspec.structs.replace(CARD, minimum_age_years=youngest, maximum_age_years=oldest)
    assert same("ages", text) in facts([card], card)


def test_without_any_bounds_ages_are_no_fact() -> None:
    card = msgspec.structs.replace(CARD, minimum_age_years=None)
    assert "ages" not in {fact.kind for fact in facts([card], card)}
