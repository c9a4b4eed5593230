from typing import Any

import msgspec
import pytest

from crawler.errors import RecordInvalid
from crawler.normalise import normalise
from crawler.record import RawRecord
from crawler.trial import (
    Arm,
    Contact,
    Intervention,
    Link,
    Location,
    Mesh,
    Official,
    Outcome,
    Reference,
    SecondaryId,
    Sponsor,
    Trial,
)
from tests.records import raw

FULL = b"""{
 "protocolSection": {
  "identificationModule": {
   "nctId": "NCT01000001", "nctIdAliases": ["NCT00900001", "nct900002"],
   "orgStudyIdInfo": {"id": "ACME-7-301", "type": "REGISTRY"},
   "secondaryIdInfos": [{"id": "2016-001234-12", "type": "EUDRACT_NUMBER", "domain": "EU"}, {"id": "R01"}],
   "organization": {"fullName": "Acme Institute", "class": "INDUSTRY"},
   "briefTitle": "Acmab in Scleroderma", "officialTitle": "A Trial of Acmab", "acronym": "ACME-SSC"},
  "statusModule": {
   "statusVerifiedDate": "2021-05", "overallStatus": "TERMINATED", "lastKnownStatus": "RECRUITING",
   "whyStopped": "Too few joined",
   "expandedAccessInfo": {"hasExpandedAccess": true, "nctId": "NCT01000009", "statusForNctId": "AVAILABLE"},
   "startDateStruct": {"date": "2019", "type": "ACTUAL"},
   "primaryCompletionDateStruct": {"date": "2020-11", "type": "ESTIMATED"},
   "completionDateStruct": {"date": "2021-02-28"},
   "studyFirstSubmitDate": "2018-12-30", "studyFirstSubmitQcDate": "2018-12-31",
   "studyFirstPostDateStruct": {"date": "2019-01-04", "type": "ACTUAL"},
   "resultsFirstPostDateStruct": {"date": "2022-03-08", "type": "ACTUAL"},
   "lastUpdateSubmitDate": "2022-03-01", "lastUpdatePostDateStruct": {"date": "2022-03-09", "type": "ACTUAL"}},
  "sponsorCollaboratorsModule": {
   "responsibleParty": {"type": "SPONSOR_INVESTIGATOR", "investigatorFullName": "Ada Lund"},
   "leadSponsor": {"name": "Acme", "class": "INDUSTRY"},
   "collaborators": [{"name": "NIAMS", "class": "NIH"}, {"name": "Uni Wien"}]},
  "descriptionModule": {"briefSummary": "Short.", "detailedDescription": "Long,\\n\\nover lines."},
  "conditionsModule": {"conditions": ["Scleroderma", "Raynaud"], "keywords": ["skin", "skin", "lung"]},
  "designModule": {
   "studyType": "INTERVENTIONAL", "phases": ["PHASE2", "PHASE3"],
   "designInfo": {
    "allocation": "RANDOMIZED", "interventionModel": "CROSSOVER", "interventionModelDescription": "two periods",
    "observationalModel": "COHORT", "timePerspective": "PROSPECTIVE", "primaryPurpose": "TREATMENT",
    "maskingInfo": {"masking": "DOUBLE", "maskingDescription": "d", "whoMasked": ["PARTICIPANT", "INVESTIGATOR"]}},
   "enrollmentInfo": {"count": 45, "type": "ACTUAL"}},
  "armsInterventionsModule": {
   "armGroups": [
    {"label": "Acmab", "type": "EXPERIMENTAL", "description": "5 mg", "interventionNames": ["Drug: Acmab"]},
    {"label": "Nothing", "type": "NO_INTERVENTION"}],
   "interventions": [
    {"type": "DRUG", "name": "Acmab", "description": "a drug",
     "otherNames": ["AC-7", "Acmabum"], "armGroupLabels": ["Acmab"]},
    {"type": "BEHAVIORAL", "name": "Diary"}]},
  "outcomesModule": {
   "primaryOutcomes": [{"measure": "Skin score", "description": "Rodnan", "timeFrame": "48 weeks"}],
   "secondaryOutcomes": [{"measure": "FVC", "timeFrame": "24 weeks"}, {"measure": "Death"}],
   "otherOutcomes": [{"measure": "Biomarker", "description": "in blood"}]},
  "eligibilityModule": {
   "eligibilityCriteria": "Inclusion Criteria:\\n\\n* adults", "healthyVolunteers": false, "sex": "FEMALE",
   "genderBased": true, "minimumAge": "6 Months", "maximumAge": "75 Years", "stdAges": ["CHILD", "ADULT"]},
  "contactsLocationsModule": {
   "centralContacts": [
    {"name": "Ada Lund", "role": "CONTACT", "phone": "+43 1", "phoneExt": "5", "email": "ada@example.org"},
    {"name": "Office"}],
   "overallOfficials": [{"name": "Ada Lund, MD", "affiliation": "Acme", "role": "STUDY_CHAIR"}, {"name": "B"}],
   "locations": [
    {"facility": "AKH", "status": "RECRUITING", "city": "Wien", "state": "W", "zip": "1090", "country": "Austria",
     "geoPoint": {"lat": 48.2, "lon": 16}},
    {"facility": "Charit\\u00e9", "city": "Berlin", "country": "Germany"},
    {"city": "Graz", "country": "Austria", "geoPoint": {"lat": 47.1}},
    {"facility": "At home"}]},
  "referencesModule": {
   "references": [
    {"pmid": "123456", "type": "RESULT", "citation": "Lund A. 2022."},
    {"type": "BACKGROUND", "citation": "A book."}],
   "seeAlsoLinks": [{"label": "Site", "url": "https://example.org"}, {"url": "https://example.net"}],
   "availIpds": [{"id": "x"}]},
  "ipdSharingStatementModule": {"ipdSharing": "NO"},
  "moodModule": {"mood": "good"}},
 "derivedSection": {
  "miscInfoModule": {"versionHolder": "2026-08-19"},
  "conditionBrowseModule": {
   "meshes": [{"id": "D012595", "term": "Scleroderma, Systemic"}],
   "ancestors": [{"id": "D003240", "term": "Connective Tissue Diseases"}, {"term": "Skin Diseases"}],
   "browseLeaves": [{"id": "M1", "name": "x"}]},
  "interventionBrowseModule": {
   "meshes": [{"id": "D000911", "term": "Antibodies, Monoclonal"}],
   "ancestors": [{"id": "D000906", "term": "Antibodies"}]}},
 "hasResults": true,
 "mystery": 1
}"""

