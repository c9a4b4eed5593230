"""Which numbers the held trials share: ids and papers, and whether one makes two trials kin.

The keys are those of `crawler.links`. A number that many trials carry is a cooperative group's or a center's, a paper
that many cite is what everybody reads: neither makes a family.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

import msgspec

from crawler.ids import nct_id
from crawler.links import SharedKey, shared_keys
from crawler.record import IdentificationModule, RawRecord, ReferencesModule, SponsorCollaboratorsModule
from crawler.trial import Reference, SecondaryId, Sponsor

# Of 11,814 trials, families of one id have up to 8 (CORIMUNO-19, the NIDA grants); 13 and more share a group's number.
MOST_CARRIERS = 8
PAIR = 2  # a paper that just these two trials have
BETWEEN_SPONSORS = 8  # letters and digits; shorter ids ("2020-001", "98-012") are two sponsors' by chance

# Grants to a center, a network or a school, by the U.S. institutes' activity codes; U01 and R01 are a study's own.
_GROUP_GRANT = re.compile(r"(?<![A-Z])(?:P[2-6]0|P51|M01|U10|U54|UG1|UL1|UM1) ?[A-Z]{2} ?\d{4,}")
_YEAR = re.compile(r"(?:19|20)\d\d|\d\d?")
_STEM_END = "… of "


class Kinship(Enum):
    """How near a shared number brings two trials. A family leads on over CLOSE ones, over LOOSE ones once."""

    CLOSE = "close"
    LOOSE = "loose"


@dataclass(frozen=True, slots=True)
class Carrier:
    """A trial with a number: its lead sponsor, and whether the number is a paper that it only builds on."""

    nct_id: str
    sponsor: str | None
    background: bool


@dataclass(frozen=True)
class Shared:
    """A number that a trial shares with another; `backgrounds`: to how many of the two it is a paper they build on."""

    other: str
    key: SharedKey
    near: Kinship
    backgrounds: int

    @property
    def evidence(self) -> str:
        """What both records carry, in words."""
        return f"{self.key.evidence}{('', ', as background to one', ', as background')[self.backgrounds]}"


class _Protocol(msgspec.Struct, rename="camel"):
    identification_module: IdentificationModule
    sponsor_collaborators_module: SponsorCollaboratorsModule = SponsorCollaboratorsModule()
    references_module: ReferencesModule = ReferencesModule()


class _Study(msgspec.Struct, rename="camel"):
    protocol_section: _Protocol


@dataclass(frozen=True)
class _Numbers:
    """The part of a Trial that its shared keys are made of."""

    org_study_id: str | None
    secondary_ids: tuple[SecondaryId, ...]
    references: tuple[Reference, ...]
    lead_sponsor: Sponsor | None


_DECODER = msgspec.json.Decoder(_Study)  # a third of the time that a whole record takes


def carried(raw: RawRecord) -> dict[SharedKey, Carrier]:
    """A record's keys, by kind and value, each with its trial as the carrier."""
    protocol = _DECODER.decode(raw.body).protocol_section
    numbers = _numbers(protocol)
    ident = nct_id(protocol.identification_module.nct_id)
    sponsor = None if numbers.lead_sponsor is None else numbers.lead_sponsor.name
    own = {reference.pmid for reference in numbers.references if reference.type != "BACKGROUND"}
    return {
        key: Carrier(ident, sponsor, background=key.kind == "shared_pmid" and key.value not in own)
        for key in sorted(shared_keys(numbers), key=lambda key: (key.kind, key.value))
    }


class Carriers(Protocol):
    """Who carries which keys, among some trials."""

    def keys(self, ident: str) -> Sequence[SharedKey]:
        """Keys of a trial that others carry too, by kind and value; none of a trial that isn't among them."""

    def count(self, key: SharedKey) -> int:
        """How many trials carry a key."""

    def of(self, key: SharedKey) -> Sequence[Carrier]:
        """The trials that carry a key, in a fixed order; asked only where they are MOST_CARRIERS or fewer."""


