"""Raw record → Trial, strictly: what breaks the registry's rules is an error with its place, never a guess."""

from collections.abc import Iterable
from typing import Any

from crawler.dates import age_years, checked_date
from crawler.errors import RecordInvalid
from crawler.ids import is_nct_id, nct_id
from crawler.record import (
    ArmsInterventionsModule,
    BrowseModule,
    ContactsLocationsModule,
    DateStruct,
    DesignInfo,
    DesignModule,
    EligibilityModule,
    EnrollmentInfo,
    IdentificationModule,
    MaskingInfo,
    OutcomesModule,
    RawLocation,
    RawMesh,
    RawOutcome,
    RawRecord,
    ReferencesModule,
    SponsorCollaboratorsModule,
    StatusModule,
)
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

NO_ENROLLMENT = 99999999  # what the registry writes where no number was given


def normalise(raw: RawRecord, *, unknown: bool = True) -> Trial:
    """Turn one record into a Trial; RecordInvalid (with the place and reason) where it breaks the rules.

    `unknown` looks for fields that nobody knows, which an index has no use for.
    """
    protocol = raw.study.protocol_section
    derived = raw.study.derived_section
    conditions = protocol.conditions_module
    description = protocol.description_module
    condition_mesh, condition_ancestors = _browse(derived.condition_browse_module)
    intervention_mesh, intervention_ancestors = _browse(derived.intervention_browse_module)
    return Trial(
        nct_id=raw.nct_id,
        has_results=raw.study.has_results,
        brief_summary=description.brief_summary,
        detailed_description=description.detailed_description,
        conditions=_tuple(conditions.conditions),
        keywords=_tuple(conditions.keywords),
        condition_mesh=condition_mesh,
        condition_ancestors=condition_ancestors,
        intervention_mesh=intervention_mesh,
        intervention_ancestors=intervention_ancestors,
        unknown_fields=raw.unknown_fields if unknown else (),
        **_identification(protocol.identification_module),
        **_status(protocol.status_module),
        **_sponsors(protocol.sponsor_collaborators_module),
        **_design(protocol.design_module),
        **_arms(protocol.arms_interventions_module),
        **_outcomes(protocol.outcomes_module),
        **_eligibility(protocol.eligibility_module),
        **_sites(protocol.contacts_locations_module),
        **_references(protocol.references_module),
    )


def _tuple(values: list[str] | None) -> tuple[str, ...]:
    return tuple(values or ())


def _identification(module: IdentificationModule) -> dict[str, Any]:
    org = module.org_study_id_info
    return {
        "aliases": tuple(_alias(alias) for alias in module.nct_id_aliases or ()),
        "org_study_id": None if org is None else org.id,
        "secondary_ids": tuple(SecondaryId(i.id, i.type) for i in module.secondary_id_infos or ()),
        "organization": None if module.organization is None else module.organization.full_name,
        "brief_title": module.brief_title,
        "official_title": module.official_title,
        "acronym": module.acronym,
    }


def _alias(text: str) -> str:
    if not is_nct_id(text):
        raise RecordInvalid(f"protocolSection.identificationModule.nctIdAliases: {text!r} is no NCT id")
    return nct_id(text)


def _date(struct: DateStruct | None, where: str) -> tuple[str | None, str | None]:
    if struct is None:
        return None, None
    return checked_date(struct.date, f"protocolSection.statusModule.{where}.date"), struct.type


def _status(module: StatusModule) -> dict[str, Any]:
    start, start_type = _date(module.start_date_struct, "startDateStruct")
    primary, primary_type = _date(module.primary_completion_date_struct, "primaryCompletionDateStruct")
    completion, completion_type = _date(module.completion_date_struct, "completionDateStruct")
    access = module.expanded_access_info
    where = "protocolSection.statusModule.studyFirstSubmitDate"
    return {
        "status": module.overall_status,
        "why_stopped": module.why_stopped,
        "expanded_access_id": None if access is None else access.nct_id,
        "start_date": start,
        "start_date_type": start_type,
        "primary_completion_date": primary,
        "primary_completion_date_type": primary_type,
        "completion_date": completion,
        "completion_date_type": completion_type,
        "first_submitted": checked_date(module.study_first_submit_date, where),
        "first_posted": _date(module.study_first_post_date_struct, "studyFirstPostDateStruct")[0],
        "last_update_posted": _date(module.last_update_post_date_struct, "lastUpdatePostDateStruct")[0],
        "results_posted": _date(module.results_first_post_date_struct, "resultsFirstPostDateStruct")[0],
    }