TRIAL = Trial(
    nct_id="NCT01000001",
    aliases=("NCT00900001", "NCT00900002"),
    gone=None,
    org_study_id="ACME-7-301",
    secondary_ids=(SecondaryId("2016-001234-12", "EUDRACT_NUMBER"), SecondaryId("R01", None)),
    expanded_access_id="NCT01000009",
    organization="Acme Institute",
    brief_title="Acmab in Scleroderma",
    official_title="A Trial of Acmab",
    acronym="ACME-SSC",
    status="TERMINATED",
    why_stopped="Too few joined",
    study_type="INTERVENTIONAL",
    phases=("PHASE2", "PHASE3"),
    allocation="RANDOMIZED",
    intervention_model="CROSSOVER",
    observational_model="COHORT",
    time_perspective="PROSPECTIVE",
    primary_purpose="TREATMENT",
    masking="DOUBLE",
    who_masked=("PARTICIPANT", "INVESTIGATOR"),
    enrollment=45,
    enrollment_type="ACTUAL",
    start_date="2019",
    start_date_type="ACTUAL",
    primary_completion_date="2020-11",
    primary_completion_date_type="ESTIMATED",
    completion_date="2021-02-28",
    completion_date_type=None,
    first_submitted="2018-12-30",
    first_posted="2019-01-04",
    last_update_posted="2022-03-09",
    results_posted="2022-03-08",
    has_results=True,
    lead_sponsor=Sponsor("Acme", "INDUSTRY"),
    collaborators=(Sponsor("NIAMS", "NIH"), Sponsor("Uni Wien", None)),
    responsible_party="SPONSOR_INVESTIGATOR",
    officials=(Official("Ada Lund, MD", "STUDY_CHAIR", "Acme"), Official("B", None, None)),
    central_contacts=(
        Contact("Ada Lund", "CONTACT", "+43 1", "ada@example.org"),
        Contact("Office", None, None, None),
    ),
    brief_summary="Short.",
    detailed_description="Long,\n\nover lines.",
    conditions=("Scleroderma", "Raynaud"),
    keywords=("skin", "skin", "lung"),
    condition_mesh=(Mesh("D012595", "Scleroderma, Systemic"),),
    condition_ancestors=(Mesh("D003240", "Connective Tissue Diseases"), Mesh(None, "Skin Diseases")),
    intervention_mesh=(Mesh("D000911", "Antibodies, Monoclonal"),),
    intervention_ancestors=(Mesh("D000906", "Antibodies"),),
    arms=(Arm("Acmab", "EXPERIMENTAL", "5 mg"), Arm("Nothing", "NO_INTERVENTION", None)),
    interventions=(
        Intervention("DRUG", "Acmab", "a drug", ("AC-7", "Acmabum"), ("Acmab",)),
        Intervention("BEHAVIORAL", "Diary", None, (), ()),
    ),
    primary_outcomes=(Outcome("Skin score", "Rodnan", "48 weeks"),),
    secondary_outcomes=(Outcome("FVC", None, "24 weeks"), Outcome("Death", None, None)),
    other_outcomes=(Outcome("Biomarker", "in blood", None),),
    eligibility_criteria="Inclusion Criteria:\n\n* adults",
    study_population=None,
    minimum_age="6 Months",
    minimum_age_years=0.5,
    maximum_age="75 Years",
    maximum_age_years=75.0,
    std_ages=("CHILD", "ADULT"),
    sex="FEMALE",
    healthy_volunteers=False,
    locations=(
        Location("AKH", "Wien", "W", "1090", "Austria", "RECRUITING", 48.2, 16.0),
        Location("Charité", "Berlin", None, None, "Germany", None, None, None),
        Location(None, "Graz", None, None, "Austria", None, 47.1, None),
        Location("At home", None, None, None, None, None, None, None),
    ),
    countries=("Austria", "Germany"),
    references=(Reference("123456", "RESULT", "Lund A. 2022."), Reference(None, "BACKGROUND", "A book.")),
    links=(Link("Site", "https://example.org"), Link(None, "https://example.net")),
    unknown_fields=("mystery", "protocolSection.moodModule"),
)

