"""Records of the registry as Trials: the values expected here were read by eye from the raw JSON."""

import gzip
from collections.abc import Iterator

import pytest

from crawler.normalise import normalise
from crawler.record import RawRecord
from crawler.trial import (
    Arm,
    Contact,
    Intervention,
    Location,
    Mesh,
    Official,
    Reference,
    SecondaryId,
    Sponsor,
    Trial,
)
from tests.conftest import SAMPLE, SHARED

SAMPLE_TRIALS: dict[str, dict[str, object]] = {
    "NCT00000401": {
        "org_study_id": "R01AR045255",
        "secondary_ids": (SecondaryId("R01AR045255", None), SecondaryId("NIAMS-037", None)),
        "start_date": "1999-07",
        "start_date_type": None,
        "last_update_posted": "2013-05-29",
        "responsible_party": None,
        "enrollment": 110,
        "interventions": (Intervention("DRUG", "Oral bovine type II collagen", None, ("CII",), ("1", "2")),),
        "maximum_age_years": 80.0,
        "countries": ("United States",),
        "references": (
            Reference("11177772", "BACKGROUND", "PMID 11177772"),
            Reference("15334493", "RESULT", "PMID 15334493"),
        ),
        "condition_mesh": (Mesh(None, "Arthritis"), Mesh(None, "Arthritis, Rheumatoid")),
    },
    "NCT05300932": {
        "organization": "Tongji Hospital",
        "status": "ACTIVE_NOT_RECRUITING",
        "phases": ("PHASE4",),
        "allocation": "NON_RANDOMIZED",
        "start_date": "2022-03-08",
        "primary_completion_date": None,
        "completion_date": "2026-11-12",
        "completion_date_type": "ESTIMATED",
        "first_posted": None,
        "enrollment_type": "ESTIMATED",
        "arms": (Arm("Baricitinib 4mg", None, None), Arm("Cyclophosphamide", None, None)),
        "maximum_age": None,
        "has_results": False,
    },
}

SHARED_TRIALS: dict[str, dict[str, object]] = {
    # An obsolete id; a paper without a PMID; MeSH terms without ids.
    "NCT00000246": {
        "aliases": ("NCT00000247",),
        "secondary_ids": (SecondaryId("R01DA008265", None), SecondaryId("R01-08265-1", None)),
        "start_date": "1993-01",
        "allocation": None,
        "references": (Reference(None, "BACKGROUND", "Woods, et al., Soc Neuroscience Abstracts 21: 2098, 1995."),),
        "intervention_mesh": (Mesh(None, "Flumazenil"),),
        "officials": (Official("Scott Woods, M.D.", "PRINCIPAL_INVESTIGATOR", "Yale University"),),
    },
    # Withheld: nearly nothing is told, and the study type is not.
    "NCT02988895": {
        "status": "WITHHELD",
        "study_type": None,
        "phases": ("NA",),
        "organization": "[Redacted]",
        "lead_sponsor": Sponsor("[Redacted]", "INDUSTRY"),
        "responsible_party": None,
        "start_date": "2017-01",
        "last_update_posted": None,
        "conditions": (),
        "eligibility_criteria": None,
        "sex": None,
    },
    # Observational, ages in days and months, no enrollment and no dates of the study itself.
    "NCT00008814": {
        "study_type": "OBSERVATIONAL",
        "phases": (),
        "observational_model": "NATURAL_HISTORY",
        "time_perspective": "OTHER",
        "enrollment": None,
        "start_date": None,
        "minimum_age": "1 Day",
        "minimum_age_years": 1 / 365.25,
        "maximum_age": "4 Months",
        "maximum_age_years": 4 / 12,
        "healthy_volunteers": True,
    },
    # Ages in minutes; the responsible party in the old way, without a type; two interventions of one name.
    "NCT00494702": {
        "acronym": "OXTOX",
        "minimum_age": "1 Minute",
        "minimum_age_years": 1 / 525960,
        "maximum_age_years": 3 / 525960,
        "responsible_party": None,
        "collaborators": (Sponsor("Instituto de Salud Carlos III", "OTHER"),),
        "masking": "SINGLE",
        "who_masked": ("INVESTIGATOR",),
        "completion_date": "2008-09",
    },
    # Two phases; masked "none" with somebody masked all the same.
    "NCT04351295": {
        "phases": ("PHASE2", "PHASE3"),
        "masking": "NONE",
        "who_masked": ("OPEN_LABEL",),
        "interventions": (
            Intervention("DRUG", "Favipiravir", "Favipiravir", ("Faviprevir",), ("Faviprevir",)),
            Intervention("DRUG", "Placebos", "Placebo oral tablet", ("Placebo",), ("Placebo",)),
        ),
        "locations": (
            Location(
                "Tanta University, Ainshams University", "Tanta", None, "35111", "Egypt", "RECRUITING", None, None
            ),
        ),
        "condition_mesh": (),
    },
    # Results; open sequence of arms.
    "NCT04422561": {
        "has_results": True,
        "results_posted": "2020-08-27",
        "last_update_posted": "2020-08-27",
        "intervention_model": "SEQUENTIAL",
        "arms": (
            Arm("Ivermectin group", "EXPERIMENTAL", "Contacts who will receive prophylactic ivermectin"),
            Arm("Control group", "NO_INTERVENTION", "Contacts who will be only observed without prophylaxis"),
        ),
        "maximum_age_years": 70.0,
    },
    # A country under its old name, twice; no update date at all.
    "NCT00501475": {
        "countries": ("Korea, Republic of",),
        "last_update_posted": None,
        "first_submitted": None,
        "primary_completion_date": None,
        "completion_date": "2010-10",
        "enrollment": None,
        "healthy_volunteers": None,
        "minimum_age_years": 15.0,
    },
    # The same country under its new name; coordinates; an outcome without a description.
    "NCT02895256": {
        "countries": ("South Korea",),
        "locations": (
            Location("Samsung Medical Center", "Seoul", None, None, "South Korea", "RECRUITING", 37.566, 126.9784),
        ),
        "central_contacts": (Contact("Mi Ji Lee, MD", "CONTACT", "82-2-3410-1895", "mirony.lee@gmail.com"),),
        "std_ages": ("CHILD", "ADULT", "OLDER_ADULT"),
        "condition_mesh": (Mesh("D003027", "Cluster Headache"), Mesh("D018450", "Disease Progression")),
        "status": "UNKNOWN",
        "minimum_age": None,
    },
    # Another renamed country; arms of an observational study have no type.
    "NCT05511155": {
        "countries": ("Turkey (Türkiye)",),
        "arms": (
            Arm("O-15", None, "15 lt/min oxygen"),
            Arm("O-8", None, "8 lt/min oxygen"),
            Arm("A-15", None, "15 lt/min room air"),
            Arm("A-8", None, "8 lt/min room air"),
        ),
        "observational_model": "CASE_CROSSOVER",
        "enrollment": 132,
        "maximum_age_years": 55.0,
        "intervention_mesh": (Mesh("D010100", "Oxygen"),),
    },
    # Expanded access that has a record of its own.
    "NCT05406817": {
        "expanded_access_id": "NCT05918913",
        "allocation": "NA",
        "primary_completion_date": "2024-05",
        "enrollment": 8,
        "intervention_mesh": (),
        "condition_mesh": (Mesh("D000007938", "Leukemia"), Mesh("D000000208", "Acute Disease")),
    },
    # A field that the registry's list of fields doesn't have.
    "NCT05905653": {
        "unknown_fields": ("protocolSection.contactsLocationsModule.locations_nested",),
        "sex": "MALE",
        "healthy_volunteers": True,
        "condition_mesh": (),
        "countries": ("Japan",),
        "maximum_age_years": 35.0,
    },
    # Expanded access itself.
    "NCT03133988": {
        "study_type": "EXPANDED_ACCESS",
        "phases": ("NA",),
        "status": "AVAILABLE",
        "primary_purpose": None,
        "enrollment": None,
        "enrollment_type": None,
        "locations": (),
        "interventions": (),
    },
}


