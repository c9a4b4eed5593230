"""Every searched field: its piece name, its place in the record, its weight in each search area.

Areas and weights are the registry's own (`/studies/search-areas`; where its listing was not at hand, from public
descriptions of it). Fields that stand in no area of the registry but that people search (eligibility criteria, long
descriptions) are in Basic with the lowest weight.
"""

from dataclasses import dataclass, field

INDEX_VERSION = 9  # a change of layout or meaning is a new number

_ID = "protocolSection.identificationModule"
_STATUS = "protocolSection.statusModule"
_SPONSOR = "protocolSection.sponsorCollaboratorsModule"
_DESCRIPTION = "protocolSection.descriptionModule"
_CONDITION = "protocolSection.conditionsModule"
_DESIGN = "protocolSection.designModule"
_ARM = "protocolSection.armsInterventionsModule"
_OUTCOME = "protocolSection.outcomesModule"
_ELIGIBILITY = "protocolSection.eligibilityModule"
_CONTACT = "protocolSection.contactsLocationsModule"
_CONDITION_MESH = "derivedSection.conditionBrowseModule"
_INTERVENTION_MESH = "derivedSection.interventionBrowseModule"

# By the registry's names of them: an area must never be called as a field is (Condition is both).
BASIC = "BasicSearch"
CONDITION = "ConditionSearch"
INTERVENTION = "InterventionSearch"
TITLE = "TitleSearch"
OUTCOME = "OutcomeSearch"
SPONSOR = "SponsorSearch"
LOCATION = "LocationSearch"
ID = "IdSearch"
ELIGIBILITY = "EligibilitySearch"
AREAS = (BASIC, CONDITION, INTERVENTION, TITLE, OUTCOME, SPONSOR, LOCATION, ID, ELIGIBILITY)


@dataclass(frozen=True)
class TextField:
    """One searched field: piece name, JSON path, weight by area."""

    piece: str
    path: str
    weights: dict[str, float] = field(hash=False)

    @property
    def names(self) -> tuple[str, ...]:
        """The path's parts."""
        return tuple(self.path.split("."))


def _field(piece: str, path: str, basic: float, **areas: float) -> TextField:
    return TextField(
        piece, path, {BASIC: basic, **{f"{name.capitalize()}Search": weight for name, weight in areas.items()}}
    )


