"""A record as the registry sent it: its bytes, what they parse to, and typed views of the parts we read.

The structs name the registry's fields in its own words (camel case on the wire). Reading through them is strict: a
value of another type is an error that names its place. Fields that stand in no struct are left to
`crawler.fields.unknown_fields`.
"""

from collections.abc import Iterable
from contextlib import suppress
from functools import cached_property
from hashlib import sha256
from typing import Any

import msgspec

from crawler.dates import checked_date
from crawler.errors import RecordInvalid
from crawler.fields import unknown_fields
from crawler.ids import is_nct_id, nct_id


class _Part(msgspec.Struct, frozen=True, rename="camel"):
    pass


class OrgStudyIdInfo(_Part, frozen=True):
    id: str | None = None


class SecondaryIdInfo(_Part, frozen=True):
    id: str | None = None
    type: str | None = None


class Organization(_Part, frozen=True):
    full_name: str | None = None


class IdentificationModule(_Part, frozen=True):
    nct_id: str
    nct_id_aliases: list[str] | None = None
    org_study_id_info: OrgStudyIdInfo | None = None
    secondary_id_infos: list[SecondaryIdInfo] | None = None
    organization: Organization | None = None
    brief_title: str | None = None
    official_title: str | None = None
    acronym: str | None = None


class DateStruct(_Part, frozen=True):
    date: str | None = None
    type: str | None = None


class ExpandedAccessInfo(_Part, frozen=True):
    nct_id: str | None = None


class StatusModule(_Part, frozen=True):
    overall_status: str | None = None
    why_stopped: str | None = None
    expanded_access_info: ExpandedAccessInfo | None = None
    start_date_struct: DateStruct | None = None
    primary_completion_date_struct: DateStruct | None = None
    completion_date_struct: DateStruct | None = None
    study_first_submit_date: str | None = None
    study_first_post_date_struct: DateStruct | None = None
    last_update_post_date_struct: DateStruct | None = None
    results_first_post_date_struct: DateStruct | None = None


class Agency(_Part, frozen=True):
    name: str | None = None
    class_: str | None = msgspec.field(default=None, name="class")


class ResponsibleParty(_Part, frozen=True):
    type: str | None = None


class SponsorCollaboratorsModule(_Part, frozen=True):
    responsible_party: ResponsibleParty | None = None
    lead_sponsor: Agency | None = None
    collaborators: list[Agency] | None = None


class DescriptionModule(_Part, frozen=True):
    brief_summary: str | None = None
    detailed_description: str | None = None


class ConditionsModule(_Part, frozen=True):
    conditions: list[str] | None = None
    keywords: list[str] | None = None


class MaskingInfo(_Part, frozen=True):
    masking: str | None = None
    who_masked: list[str] | None = None


class DesignInfo(_Part, frozen=True):
    allocation: str | None = None
    intervention_model: str | None = None
    observational_model: str | None = None
    time_perspective: str | None = None
    primary_purpose: str | None = None
    masking_info: MaskingInfo | None = None


class EnrollmentInfo(_Part, frozen=True):
    count: int | None = None
    type: str | None = None


class DesignModule(_Part, frozen=True):
    study_type: str | None = None
    phases: list[str] | None = None
    design_info: DesignInfo | None = None
    enrollment_info: EnrollmentInfo | None = None


class ArmGroup(_Part, frozen=True):
    label: str | None = None
    type: str | None = None
    description: str | None = None


class RawIntervention(_Part, frozen=True):
    type: str | None = None
    name: str | None = None
    description: str | None = None
    other_names: list[str] | None = None
    arm_group_labels: list[str] | None = None


class ArmsInterventionsModule(_Part, frozen=True):
    arm_groups: list[ArmGroup] | None = None
    interventions: list[RawIntervention] | None = None


class RawOutcome(_Part, frozen=True):
    measure: str | None = None
    description: str | None = None
    time_frame: str | None = None


class OutcomesModule(_Part, frozen=True):
    primary_outcomes: list[RawOutcome] | None = None
    secondary_outcomes: list[RawOutcome] | None = None
    other_outcomes: list[RawOutcome] | None = None


class EligibilityModule(_Part, frozen=True):
    eligibility_criteria: str | None = None
    healthy_volunteers: bool | None = None
    sex: str | None = None
    minimum_age: str | None = None
    maximum_age: str | None = None
    std_ages: list[str] | None = None
    study_population: str | None = None


class RawContact(_Part, frozen=True):
    name: str | None = None
    role: str | None = None
    phone: str | None = None
    email: str | None = None


class RawOfficial(_Part, frozen=True):
    name: str | None = None
    affiliation: str | None = None
    role: str | None = None


class GeoPoint(_Part, frozen=True):
    lat: float | None = None
    lon: float | None = None


class RawLocation(_Part, frozen=True):
    facility: str | None = None
    status: str | None = None
    city: str | None = None
    state: str | None = None
    zip: str | None = None
    country: str | None = None
    geo_point: GeoPoint | None = None


class ContactsLocationsModule(_Part, frozen=True):
    central_contacts: list[RawContact] | None = None
    overall_officials: list[RawOfficial] | None = None
    locations: list[RawLocation] | None = None


class RawReference(_Part, frozen=True):
    pmid: str | None = None
    type: str | None = None
    citation: str | None = None


class SeeAlsoLink(_Part, frozen=True):
    label: str | None = None
    url: str | None = None


class ReferencesModule(_Part, frozen=True):
    references: list[RawReference] | None = None
    see_also_links: list[SeeAlsoLink] | None = None


