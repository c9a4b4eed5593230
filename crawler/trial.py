"""The one record type: a trial as the registry describes it, frozen, with the registry's own words and values.

Dates stay as written (`2022-03`), ages stand as written and in years, lists keep the record's order, an absent list
is empty and anything else absent is None. `crawler.normalise` makes these; nothing else does.
"""

import msgspec


class SecondaryId(msgspec.Struct, frozen=True):
    """Another registry's, funder's or sponsor's number."""

    id: str | None
    type: str | None


class Sponsor(msgspec.Struct, frozen=True, rename={"class_": "class"}):
    """Lead sponsor or collaborator."""

    name: str | None
    class_: str | None


class Official(msgspec.Struct, frozen=True):
    """Investigator responsible for the whole study."""

    name: str | None
    role: str | None
    affiliation: str | None


class Contact(msgspec.Struct, frozen=True):
    """Person to ask about enrolling."""

    name: str | None
    role: str | None
    phone: str | None
    email: str | None


class Mesh(msgspec.Struct, frozen=True):
    """A MeSH heading; records converted from the former format have no id."""

    id: str | None
    term: str | None


class Arm(msgspec.Struct, frozen=True):
    """Arm of an interventional study, group or cohort of an observational one."""

    label: str | None
    type: str | None
    description: str | None


class Intervention(msgspec.Struct, frozen=True):
    """What is given, done or watched."""

    type: str | None
    name: str | None
    description: str | None
    other_names: tuple[str, ...]
    arm_labels: tuple[str, ...]


class Outcome(msgspec.Struct, frozen=True):
    """An outcome measure and when it is taken."""

    measure: str | None
    description: str | None
    time_frame: str | None


class Location(msgspec.Struct, frozen=True):
    """A site. `lat` and `lon` are degrees (WGS 84)."""

    facility: str | None
    city: str | None
    state: str | None
    zip: str | None
    country: str | None
    status: str | None
    lat: float | None
    lon: float | None


class Reference(msgspec.Struct, frozen=True):
    """A paper; `type` tells background from results."""

    pmid: str | None
    type: str | None
    citation: str | None


class Link(msgspec.Struct, frozen=True):
    """A web page the record points to."""

    label: str | None
    url: str | None


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """One clinical trial. `gone` is the day its record was missed at the registry (`2026-08-19`), else None."""

    nct_id: str
    aliases: tuple[str, ...]
    gone: str | None = None
    org_study_id: str | None
    secondary_ids: tuple[SecondaryId, ...]
    expanded_access_id: str | None
    organization: str | None
    brief_title: str | None
    official_title: str | None
    acronym: str | None
    status: str | None
    why_stopped: str | None
    study_type: str | None
    phases: tuple[str, ...]
    allocation: str | None
    intervention_model: str | None
    observational_model: str | None
    time_perspective: str | None
    primary_purpose: str | None
    masking: str | None
    who_masked: tuple[str, ...]
    enrollment: int | None
    enrollment_type: str | None
    start_date: str | None
    start_date_type: str | None
    primary_completion_date: str | None
    primary_completion_date_type: str | None
    completion_date: str | None
    completion_date_type: str | None
    first_submitted: str | None
    first_posted: str | None
    last_update_posted: str | None
    results_posted: str | None
    has_results: bool | None
    lead_sponsor: Sponsor | None
    collaborators: tuple[Sponsor, ...]
    responsible_party: str | None
    officials: tuple[Official, ...]
    central_contacts: tuple[Contact, ...]
    brief_summary: str | None
    detailed_description: str | None
    conditions: tuple[str, ...]
    keywords: tuple[str, ...]
    condition_mesh: tuple[Mesh, ...]
    condition_ancestors: tuple[Mesh, ...]
    intervention_mesh: tuple[Mesh, ...]
    intervention_ancestors: tuple[Mesh, ...]
    arms: tuple[Arm, ...]
    interventions: tuple[Intervention, ...]
    primary_outcomes: tuple[Outcome, ...]
    secondary_outcomes: tuple[Outcome, ...]
    other_outcomes: tuple[Outcome, ...]
    eligibility_criteria: str | None
    study_population: str | None
    minimum_age: str | None
    minimum_age_years: float | None
    maximum_age: str | None
    maximum_age_years: float | None
    std_ages: tuple[str, ...]
    sex: str | None
    healthy_volunteers: bool | None
    locations: tuple[Location, ...]
    countries: tuple[str, ...]
    references: tuple[Reference, ...]
    links: tuple[Link, ...]
    unknown_fields: tuple[str, ...]

    @property
    def title(self) -> str:
        """Brief title, else the official one, else the id."""
        return self.brief_title or self.official_title or self.nct_id
