from collections import defaultdict
from typing import Any

import pytest

from crawler.normalise import normalise
from crawler.record import RawRecord
from index.document import Card, Document, age_groups, document
from index.schema import FILTERED, TEXT_FIELDS
from tests.records import raw

IDENTIFICATION = {
    "briefTitle": "Brief title",
    "officialTitle": "Official title",
    "acronym": "ACRO",
    "nctIdAliases": ["NCT00000002", "NCT00000003"],
    "orgStudyIdInfo": {"id": "ORG-1"},
    "secondaryIdInfos": [{"id": "SEC-1", "type": "EUDRACT_NUMBER"}, {"id": "SEC-2"}],
    "organization": {"fullName": "Organisation", "class": "OTHER"},
}
STATUS = {
    "overallStatus": "TERMINATED",
    "whyStopped": "Too slow",
    "startDateStruct": {"date": "2022-03"},
    "completionDateStruct": {"date": "2024-02-29"},
    "studyFirstPostDateStruct": {"date": "2022-01-15"},
    "lastUpdatePostDateStruct": {"date": "2025"},
}
SPONSORS = {
    "leadSponsor": {"name": "Lead", "class": "INDUSTRY"},
    "collaborators": [{"name": "Helper"}, {"name": "Second helper"}],
    "responsibleParty": {
        "type": "PRINCIPAL_INVESTIGATOR",
        "investigatorFullName": "Ada",
        "investigatorTitle": "Professor",
        "investigatorAffiliation": "Clinic",
        "oldNameTitle": "Old name",
        "oldOrganization": "Old organisation",
    },
}
DESIGN = {
    "studyType": "INTERVENTIONAL",
    "phases": ["PHASE1", "PHASE2"],
    "designInfo": {
        "allocation": "RANDOMIZED",
        "interventionModel": "PARALLEL",
        "observationalModel": "COHORT",
        "timePerspective": "PROSPECTIVE",
        "primaryPurpose": "TREATMENT",
        "maskingInfo": {"masking": "DOUBLE", "whoMasked": ["PARTICIPANT", "INVESTIGATOR"]},
    },
    "enrollmentInfo": {"count": 60},
    "bioSpec": {"description": "Serum"},
}
ARMS = {
    "armGroups": [
        {"label": "Arm A", "type": "EXPERIMENTAL", "description": "Gets it"},
        {"label": "Arm B", "type": "PLACEBO_COMPARATOR"},
    ],
    "interventions": [
        {"type": "DRUG", "name": "Baricitinib", "description": "Daily", "otherNames": ["Olumiant", "LY3009104"]},
        {"type": "DRUG", "name": "Placebo"},
    ],
}
OUTCOMES = {
    "primaryOutcomes": [{"measure": "Skin score", "description": "By hand", "timeFrame": "48 weeks"}],
    "secondaryOutcomes": [{"measure": "Lung", "description": "Forced"}, {"measure": "Pain"}],
    "otherOutcomes": [{"measure": "Mood", "description": "Asked"}],
}
ELIGIBILITY = {
    "eligibilityCriteria": "Inclusion",
    "studyPopulation": "Everybody",
    "sex": "FEMALE",
    "minimumAge": "6 Months",
    "maximumAge": "17 Years",
}
PLACES = {
    "centralContacts": [{"name": "Cora"}],
    "overallOfficials": [{"name": "Otto", "affiliation": "Institute"}],
    "locations": [
        {
            "facility": "Ward",
            "city": "Seoul",
            "state": "Sudogwon",
            "zip": "03080",
            "country": "Korea, Republic of",
            "contacts": [{"name": "Lee"}, {"name": "Kim"}],
        },
        {"city": "Moscow", "country": "Russia"},
        {"city": "Pusan", "country": "Korea, Republic of"},
        {"city": "Oslo", "country": "Norway"},
    ],
}
DERIVED = {
    "conditionBrowseModule": {"meshes": [{"id": "D1", "term": "Mesh"}], "ancestors": [{"term": "Above"}]},
    "interventionBrowseModule": {"meshes": [{"term": "Drug mesh"}], "ancestors": [{"term": "Drug above"}]},
}

