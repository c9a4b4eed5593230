import msgspec
import pytest

from serve.synopsis import read

MARKDOWN = """\
# A randomized phase 2/3 trial of tofacitinib in gout

**Sponsor:** Tongji Hospital

## Indication
Gout; acute gout

## Study design
Randomised, double-blind, parallel group

## Interventions
- Tofacitinib 5 mg
- Placebo

## 5.1 Inclusion criteria
1. Age 18 or over

## 5.2 Exclusion criteria
- Tuberculosis

Primary endpoint: Pain at week 24
Secondary endpoints:
* Serum urate

## Statistical analysis
ANCOVA.

Sample size: 1,060 patients
Age range: 18 to 65 years
"""


def test_a_synopsis_in_markdown_becomes_a_record() -> None:
    made = read(MARKDOWN)
    assert made.record == {
        "protocolSection": {
            "identificationModule": {"briefTitle": "A randomized phase 2/3 trial of tofacitinib in gout"},
            "sponsorCollaboratorsModule": {"leadSponsor": {"name": "Tongji Hospital"}},
            "descriptionModule": {"detailedDescription": "ANCOVA.\nRandomised, double-blind, parallel group"},
            "conditionsModule": {"conditions": ["Gout", "acute gout"]},
            "designModule": {
                "studyType": "INTERVENTIONAL",
                "phases": ["PHASE2", "PHASE3"],
                "designInfo": {
                    "allocation": "RANDOMIZED",
                    "interventionModel": "PARALLEL",
                    "maskingInfo": {"masking": "DOUBLE"},
                },
                "enrollmentInfo": {"count": 1060},
            },
            "armsInterventionsModule": {"interventions": [{"name": "Tofacitinib 5 mg"}, {"name": "Placebo"}]},
            "outcomesModule": {
                "primaryOutcomes": [{"measure": "Pain at week 24"}],
                "secondaryOutcomes": [{"measure": "Serum urate"}],
            },
            "eligibilityModule": {
                "eligibilityCriteria": "Inclusion criteria:\n1. Age 18 or over\nExclusion criteria:\n- Tuberculosis",
                "minimumAge": "18 Years",
                "maximumAge": "65 Years",
            },
        }
    }
    assert made.headings == [
        ("Sponsor", "LeadSponsorName"),
        ("Indication", "Condition"),
        ("Study design", "DesignInfo"),
        ("Interventions", "InterventionName"),
        ("Inclusion criteria", "EligibilityCriteria"),
        ("Exclusion criteria", "EligibilityCriteria"),
        ("Primary endpoint", "PrimaryOutcomeMeasure"),
        ("Secondary endpoints", "SecondaryOutcomeMeasure"),
        ("Statistical analysis", "DetailedDescription"),
        ("Sample size", "EnrollmentCount"),
        ("Age range", "Ages"),
    ]


def test_plain_headings_stand_on_lines_of_their_own_or_before_a_colon() -> None:
    made = read("TITLE\nAspirin in stroke\n\nCONDITIONS\nStroke, TIA\n\nDrug: aspirin\nKeywords: brain; clot\n")
    assert made.record == {
        "protocolSection": {
            "identificationModule": {"briefTitle": "Aspirin in stroke"},
            "conditionsModule": {"conditions": ["Stroke", "TIA"], "keywords": ["brain", "clot"]},
            "armsInterventionsModule": {"interventions": [{"name": "aspirin"}]},
        }
    }


def test_without_headings_the_first_line_is_the_title_and_the_rest_the_summary() -> None:
    made = read("\nAspirin in stroke\nWe give aspirin to people.\n\nNote: it is cheap.\n")
    assert made.headings == []
    assert made.record == {
        "protocolSection": {
            "identificationModule": {"briefTitle": "Aspirin in stroke"},
            "descriptionModule": {"briefSummary": "We give aspirin to people.\nNote: it is cheap."},
        }
    }


def test_what_stands_before_the_first_heading_is_title_and_summary() -> None:
    made = read("Aspirin in stroke\nIt is cheap.\nSummary: And it helps.\n").record["protocolSection"]
    assert made["identificationModule"] == {"briefTitle": "Aspirin in stroke"}
    assert made["descriptionModule"] == {"briefSummary": "It is cheap.\nAnd it helps."}


@pytest.mark.parametrize(
    ("words", "phases"),
    [
        ("Phase III", ["PHASE3"]),
        ("phase IIb", ["PHASE2"]),
        ("Phase 1/2", ["PHASE1", "PHASE2"]),
        ("phase II-III", ["PHASE2", "PHASE3"]),
        ("Early phase 1", ["EARLY_PHASE1"]),
        ("Phase IV and later", ["PHASE4"]),
        ("phase 5, phased", None),
    ],
)
def test_phases_are_read_in_either_numbers(words: str, phases: list[str] | None) -> None:
    made = read(f"Aspirin\nDesign: {words}\n").record["protocolSection"]
    assert made.get("designModule", {}).get("phases") == phases


@pytest.mark.parametrize(
    ("words", "info"),
    [
        ("open-label, single-arm", {"interventionModel": "SINGLE_GROUP", "maskingInfo": {"masking": "NONE"}}),
        ("non-randomised crossover", {"allocation": "NON_RANDOMIZED", "interventionModel": "CROSSOVER"}),
        ("single blind", {"maskingInfo": {"masking": "SINGLE"}}),
    ],
)
def test_words_of_a_design_are_the_registry_s_values(words: str, info: dict[str, object]) -> None:
    made = read(f"Aspirin\nStudy design: {words}\n").record["protocolSection"]
    assert made["designModule"] == {"studyType": "INTERVENTIONAL", "designInfo": info}


def test_a_sentence_is_one_item_and_a_short_list_several() -> None:
    long = "People with gout, who had at least two attacks in the last year and took colchicine"
    made = read(f"T\nConditions: {long}\nInterventions: aspirin vs. placebo, 1,000 mg\n").record["protocolSection"]
    assert made["conditionsModule"] == {"conditions": [long]}
    assert [each["name"] for each in made["armsInterventionsModule"]["interventions"]] == [
        "aspirin",
        "placebo",
        "1,000 mg",
    ]


def test_a_record_is_json() -> None:
    assert msgspec.json.decode(msgspec.json.encode(read("Aspirin").record)) == read("Aspirin").record