def _sponsors(module: SponsorCollaboratorsModule) -> dict[str, Any]:
    lead = module.lead_sponsor
    party = module.responsible_party
    return {
        "lead_sponsor": None if lead is None else Sponsor(lead.name, lead.class_),
        "collaborators": tuple(Sponsor(other.name, other.class_) for other in module.collaborators or ()),
        "responsible_party": None if party is None else party.type,
    }


def _design(module: DesignModule) -> dict[str, Any]:
    design = module.design_info or DesignInfo()
    masking = design.masking_info or MaskingInfo()
    enrollment = module.enrollment_info or EnrollmentInfo()
    return {
        "study_type": module.study_type,
        "phases": _tuple(module.phases),
        "allocation": design.allocation,
        "intervention_model": design.intervention_model,
        "observational_model": design.observational_model,
        "time_perspective": design.time_perspective,
        "primary_purpose": design.primary_purpose,
        "masking": masking.masking,
        "who_masked": _tuple(masking.who_masked),
        "enrollment": None if enrollment.count == NO_ENROLLMENT else enrollment.count,
        "enrollment_type": enrollment.type,
    }


def _arms(module: ArmsInterventionsModule) -> dict[str, Any]:
    return {
        "arms": tuple(Arm(arm.label, arm.type, arm.description) for arm in module.arm_groups or ()),
        "interventions": tuple(
            Intervention(i.type, i.name, i.description, _tuple(i.other_names), _tuple(i.arm_group_labels))
            for i in module.interventions or ()
        ),
    }


def _outcome_list(outcomes: list[RawOutcome] | None) -> tuple[Outcome, ...]:
    return tuple(Outcome(o.measure, o.description, o.time_frame) for o in outcomes or ())


def _outcomes(module: OutcomesModule) -> dict[str, Any]:
    return {
        "primary_outcomes": _outcome_list(module.primary_outcomes),
        "secondary_outcomes": _outcome_list(module.secondary_outcomes),
        "other_outcomes": _outcome_list(module.other_outcomes),
    }


def _eligibility(module: EligibilityModule) -> dict[str, Any]:
    where = "protocolSection.eligibilityModule"
    return {
        "eligibility_criteria": module.eligibility_criteria,
        "study_population": module.study_population,
        "minimum_age": module.minimum_age,
        "minimum_age_years": age_years(module.minimum_age, f"{where}.minimumAge"),
        "maximum_age": module.maximum_age,
        "maximum_age_years": age_years(module.maximum_age, f"{where}.maximumAge"),
        "std_ages": _tuple(module.std_ages),
        "sex": module.sex,
        "healthy_volunteers": module.healthy_volunteers,
    }


def _location(raw: RawLocation) -> Location:
    point = raw.geo_point
    return Location(
        raw.facility,
        raw.city,
        raw.state,
        raw.zip,
        raw.country,
        raw.status,
        None if point is None else point.lat,
        None if point is None else point.lon,
    )


def _sites(module: ContactsLocationsModule) -> dict[str, Any]:
    locations = tuple(_location(raw) for raw in module.locations or ())
    countries = dict.fromkeys(site.country for site in locations if site.country is not None)
    return {
        "officials": tuple(Official(o.name, o.role, o.affiliation) for o in module.overall_officials or ()),
        "central_contacts": tuple(Contact(c.name, c.role, c.phone, c.email) for c in module.central_contacts or ()),
        "locations": locations,
        "countries": tuple(countries),
    }


def _references(module: ReferencesModule) -> dict[str, Any]:
    return {
        "references": tuple(Reference(r.pmid, r.type, r.citation) for r in module.references or ()),
        "links": tuple(Link(link.label, link.url) for link in module.see_also_links or ()),
    }


def _meshes(meshes: Iterable[RawMesh] | None) -> tuple[Mesh, ...]:
    return tuple(Mesh(mesh.id, mesh.term) for mesh in meshes or ())


def _browse(module: BrowseModule) -> tuple[tuple[Mesh, ...], tuple[Mesh, ...]]:
    return _meshes(module.meshes), _meshes(module.ancestors)