# By the registry's own field names, as the modules above have them.
TEXTS = {
    "NCTId": ["NCT00000001"],
    "NCTIdAlias": ["NCT00000002", "NCT00000003"],
    "Acronym": ["ACRO"],
    "OrgStudyId": ["ORG-1"],
    "SecondaryId": ["SEC-1", "SEC-2"],
    "BriefTitle": ["Brief title"],
    "OfficialTitle": ["Official title"],
    "Condition": ["Systemic Sclerosis", "Scleroderma"],
    "Keyword": ["JAK"],
    "ConditionMeshTerm": ["Mesh"],
    "ConditionAncestorTerm": ["Above"],
    "InterventionName": ["Baricitinib", "Placebo"],
    "InterventionType": ["DRUG", "DRUG"],
    "InterventionOtherName": ["Olumiant", "LY3009104"],
    "InterventionDescription": ["Daily"],
    "ArmGroupType": ["EXPERIMENTAL", "PLACEBO_COMPARATOR"],
    "ArmGroupLabel": ["Arm A", "Arm B"],
    "ArmGroupDescription": ["Gets it"],
    "InterventionMeshTerm": ["Drug mesh"],
    "InterventionAncestorTerm": ["Drug above"],
    "PrimaryOutcomeMeasure": ["Skin score"],
    "PrimaryOutcomeDescription": ["By hand"],
    "SecondaryOutcomeMeasure": ["Lung", "Pain"],
    "SecondaryOutcomeDescription": ["Forced"],
    "OtherOutcomeMeasure": ["Mood"],
    "OtherOutcomeDescription": ["Asked"],
    "LeadSponsorName": ["Lead"],
    "CollaboratorName": ["Helper", "Second helper"],
    "OrgFullName": ["Organisation"],
    "LocationCity": ["Seoul", "Moscow", "Pusan", "Oslo"],
    "LocationState": ["Sudogwon"],
    # an old name and a current one stand for each other
    "LocationCountry": [
        "Korea, Republic of", "South Korea", "Russia", "Russian Federation", "Korea, Republic of", "South Korea",
        "Norway",
    ],
    "LocationFacility": ["Ward"],
    "LocationZip": ["03080"],
    "BriefSummary": ["Summary"],
    "DetailedDescription": ["Details"],
    "EligibilityCriteria": ["Inclusion"],
    "StudyPopulation": ["Everybody"],
    "WhyStopped": ["Too slow"],
    "StudyType": ["INTERVENTIONAL"],
    "DesignAllocation": ["RANDOMIZED"],
    "DesignInterventionModel": ["PARALLEL"],
    "DesignObservationalModel": ["COHORT"],
    "DesignTimePerspective": ["PROSPECTIVE"],
    "DesignPrimaryPurpose": ["TREATMENT"],
    "DesignMasking": ["DOUBLE"],
    "DesignWhoMasked": ["PARTICIPANT", "INVESTIGATOR"],
    "BioSpecDescription": ["Serum"],
    "OverallOfficialName": ["Otto"],
    "OverallOfficialAffiliation": ["Institute"],
    "CentralContactName": ["Cora"],
    "LocationContactName": ["Lee", "Kim"],
    "ResponsiblePartyInvestigatorFullName": ["Ada"],
    "ResponsiblePartyInvestigatorTitle": ["Professor"],
    "ResponsiblePartyInvestigatorAffiliation": ["Clinic"],
    "ResponsiblePartyOldNameTitle": ["Old name"],
    "ResponsiblePartyOldOrganization": ["Old organisation"],
}  # fmt: skip


def made(record: RawRecord) -> Document:
    return document(normalise(record), record)


def whole(**changes: dict[str, Any]) -> Document:
    modules: dict[str, dict[str, Any]] = {
        "identificationModule": IDENTIFICATION,
        "statusModule": STATUS,
        "sponsorCollaboratorsModule": SPONSORS,
        "descriptionModule": {"briefSummary": "Summary", "detailedDescription": "Details"},
        "conditionsModule": {"conditions": ["Systemic Sclerosis", "Scleroderma"], "keywords": ["JAK"]},
        "designModule": DESIGN,
        "armsInterventionsModule": ARMS,
        "outcomesModule": OUTCOMES,
        "eligibilityModule": ELIGIBILITY,
        "contactsLocationsModule": PLACES,
        "derived": DERIVED,
        "top": {"hasResults": True},
    }
    return made(raw("NCT00000001", **(modules | changes)))