LISTS = {
    "aliases",
    "secondary_ids",
    "phases",
    "who_masked",
    "collaborators",
    "officials",
    "central_contacts",
    "conditions",
    "keywords",
    "condition_mesh",
    "condition_ancestors",
    "intervention_mesh",
    "intervention_ancestors",
    "arms",
    "interventions",
    "primary_outcomes",
    "secondary_outcomes",
    "other_outcomes",
    "std_ages",
    "locations",
    "countries",
    "references",
    "links",
    "unknown_fields",
}


def builtins(trial: Trial) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(trial)
    return told


def test_a_whole_record_becomes_this_trial() -> None:
    trial = normalise(RawRecord(FULL))
    for name in Trial.__struct_fields__:
        assert getattr(trial, name) == getattr(TRIAL, name), name
    assert trial == TRIAL


def test_a_trial_is_told_in_the_words_of_the_command_line() -> None:
    told = builtins(TRIAL)
    assert told["lead_sponsor"] == {"name": "Acme", "class": "INDUSTRY"}
    assert told["officials"][0] == {"name": "Ada Lund, MD", "role": "STUDY_CHAIR", "affiliation": "Acme"}
    assert told["interventions"][0]["arm_labels"] == ("Acmab",)
    assert told["locations"][0] == {
        "facility": "AKH",
        "city": "Wien",
        "state": "W",
        "zip": "1090",
        "country": "Austria",
        "status": "RECRUITING",
        "lat": 48.2,
        "lon": 16.0,
    }


