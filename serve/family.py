"""`family`'s answer: links that the store knows and numbers that its records share → relatives with evidence."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TypeAlias

import msgspec

from crawler.errors import RecordInvalid, TrialUnknown
from crawler.sharing import Carriers, Kinship, ReadCarriers, Sharing
from crawler.store import Store
from index.carriers import indexed_carriers
from index.errors import IndexOutdated
from index.family import Bond, Tie, family
from serve.records import Held, oldest

FOLLOWED = ("expanded_access", "secondary_id", "mention", "alias")  # of what the store keeps
Reading: TypeAlias = Callable[[int], AbstractContextManager[Callable[[int], None]]]


class Member(msgspec.Struct, frozen=True, omit_defaults=True):
    """A trial of the family; `distance` in links from the one asked for, `through` the relative that led to it."""

    nct_id: str
    title: str
    status: str | None
    phases: tuple[str, ...]
    distance: int
    through: str | None
    gone: str | None = None


class Unfollowed(msgspec.Struct, frozen=True):
    """A number that a relative shares and that makes no family, with how many trials here carry it."""

    nct_id: str
    kind: str
    value: str
    trials: int


class FamilyAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What `family` answers. `missing` are links to trials that are not held, `left` counts what the limit cut off."""

    nct_id: str
    trials: list[Member]
    links: list[Bond]
    missing: list[Bond]
    unfollowed: list[Unfollowed]
    left: int
    data_timestamp: str | None
    asked: str | None = None


def family_of(store: Store, held: Held, limit: int, reading: Reading) -> FamilyAnswer:
    """Find a held trial's family: by the index where it has the store's records, else in all of these.

    `reading` is told how many records are to be read then, and in it how many more were.
    """
    indexed = indexed_carriers(store)
    if indexed is not None:
        try:
            return _family_by(indexed, store, held, limit)
        except IndexOutdated:
            pass
    with reading(store.counts()["trials"]) as advance:
        read = ReadCarriers(store.records(), advance)
    return _family_by(read, store, held, limit)


def _family_by(carriers: Carriers, store: Store, held: Held, limit: int) -> FamilyAnswer:
    kin = Kin(store, Sharing(carriers))
    found = family(held.trial.nct_id, kin.ties, limit)
    members = [_member(store, one.nct_id, one.distance, one.through) for one in found.relatives]
    unfollowed = [
        Unfollowed(one.nct_id, key.kind, key.value, carriers)
        for one in found.relatives
        for key, carriers in kin.sharing.unfollowed(one.nct_id)
    ]
    return FamilyAnswer(
        nct_id=held.trial.nct_id,
        trials=members,
        links=found.bonds,
        missing=sorted({bond for one in found.relatives for bond in kin.missing(one.nct_id)}),
        unfollowed=unfollowed,
        left=found.left,
        data_timestamp=oldest(store.timestamp_of(one.nct_id) for one in found.relatives),
        asked=held.other_name,
    )


def _member(store: Store, ident: str, distance: int, through: str | None) -> Member:
    try:
        trial = store.trial(ident)
    except RecordInvalid:
        return Member(ident, ident, None, (), distance, through)
    return Member(ident, trial.title, trial.status, trial.phases, distance, through, trial.gone)


class Kin:
    """Ties of held trials: what records name, what numbers they share."""

    def __init__(self, store: Store, sharing: Sharing) -> None:
        self._store = store
        self.sharing = sharing

    def ties(self, ident: str) -> Iterator[Tie]:
        """Every tie of a trial to another that is held."""
        for bond in self._named(ident):
            other = bond.to if bond.from_ == ident else bond.from_
            if self._held(other) is not None:
                yield Tie(other, bond)
        for shared in self.sharing.kin(ident):
            first, second = sorted((ident, shared.other))
            bond = Bond(first, second, shared.key.kind, shared.evidence)
            yield Tie(shared.other, bond, loose=shared.near is Kinship.LOOSE)

    def missing(self, ident: str) -> Iterator[Bond]:
        """Links from a trial to ids that nothing is held under."""
        return (bond for bond in self._named(ident) if self._held(bond.to) is None)

    def _named(self, ident: str) -> Iterator[Bond]:
        """Links from a trial and to it, under any of its ids, each end under the id that it is held by."""
        for name in (ident, *self._store.aliases_of(ident)):
            for source, target, kind, evidence in self._store.links_of(name):
                ends = self._held(source) or source, self._held(target) or target
                if kind in FOLLOWED and ident in ends and ends[0] != ends[1]:
                    obsolete = "" if ends[1] == target else f" ({target} is an obsolete id of {ends[1]})"
                    yield Bond(*ends, kind, evidence + obsolete)

    def _held(self, ident: str) -> str | None:
        try:
            return self._store.resolve(ident)
        except TrialUnknown:
            return None