class ProtocolSection(_Part, frozen=True):
    identification_module: IdentificationModule
    status_module: StatusModule = StatusModule()
    sponsor_collaborators_module: SponsorCollaboratorsModule = SponsorCollaboratorsModule()
    description_module: DescriptionModule = DescriptionModule()
    conditions_module: ConditionsModule = ConditionsModule()
    design_module: DesignModule = DesignModule()
    arms_interventions_module: ArmsInterventionsModule = ArmsInterventionsModule()
    outcomes_module: OutcomesModule = OutcomesModule()
    eligibility_module: EligibilityModule = EligibilityModule()
    contacts_locations_module: ContactsLocationsModule = ContactsLocationsModule()
    references_module: ReferencesModule = ReferencesModule()


class RawMesh(_Part, frozen=True):
    id: str | None = None
    term: str | None = None


class BrowseModule(_Part, frozen=True):
    meshes: list[RawMesh] | None = None
    ancestors: list[RawMesh] | None = None


class DerivedSection(_Part, frozen=True):
    condition_browse_module: BrowseModule = BrowseModule()
    intervention_browse_module: BrowseModule = BrowseModule()


class Study(_Part, frozen=True):
    """The whole record, as far as it is read."""

    protocol_section: ProtocolSection
    derived_section: DerivedSection = DerivedSection()
    has_results: bool | None = None


def _number(text: str) -> int | float:
    """Read `30.0` and `30` as one number, so that a registry that writes either has not changed a record."""
    number = float(text)
    return int(number) if number.is_integer() else number


class _DatedStatus(_Part, frozen=True):
    last_update_post_date_struct: DateStruct = DateStruct()


class _DatedProtocol(_Part, frozen=True):
    status_module: _DatedStatus = _DatedStatus()


class _Dated(_Part, frozen=True):
    """The day of the last update alone: what else there is is passed over, in a third of the time."""

    protocol_section: _DatedProtocol = _DatedProtocol()


_ANY = msgspec.json.Decoder(float_hook=_number)
_DATED = msgspec.json.Decoder(_Dated)
_CANONICAL = msgspec.json.Encoder(order="sorted")


class RawRecord:
    """One study's bytes, exactly as they came, and views of them that are parsed when first asked for."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def release(self) -> None:
        """Let go of the views, which take ten times the room; they are parsed again when asked for."""
        body = self.body
        vars(self).clear()
        self.body = body

    @cached_property
    def data(self) -> dict[str, Any]:
        """The parsed JSON object; RecordInvalid where the bytes hold none."""
        try:
            data = _ANY.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise RecordInvalid(f"not JSON: {error}") from None
        if not isinstance(data, dict):
            raise RecordInvalid(f"expected an object, got {type(data).__name__}")
        return data

    @cached_property
    def study(self) -> Study:
        """The typed view; RecordInvalid names the place of a value of another type."""
        try:
            return msgspec.convert(self.data, Study)
        except msgspec.ValidationError as error:
            raise RecordInvalid(str(error)) from None

    @cached_property
    def nct_id(self) -> str:
        """The id in the body; RecordInvalid where there is none, for such a record can't be keyed."""
        found = self._at("protocolSection", "identificationModule", "nctId")
        if not isinstance(found, str) or not is_nct_id(found):
            raise RecordInvalid("no NCT id at protocolSection.identificationModule.nctId")
        return nct_id(found)

    @cached_property
    def last_update_posted(self) -> str | None:
        """The day of the last update, also of a record that breaks the rules elsewhere; None where there is no date."""
        try:
            return checked_date(self._last_update(), "")
        except RecordInvalid:
            return None

    def _last_update(self) -> str | None:
        if "data" not in vars(self):
            with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                return _DATED.decode(self.body).protocol_section.status_module.last_update_post_date_struct.date
        return self.text_at("protocolSection", "statusModule", "lastUpdatePostDateStruct", "date")

    def text_at(self, *names: str) -> str | None:
        """Return the text at a path of names; None where there is none."""
        found = self._at(*names)
        return found if isinstance(found, str) else None

    def _at(self, *names: str) -> object:
        """The value at a path of names, None where there is none."""
        found: object = self.data
        for name in names:
            found = found.get(name) if isinstance(found, dict) else None
        return found

    @cached_property
    def content_hash(self) -> bytes:
        """SHA-256 of what makes a version: the parsed JSON without the version holder.

        The registry moves `derivedSection.miscInfoModule.versionHolder` every day on every record.
        """
        data = self.data
        derived = data.get("derivedSection")
        misc = derived.get("miscInfoModule") if isinstance(derived, dict) else None
        if isinstance(derived, dict) and isinstance(misc, dict):
            kept = {name: value for name, value in misc.items() if name != "versionHolder"}
            data = {**data, "derivedSection": {**derived, "miscInfoModule": kept}}
        return sha256(_CANONICAL.encode(data)).digest()

    @cached_property
    def unknown_fields(self) -> tuple[str, ...]:
        """Paths that the registry's own list of fields does not have."""
        return tuple(unknown_fields(self.data))


def keyed(records: Iterable[RawRecord]) -> tuple[dict[str, RawRecord], list[str]]:
    """Records by their own ids, and the reasons of those that have none."""
    found, unusable = {}, []
    for raw in records:
        try:
            found[raw.nct_id] = raw
        except RecordInvalid as error:
            unusable.append(error.reason)
    return found, unusable