TEXT_FIELDS: tuple[TextField, ...] = (
    _field("NCTId", f"{_ID}.nctId", 1.0, condition=0.2, id=1.0),
    _field("NCTIdAlias", f"{_ID}.nctIdAliases", 0.4, id=0.9),
    _field("Acronym", f"{_ID}.acronym", 1.0, title=1.0, id=0.85),
    _field("OrgStudyId", f"{_ID}.orgStudyIdInfo.id", 0.4, id=0.8),
    _field("SecondaryId", f"{_ID}.secondaryIdInfos.id", 0.4, id=0.75),
    _field("BriefTitle", f"{_ID}.briefTitle", 0.89, condition=0.6, intervention=0.65, title=0.95),
    _field("OfficialTitle", f"{_ID}.officialTitle", 0.85, condition=0.55, intervention=0.6, title=0.8),
    _field("Condition", f"{_CONDITION}.conditions", 0.81, condition=0.95),
    _field("Keyword", f"{_CONDITION}.keywords", 0.6, condition=0.3, intervention=0.5),
    _field("ConditionMeshTerm", f"{_CONDITION_MESH}.meshes.term", 0.3, condition=0.5),
    _field("ConditionAncestorTerm", f"{_CONDITION_MESH}.ancestors.term", 0.3, condition=0.4),
    _field("InterventionName", f"{_ARM}.interventions.name", 0.8, intervention=0.95),
    _field("InterventionType", f"{_ARM}.interventions.type", 0.3, intervention=0.85),
    _field("InterventionOtherName", f"{_ARM}.interventions.otherNames", 0.75, intervention=0.75),
    _field("InterventionDescription", f"{_ARM}.interventions.description", 0.55, intervention=0.4),
    _field("ArmGroupType", f"{_ARM}.armGroups.type", 0.3, intervention=0.85),
    _field("ArmGroupLabel", f"{_ARM}.armGroups.label", 0.59, intervention=0.5),
    _field("ArmGroupDescription", f"{_ARM}.armGroups.description", 0.45, intervention=0.4),
    _field("InterventionMeshTerm", f"{_INTERVENTION_MESH}.meshes.term", 0.3, intervention=0.5),
    _field("InterventionAncestorTerm", f"{_INTERVENTION_MESH}.ancestors.term", 0.3, intervention=0.4),
    _field("PrimaryOutcomeMeasure", f"{_OUTCOME}.primaryOutcomes.measure", 0.65, outcome=0.9),
    _field("PrimaryOutcomeDescription", f"{_OUTCOME}.primaryOutcomes.description", 0.4, outcome=0.6),
    _field("SecondaryOutcomeMeasure", f"{_OUTCOME}.secondaryOutcomes.measure", 0.56, outcome=0.8),
    _field("SecondaryOutcomeDescription", f"{_OUTCOME}.secondaryOutcomes.description", 0.35, outcome=0.5),
    _field("OtherOutcomeMeasure", f"{_OUTCOME}.otherOutcomes.measure", 0.3, outcome=0.4),
    _field("OtherOutcomeDescription", f"{_OUTCOME}.otherOutcomes.description", 0.3, outcome=0.3),
    _field("LeadSponsorName", f"{_SPONSOR}.leadSponsor.name", 0.4, sponsor=1.0),
    _field("CollaboratorName", f"{_SPONSOR}.collaborators.name", 0.3, sponsor=0.9),
    _field("OrgFullName", f"{_ID}.organization.fullName", 0.3, sponsor=0.6),
    _field("LocationCity", f"{_CONTACT}.locations.city", 0.35, location=0.95),
    _field("LocationState", f"{_CONTACT}.locations.state", 0.35, location=0.95),
    _field("LocationCountry", f"{_CONTACT}.locations.country", 0.35, location=0.95),
    _field("LocationFacility", f"{_CONTACT}.locations.facility", 0.35, location=0.95),
    _field("LocationZip", f"{_CONTACT}.locations.zip", 0.3, location=0.35),
    _field("BriefSummary", f"{_DESCRIPTION}.briefSummary", 0.6),
    _field("DetailedDescription", f"{_DESCRIPTION}.detailedDescription", 0.3),
    _field("EligibilityCriteria", f"{_ELIGIBILITY}.eligibilityCriteria", 0.3, eligibility=0.95),
    _field("StudyPopulation", f"{_ELIGIBILITY}.studyPopulation", 0.3, eligibility=0.8),
    _field("WhyStopped", f"{_STATUS}.whyStopped", 0.3),
    _field("StudyType", f"{_DESIGN}.studyType", 0.3),
    _field("DesignAllocation", f"{_DESIGN}.designInfo.allocation", 0.3),
    _field("DesignInterventionModel", f"{_DESIGN}.designInfo.interventionModel", 0.3),
    _field("DesignObservationalModel", f"{_DESIGN}.designInfo.observationalModel", 0.3),
    _field("DesignTimePerspective", f"{_DESIGN}.designInfo.timePerspective", 0.3),
    _field("DesignPrimaryPurpose", f"{_DESIGN}.designInfo.primaryPurpose", 0.3),
    _field("DesignMasking", f"{_DESIGN}.designInfo.maskingInfo.masking", 0.3),
    _field("DesignWhoMasked", f"{_DESIGN}.designInfo.maskingInfo.whoMasked", 0.3),
    _field("BioSpecDescription", f"{_DESIGN}.bioSpec.description", 0.35),
    _field("OverallOfficialName", f"{_CONTACT}.overallOfficials.name", 0.3),
    _field("OverallOfficialAffiliation", f"{_CONTACT}.overallOfficials.affiliation", 0.3),
    _field("CentralContactName", f"{_CONTACT}.centralContacts.name", 0.3),
    _field("LocationContactName", f"{_CONTACT}.locations.contacts.name", 0.3),
    _field("ResponsiblePartyInvestigatorFullName", f"{_SPONSOR}.responsibleParty.investigatorFullName", 0.3),
    _field("ResponsiblePartyInvestigatorTitle", f"{_SPONSOR}.responsibleParty.investigatorTitle", 0.3),
    _field("ResponsiblePartyInvestigatorAffiliation", f"{_SPONSOR}.responsibleParty.investigatorAffiliation", 0.3),
    _field("ResponsiblePartyOldNameTitle", f"{_SPONSOR}.responsibleParty.oldNameTitle", 0.3),
    _field("ResponsiblePartyOldOrganization", f"{_SPONSOR}.responsibleParty.oldOrganization", 0.3),
)