def test_what_a_record_lacks_is_an_empty_list_or_none() -> None:
    trial = normalise(RawRecord(b'{"protocolSection":{"identificationModule":{"nctId":"NCT01000001"}}}'))
    told = {name: getattr(trial, name) for name in Trial.__struct_fields__}
    assert told.pop("nct_id") == "NCT01000001"
    assert {name for name, value in told.items() if value == ()} == LISTS
    assert {name for name, value in told.items() if value is None} == set(told) - LISTS


def test_what_a_record_has_empty_is_told_as_it_is() -> None:
    record = raw(
        identificationModule={"orgStudyIdInfo": {}, "acronym": "", "organization": {}, "secondaryIdInfos": [{}]},
        statusModule={"startDateStruct": {}, "expandedAccessInfo": {"hasExpandedAccess": False}},
        sponsorCollaboratorsModule={"leadSponsor": {}, "responsibleParty": {}},
        conditionsModule={"conditions": [], "keywords": None},
        designModule={"designInfo": {"maskingInfo": {}}, "enrollmentInfo": {"type": "ESTIMATED"}},
        contactsLocationsModule={"locations": [{"geoPoint": {}}]},
        derived={"conditionBrowseModule": {}},
    )
    trial = normalise(record)
    assert (trial.org_study_id, trial.acronym, trial.organization) == (None, "", None)
    assert trial.secondary_ids == (SecondaryId(None, None),)
    assert (trial.start_date, trial.start_date_type, trial.expanded_access_id) == (None, None, None)
    assert (trial.lead_sponsor, trial.responsible_party) == (Sponsor(None, None), None)
    assert (trial.conditions, trial.keywords, trial.condition_mesh) == ((), (), ())
    assert (trial.masking, trial.who_masked) == (None, ())
    assert (trial.enrollment, trial.enrollment_type) == (None, "ESTIMATED")
    assert trial.locations == (Location(None, None, None, None, None, None, None, None),)
    assert trial.countries == ()


@pytest.mark.parametrize(
    ("count", "enrollment"),
    [(99999999, None), (99999998, 99999998), (100000000, 100000000), (0, 0), (1, 1), (30.0, 30), (None, None)],
)
def test_an_enrollment_of_eight_nines_is_no_number(count: float | None, enrollment: int | None) -> None:
    trial = normalise(raw(designModule={"enrollmentInfo": {"count": count, "type": "ACTUAL"}}))
    assert trial.enrollment == enrollment
    assert trial.enrollment_type == "ACTUAL"


@pytest.mark.parametrize(
    ("minimum", "maximum", "years"),
    [
        ("18 Years", None, (18.0, None)),
        (None, "1 Year", (None, 1.0)),
        ("18 Months", "24 Months", (1.5, 2.0)),
        ("0 Years", "12 Months", (0.0, 1.0)),
        ("7 Days", "1 Week", (7 / 365.25, 7 / 365.25)),
        ("90 Minutes", "12 Hours", (0.0625 / 365.25, 0.5 / 365.25)),
    ],
)
def test_ages_stand_as_written_and_in_years(
    minimum: str | None, maximum: str | None, years: tuple[float | None, float | None]
) -> None:
    trial = normalise(raw(eligibilityModule={"minimumAge": minimum, "maximumAge": maximum}))
    assert (trial.minimum_age, trial.maximum_age) == (minimum, maximum)
    assert (trial.minimum_age_years, trial.maximum_age_years) == pytest.approx(years)