class ReadCarriers:
    """The carriers among some records, all of which are read at once; `advance` is told how many more were."""

    def __init__(self, records: Iterable[RawRecord], advance: Callable[[int], None] = lambda _more: None) -> None:
        self._carriers: dict[SharedKey, list[Carrier]] = defaultdict(list)
        self._keys: dict[str, list[SharedKey]] = defaultdict(list)
        for raw in records:
            for key, carrier in carried(raw).items():
                self._carriers[key].append(carrier)
                self._keys[carrier.nct_id].append(key)
            advance(1)

    def keys(self, ident: str) -> list[SharedKey]:
        """As in Carriers."""
        return [key for key in self._keys.get(ident, ()) if self.count(key) > 1]

    def count(self, key: SharedKey) -> int:
        """As in Carriers."""
        return len(self._carriers[key])

    def of(self, key: SharedKey) -> list[Carrier]:
        """As in Carriers."""
        return self._carriers[key]


class Sharing:
    """What trials share, by who carries which keys, and whether it makes them kin."""

    def __init__(self, carriers: Carriers) -> None:
        self._carriers = carriers

    def kin(self, ident: str) -> list[Shared]:
        """Trials that a shared number makes a trial's kin."""
        found = []
        for key in self._carriers.keys(ident):
            if self._carriers.count(key) > MOST_CARRIERS:
                continue
            carriers = self._carriers.of(key)
            (own,) = (carrier for carrier in carriers if carrier.nct_id == ident)
            for other in carriers:
                near = kinship(key, own, other, len(carriers)) if other is not own else None
                if near is not None:
                    found.append(Shared(other.nct_id, key, near, own.background + other.background))
        return found

    def unfollowed(self, ident: str) -> list[tuple[SharedKey, int]]:
        """Numbers of a trial that others carry too and that make it nobody's kin, with how many trials carry each."""
        followed = {shared.key for shared in self.kin(ident)}
        return [(key, self._carriers.count(key)) for key in self._carriers.keys(ident) if key not in followed]


def kinship(key: SharedKey, one: Carrier, two: Carrier, carriers: int) -> Kinship | None:
    """Say how near a number, which so many trials carry, brings two of them; None where it says nothing."""
    same_sponsor = None in {one.sponsor, two.sponsor} or one.sponsor == two.sponsor
    if carriers > MOST_CARRIERS:
        return None
    if key.kind == "shared_id":
        return Kinship.CLOSE if _is_a_studys(key.value, same_sponsor=same_sponsor) else None
    reported = not one.background and not two.background
    if reported or same_sponsor or carriers == PAIR:
        return Kinship.CLOSE if reported and same_sponsor else Kinship.LOOSE
    return None


def _is_a_studys(value: str, *, same_sponsor: bool) -> bool:
    """Tell whether an id, or the stem of some, is of a study and no group's, and no two sponsors' by chance."""
    if _GROUP_GRANT.search(value):
        return False
    stem, is_stem, _ = value.partition(_STEM_END)
    if same_sponsor and not is_stem:
        return True
    # "RECHMPL20…" and "COVID-19" number a hospital's year, or a disease.
    numbered = any(not _YEAR.fullmatch(number) for number in re.findall(r"\d+", stem))
    return numbered and (same_sponsor or sum(map(str.isalnum, stem)) >= BETWEEN_SPONSORS)


def _numbers(protocol: _Protocol) -> _Numbers:
    identification = protocol.identification_module
    org = identification.org_study_id_info
    sponsor = protocol.sponsor_collaborators_module.lead_sponsor
    return _Numbers(
        org_study_id=None if org is None else org.id,
        secondary_ids=tuple(SecondaryId(i.id, i.type) for i in identification.secondary_id_infos or ()),
        references=tuple(Reference(r.pmid, r.type, None) for r in protocol.references_module.references or ()),
        lead_sponsor=None if sponsor is None else Sponsor(sponsor.name, None),
    )