def test_every_searched_field_is_read_from_its_place() -> None:
    found = defaultdict(list)
    for field, text in whole().texts:
        found[TEXT_FIELDS[field].piece].append(text)
    assert found == TEXTS


def test_texts_of_a_field_follow_each_other() -> None:
    fields = [field for field, _ in whole().texts]
    assert fields == sorted(fields)


def test_values_are_those_of_the_record_each_once() -> None:
    assert whole().values == {
        "status": ("TERMINATED",),
        "phase": ("PHASE1", "PHASE2"),
        "type": ("INTERVENTIONAL",),
        "country": ("South Korea", "Russia", "Norway"),
        "condition_mesh": ("Mesh",),
        "intervention_type": ("DRUG",),
        "sponsor_class": ("INDUSTRY",),
        "sponsor": ("Lead",),
        "start_year": ("2022",),
        "age_group": ("CHILD",),
        "results": ("true",),
        "sex": ("FEMALE",),
        "site_status": (),
    }


def test_partial_dates_are_their_first_days_and_ages_are_years() -> None:
    found = whole()
    assert found.days == {"start": 20220301, "completed": 20240229, "updated": 20250101, "posted": 20220115}
    assert found.ages == (0.5, 17.0)
    assert found.enrollment == 60


def test_a_record_of_nothing_but_its_id_has_no_values_and_no_guesses() -> None:
    record = RawRecord(b'{"protocolSection":{"identificationModule":{"nctId":"NCT00000007"}}}')
    found = made(record)
    nothing: dict[str, tuple[str, ...]] = dict.fromkeys(FILTERED, ())
    assert found.texts == [(0, "NCT00000007")]
    assert found.values == {**nothing, "results": ("false",), "age_group": ("CHILD", "ADULT", "OLDER_ADULT")}
    assert found.days == {"start": 0, "completed": 0, "updated": 0, "posted": 0}
    assert (found.enrollment, found.ages, found.card.title) == (None, (None, None), "NCT00000007")


def test_the_number_that_means_none_is_none() -> None:
    assert whole(designModule={"enrollmentInfo": {"count": 99999999}}).enrollment is None


def test_the_card_tells_what_an_answer_shows() -> None:
    assert whole().card == Card(
        nct_id="NCT00000001",
        title="Brief title",
        official_title="Official title",
        status="TERMINATED",
        phases=("PHASE1", "PHASE2"),
        study_type="INTERVENTIONAL",
        conditions=("Systemic Sclerosis", "Scleroderma"),
        condition_mesh=("Mesh",),
        interventions=("Baricitinib", "Placebo"),
        intervention_types=("DRUG",),
        intervention_mesh=("Drug mesh",),
        intervention_classes=("Drug above",),
        sponsor="Lead",
        sponsor_class="INDUSTRY",
        countries=("South Korea", "Russia", "Norway"),
        sex="FEMALE",
        minimum_age_years=0.5,
        maximum_age_years=17.0,
        enrollment=60,
        allocation="RANDOMIZED",
        masking="DOUBLE",
        primary_purpose="TREATMENT",
        start_date="2022-03",
        completion_date="2024-02-29",
        last_update_posted="2025",
        brief_summary="Summary",
    )


@pytest.mark.parametrize(
    ("youngest", "oldest", "groups"),
    [
        (None, None, "CHILD ADULT OLDER_ADULT"),
        (0, 17, "CHILD"),
        (0, 17.99, "CHILD"),
        (None, 18, "CHILD ADULT"),
        (17, None, "CHILD ADULT OLDER_ADULT"),
        (17, 17, "CHILD"),
        (18, None, "ADULT OLDER_ADULT"),
        (18, 64, "ADULT"),
        (18, 65, "ADULT OLDER_ADULT"),
        (64, None, "ADULT OLDER_ADULT"),
        (64, 64, "ADULT"),
        (64, 65, "ADULT OLDER_ADULT"),
        (65, None, "OLDER_ADULT"),
        (65, 65, "OLDER_ADULT"),
        (None, 0.5, "CHILD"),
        (None, 64.9, "CHILD ADULT"),
    ],
)
def test_age_groups_are_those_that_the_bounds_touch(youngest: float | None, oldest: float | None, groups: str) -> None:
    assert age_groups(youngest, oldest) == tuple(groups.split())