def test_countries_stand_once_in_the_order_of_the_sites_under_their_own_names() -> None:
    names = ["Korea, Republic of", "Turkey", "Korea, Republic of", "South Korea", "Turkey", None]
    trial = normalise(raw(contactsLocationsModule={"locations": [{"country": name} for name in names]}))
    assert trial.countries == ("Korea, Republic of", "Turkey", "South Korea")
    assert len(trial.locations) == 6


@pytest.mark.parametrize(
    ("brief", "official", "title"), [("B", "O", "B"), (None, "O", "O"), ("", "O", "O"), (None, None, "NCT00000001")]
)
def test_a_trial_always_has_something_to_be_called_by(brief: str | None, official: str | None, title: str) -> None:
    trial = normalise(raw(identificationModule={"briefTitle": brief, "officialTitle": official}))
    assert trial.title == title


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (
            raw(identificationModule={"nctIdAliases": ["NCT00000002", "EudraCT 2016"]}),
            "protocolSection.identificationModule.nctIdAliases: 'EudraCT 2016' is no NCT id",
        ),
        (
            raw(statusModule={"startDateStruct": {"date": "March 2022"}}),
            "protocolSection.statusModule.startDateStruct.date: 'March 2022' is no date",
        ),
        (
            raw(statusModule={"primaryCompletionDateStruct": {"date": "2022-13"}}),
            "protocolSection.statusModule.primaryCompletionDateStruct.date: '2022-13' is no date",
        ),
        (
            raw(statusModule={"completionDateStruct": {"date": ""}}),
            "protocolSection.statusModule.completionDateStruct.date: '' is no date",
        ),
        (
            raw(statusModule={"studyFirstSubmitDate": "2022-02-30"}),
            "protocolSection.statusModule.studyFirstSubmitDate: '2022-02-30' is no date",
        ),
        (
            raw(statusModule={"studyFirstPostDateStruct": {"date": "22"}}),
            "protocolSection.statusModule.studyFirstPostDateStruct.date: '22' is no date",
        ),
        (
            raw(statusModule={"lastUpdatePostDateStruct": {"date": "2022-1-1"}}),
            "protocolSection.statusModule.lastUpdatePostDateStruct.date: '2022-1-1' is no date",
        ),
        (
            raw(statusModule={"resultsFirstPostDateStruct": {"date": "2022-01-01T00:00"}}),
            "protocolSection.statusModule.resultsFirstPostDateStruct.date: '2022-01-01T00:00' is no date",
        ),
        (
            raw(eligibilityModule={"minimumAge": "N/A"}),
            "protocolSection.eligibilityModule.minimumAge: 'N/A' is no age",
        ),
        (
            raw(eligibilityModule={"maximumAge": "18"}),
            "protocolSection.eligibilityModule.maximumAge: '18' is no age",
        ),
        (
            raw(conditionsModule={"conditions": "Lupus"}),
            "Expected `array | null`, got `str` - at `$.protocolSection.conditionsModule.conditions`",
        ),
        (
            raw(top={"hasResults": "yes"}),
            "Expected `bool | null`, got `str` - at `$.hasResults`",
        ),
        (
            raw(derived={"conditionBrowseModule": {"meshes": [{"id": 12595}]}}),
            "Expected `str | null`, got `int` - at `$.derivedSection.conditionBrowseModule.meshes[0].id`",
        ),
    ],
)
def test_what_breaks_the_rules_is_refused_with_its_place(record: RawRecord, reason: str) -> None:
    with pytest.raises(RecordInvalid) as refused:
        normalise(record)
    assert str(refused.value) == reason


def test_an_index_has_no_use_for_fields_that_nobody_knows() -> None:
    record = raw(moodModule={"mood": "good"})
    assert normalise(record).unknown_fields == ("protocolSection.moodModule",)
    assert normalise(record, unknown=False) == msgspec.structs.replace(normalise(record), unknown_fields=())