PIECES = tuple(text_field.piece for text_field in TEXT_FIELDS)
NUMBER_OF_PIECE = {piece: number for number, piece in enumerate(PIECES)}


def pieces_of(area: str) -> dict[int, float]:
    """Numbers of the fields of a search area, with their weights."""
    return {
        number: text_field.weights[area] for number, text_field in enumerate(TEXT_FIELDS) if area in text_field.weights
    }


def numbers_of(place: str) -> tuple[int, ...]:
    """Numbers of the fields that a search area, or a single field by its piece name, looks in."""
    return tuple(pieces_of(place)) if place in AREAS else (NUMBER_OF_PIECE[place],)


# Closed lists: values and what they are called, from the registry's OpenAPI file.
STATUSES = (
    "ACTIVE_NOT_RECRUITING",
    "COMPLETED",
    "ENROLLING_BY_INVITATION",
    "NOT_YET_RECRUITING",
    "RECRUITING",
    "SUSPENDED",
    "TERMINATED",
    "WITHDRAWN",
    "AVAILABLE",
    "NO_LONGER_AVAILABLE",
    "TEMPORARILY_NOT_AVAILABLE",
    "APPROVED_FOR_MARKETING",
    "WITHHELD",
    "UNKNOWN",
)
SITE_STATUSES = STATUSES[:9]  # those that a site can have
PHASES = ("NA", "EARLY_PHASE1", "PHASE1", "PHASE2", "PHASE3", "PHASE4")
STUDY_TYPES = ("EXPANDED_ACCESS", "INTERVENTIONAL", "OBSERVATIONAL")
SEXES = ("FEMALE", "MALE", "ALL")
AGE_GROUPS = ("CHILD", "ADULT", "OLDER_ADULT")
SPONSOR_CLASSES = (
    "NIH",
    "FED",
    "OTHER_GOV",
    "INDIV",
    "INDUSTRY",
    "NETWORK",
    "AMBIG",
    "OTHER",
    "UNKNOWN",
)
INTERVENTION_TYPES = (
    "BEHAVIORAL",
    "BIOLOGICAL",
    "COMBINATION_PRODUCT",
    "DEVICE",
    "DIAGNOSTIC_TEST",
    "DIETARY_SUPPLEMENT",
    "DRUG",
    "GENETIC",
    "PROCEDURE",
    "RADIATION",
    "OTHER",
)


@dataclass(frozen=True)
class Facet:
    """A counted and filtered property. `closed` lists the values of a closed list, else None.

    `piece` is the registry's name of the field in its query language, None where it has none.
    """

    key: str
    piece: str | None
    closed: tuple[str, ...] | None = None


FACETS: dict[str, Facet] = {
    facet.key: facet
    for facet in (
        Facet("status", "OverallStatus", STATUSES),
        Facet("phase", "Phase", PHASES),
        Facet("type", "StudyType", STUDY_TYPES),
        Facet("country", "LocationCountry"),
        Facet("condition_mesh", "ConditionMeshTerm"),
        Facet("intervention_type", "InterventionType", INTERVENTION_TYPES),
        Facet("sponsor_class", "LeadSponsorClass", SPONSOR_CLASSES),
        Facet("sponsor", "LeadSponsorName"),
        Facet("start_year", None),
        Facet("age_group", None, AGE_GROUPS),
        Facet("results", None, ("true", "false")),
    )
}
# Columns that are filtered by value but not counted.
FILTERED: dict[str, Facet] = {
    **FACETS,
    "sex": Facet("sex", "Sex", SEXES),
    "site_status": Facet("site_status", "LocationStatus", SITE_STATUSES),
}

# Columns of days (YYYYMMDD, a partial date as its first day, 0 for none) and their piece names.
DATES = {
    "start": "StartDate",
    "completed": "CompletionDate",
    "updated": "LastUpdatePostDate",
    "posted": "StudyFirstPostDate",
}

SORT_KEYS = ("relevance", "start", "completed", "updated", "posted", "enrollment", "distance")
NAME_KINDS = ("condition", "intervention", "sponsor")  # of names that a prefix is completed to
