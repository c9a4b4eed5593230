"""Pure: a record → typed links to other trials, each with its evidence."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Protocol

from crawler.ids import is_nct_id, may_mention, mentions, nct_id
from crawler.trial import Reference, SecondaryId, Sponsor, Trial

# Best first: what a record states in a field of its own, then what its prose mentions.
KINDS = (
    "seed",
    "page",
    "expanded_access",
    "secondary_id",
    "mention",
    "alias",
    "shared_id",
    "shared_pmid",
    "neighbour",
)
RANK = {kind: place for place, kind in enumerate(KINDS)}

EVIDENCE_CHARACTERS = 300
_SENTENCE_END = re.compile(r"(?<=[.!?;])\s+|\n+")
_SHARED_ID_LENGTH = 6  # shorter numbers ("2016", "P01") are shared by chance
_HASH_BYTES = 8  # of a registry's two million keys, two have the same hash once in ten million times
_STEM = re.compile(r"(.{6,})[-_/. ][0-9A-Z]{1,4}$", re.IGNORECASE)


@dataclass(frozen=True)
class Link:
    """`target` is an NCT id; `kind` one of KINDS; `evidence` what in the record says so."""

    target: str
    kind: str
    evidence: str


def named(trial: Trial) -> list[Link]:
    """Links to trials that the record itself names, best first, each target and kind once."""
    found: dict[tuple[str, str], Link] = {}
    for link in (*_fields(trial), *_mentions(trial)):
        if link.target != trial.nct_id:
            found.setdefault((link.target, link.kind), link)
    stated = {target for target, kind in found if kind != "mention"}
    kept = [link for link in found.values() if link.kind != "mention" or link.target not in stated]
    return sorted(kept, key=lambda link: (RANK[link.kind], link.target))


def _fields(trial: Trial) -> Iterator[Link]:
    for alias in trial.aliases:
        yield Link(alias, "alias", f"{trial.nct_id} lists {alias} as an obsolete id")
    if trial.expanded_access_id is not None and is_nct_id(trial.expanded_access_id):
        target = nct_id(trial.expanded_access_id)
        yield Link(target, "expanded_access", f"expanded access to the treatment under {target}")
    for secondary in trial.secondary_ids:
        for target, _ in mentions(secondary.id or ""):
            yield Link(target, "secondary_id", f"secondary id {secondary.id}")
    for target, _ in mentions(trial.org_study_id or ""):
        yield Link(target, "secondary_id", f"organization's study id {trial.org_study_id}")


def _mentions(trial: Trial) -> Iterator[Link]:
    texts = list(_texts(trial))
    if not may_mention([text for _, text in texts]):
        return
    for where, text in texts:
        for target, offset in mentions(text):
            yield Link(target, "mention", f"{where}: {_sentence(text, offset)}")


def _texts(trial: Trial) -> Iterator[tuple[str, str]]:
    yield "brief title", trial.brief_title or ""
    yield "official title", trial.official_title or ""
    yield "brief summary", trial.brief_summary or ""
    yield "detailed description", trial.detailed_description or ""
    yield "eligibility criteria", trial.eligibility_criteria or ""
    yield "study population", trial.study_population or ""
    yield "why stopped", trial.why_stopped or ""
    for arm in trial.arms:
        yield "arm", arm.description or ""
    for intervention in trial.interventions:
        yield "intervention", intervention.description or ""
    for outcome in (*trial.primary_outcomes, *trial.secondary_outcomes, *trial.other_outcomes):
        yield "outcome", f"{outcome.measure or ''} {outcome.description or ''} {outcome.time_frame or ''}"
    for link in trial.links:
        yield "link", f"{link.label or ''} {link.url or ''}"
    for reference in trial.references:
        yield "reference", reference.citation or ""


def _sentence(text: str, offset: int) -> str:
    """Return the sentence around an offset, cut to EVIDENCE_CHARACTERS around it."""
    begin, end = 0, len(text)
    for found in _SENTENCE_END.finditer(text):
        if found.end() <= offset:
            begin = found.end()
        elif found.start() > offset:
            end = found.start()
            break
    begin = max(begin, offset - EVIDENCE_CHARACTERS // 2)
    return " ".join(text[begin : min(end, begin + EVIDENCE_CHARACTERS)].split())


@dataclass(frozen=True, slots=True)
class SharedKey:
    """Something two records can have in common: a `shared_id` or a `shared_pmid`."""

    kind: str
    value: str

    @property
    def evidence(self) -> str:
        """What both records carry, in words."""
        return f"both carry {'PMID ' if self.kind == 'shared_pmid' else 'id '}{self.value}"

    @property
    def hashed(self) -> int:
        """A hash of 64 bits, with a sign, the same in every process."""
        told = f"{self.kind}\n{self.value}".encode("utf-8", "surrogatepass")
        return int.from_bytes(blake2b(told, digest_size=_HASH_BYTES).digest(), "little", signed=True)


class Numbered(Protocol):
    """The part of a Trial that its shared keys are made of."""

    @property
    def org_study_id(self) -> str | None:
        """As in a Trial."""

    @property
    def secondary_ids(self) -> tuple[SecondaryId, ...]:
        """As in a Trial."""

    @property
    def references(self) -> tuple[Reference, ...]:
        """As in a Trial."""

    @property
    def lead_sponsor(self) -> Sponsor | None:
        """As in a Trial."""


def shared_keys(trial: Numbered) -> frozenset[SharedKey]:
    """Numbers by which another trial may turn out to be a sister: ids, stems of study ids, papers' PMIDs."""
    keys = {SharedKey("shared_pmid", r.pmid) for r in trial.references if r.pmid is not None}
    ids = [secondary.id for secondary in trial.secondary_ids] + [trial.org_study_id]
    for text in ids:
        if text is None or is_nct_id(text):
            continue
        value = text.strip().upper()
        if len(value) >= _SHARED_ID_LENGTH and any(letter.isdigit() for letter in value):
            keys.add(SharedKey("shared_id", value))
    keys |= _stem(trial)
    return frozenset(keys)


def _stem(trial: Numbered) -> set[SharedKey]:
    """Study id without its last part, with the sponsor beside it, for stems repeat between sponsors."""
    found = _STEM.fullmatch((trial.org_study_id or "").strip())
    sponsor = None if trial.lead_sponsor is None else trial.lead_sponsor.name
    if found is None or sponsor is None or not any(letter.isdigit() for letter in found[1]):
        return set()
    return {SharedKey("shared_id", f"{found[1].upper()}… of {sponsor}")}