@pytest.fixture(scope="module")
def sample_records() -> dict[str, RawRecord]:
    records = (RawRecord(line) for line in SAMPLE.read_bytes().splitlines())
    return {record.nct_id: record for record in records}


def shared_records() -> Iterator[RawRecord]:
    for name in ("v2.jsonl.gz", "legacy.jsonl.gz"):
        with gzip.open(SHARED / "registry" / name) as lines:
            yield from map(RawRecord, lines)
    yield from map(RawRecord, (SHARED / "registry" / "seed.jsonl").read_bytes().splitlines())


@pytest.fixture(scope="module")
def shared_trials() -> dict[str, Trial | None]:
    """Every real trial's id, and the trial itself where the table has it."""
    trials = map(normalise, shared_records())
    return {trial.nct_id: trial if trial.nct_id in SHARED_TRIALS else None for trial in trials}


def test_every_trial_of_the_sample_normalises(sample_records: dict[str, RawRecord]) -> None:
    trials = [normalise(record) for record in sample_records.values()]
    assert len(trials) == 51
    assert all(trial.brief_title and trial.status and trial.conditions and trial.lead_sponsor for trial in trials)


@pytest.mark.parametrize("nct_id", SAMPLE_TRIALS)
def test_trials_of_the_sample_are_what_their_records_say(nct_id: str, sample_records: dict[str, RawRecord]) -> None:
    trial = normalise(sample_records[nct_id])
    assert {name: getattr(trial, name) for name in SAMPLE_TRIALS[nct_id]} == SAMPLE_TRIALS[nct_id]


@pytest.mark.shared
def test_every_real_record_normalises(shared_trials: dict[str, Trial | None]) -> None:
    assert len(shared_trials) == 11_814


@pytest.mark.shared
@pytest.mark.parametrize("nct_id", SHARED_TRIALS)
def test_real_trials_are_what_their_records_say(shared_trials: dict[str, Trial | None], nct_id: str) -> None:
    for name, value in SHARED_TRIALS[nct_id].items():
        expected = pytest.approx(value) if isinstance(value, float) else value
        assert getattr(shared_trials[nct_id], name) == expected, name
