"""`similar`'s answer: ids as asked → trials as held → the index's ranking, with the links that the store knows."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from crawler.errors import TrialkinError
from crawler.sharing import ReadCarriers, Sharing
from crawler.store import Store
from index.family import Bond
from index.likeness import Asked, SimilarTrial
from index.query.tree import Filters
from index.search import Index
from index.similar.aspects import ALL_OF_IT, ASPECTS, WHOLE, Comparison
from index.similar.facts import Fact
from index.similar.reasons import Kinship, no_kin
from serve.drafts import Draft, Understood
from serve.family import FOLLOWED, Kin

LITTLE = 20  # different words; four of 11,814 real records have fewer


class SimilarAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """Trials like one (`nct_id`, with `asked` where that was another name of it) or like all of several.

    `text` is the file of a draft, `understood` how it was read; `by`, `unlike` and `diverse` tell how trials were
    compared, `note` what to know before believing it, `as_of` the day whose versions they are, where not today.
    """

    hits: list[SimilarTrial]
    data_timestamp: str | None
    nct_id: str | None = None
    asked: str | None = None
    nct_ids: list[str] | None = None
    text: str | None = None
    understood: Understood | None = None
    by: str | None = None
    unlike: str | None = None
    diverse: bool = False
    note: str | None = None
    as_of: str | None = None


@dataclass(eq=False)
class NotIndexed(TrialkinError):
    """A trial that is held but not in the index."""

    nct_id: str
    reason: str

    def __str__(self) -> str:
        return f"{self.nct_id} can't be compared: {self.reason}."


@dataclass(frozen=True)
class Neighbours:
    """Answers for one set of filters and one way to compare; `as_of` the day that index and store are of."""

    index: Index
    store: Store
    filters: Filters
    limit: int
    reasons: bool
    comparison: Comparison = ALL_OF_IT
    as_of: str | None = None

    def of(self, nct_ids: list[str], asked: str | None) -> SimilarAnswer:
        """Rank for one or several ids; TrialUnknown or NotIndexed where one can't be ranked for."""
        resolved = [self.store.resolve(nct_id) for nct_id in nct_ids]
        held = list(dict.fromkeys(resolved))
        for nct_id in held:
            self._check(nct_id)
        repeated = [
            f"{nct_id} was given more than once and counts once." for nct_id in held if resolved.count(nct_id) > 1
        ]
        answer = self._answer(self.index.likeness.asked(held), held, self._kin, repeated)
        if len(held) > 1:
            return msgspec.structs.replace(answer, nct_ids=held)
        other_name = asked or nct_ids[0]
        return msgspec.structs.replace(
            answer, nct_id=held[0], asked=None if other_name.upper() == held[0] else other_name
        )

    def of_text(self, draft: Draft) -> SimilarAnswer:
        """Rank for a text by the statistics of the index, which stays as it is; a record's own trial is left out."""
        seeds = self.index.likeness.draft(draft.document, draft.nct_id)
        answer = self._answer(seeds, [draft.name], no_kin, [])
        return msgspec.structs.replace(answer, text=draft.given, understood=draft.understood)

    def _answer(self, seeds: Asked, names: Sequence[str], kin: Kinship, told: Sequence[str]) -> SimilarAnswer:
        comparison = self.comparison
        hits = self.index.likeness.like(seeds, self.filters, self.limit, kin if self.reasons else None, comparison)
        nothing = self._nothing() if self.limit and not hits else []
        told = (*told, *notes(self.index, seeds, names, comparison), *nothing)
        return SimilarAnswer(
            hits,
            self.index.manifest.data_timestamp,
            by=None if comparison.by == WHOLE else comparison.by,
            unlike=comparison.unlike,
            diverse=comparison.diverse,
            note=" ".join(told) or None,
            as_of=self.as_of,
        )

    def _nothing(self) -> list[str]:
        """Say why nothing was found."""
        if self.filters:
            return ["Nothing that the filters leave is like it."]
        if self.comparison.unlike is not None:
            return [f"Nothing here is like it and differs in {self.comparison.unlike}."]
        return ["Nothing here is like it: no trial shares a word that tells anything."]

    def _kin(self, asked: Sequence[str], hits: Sequence[str]) -> dict[str, list[Fact]]:
        """Links of hits with the trials asked about: who names whom, ids and papers that both have."""
        kin = Kin(self.store, Sharing(ReadCarriers(map(self.store.raw, (*asked, *hits)))))
        told: dict[str, dict[Fact, None]] = defaultdict(dict)
        for one in asked:
            for tie in kin.ties(one):
                told[tie.other][_linked(tie.bond, several=len(asked) > 1)] = None
        return {hit: list(told[hit]) for hit in hits if hit in told}

    def _check(self, nct_id: str) -> None:
        if self.index.columns.row(nct_id) is not None:
            return
        gone, problem = self.store.fate(nct_id)
        if gone is not None:
            raise NotIndexed(nct_id, f"its record has been gone from the registry since {gone}")
        if problem is not None:
            raise NotIndexed(nct_id, f"its record breaks the registry's rules ({problem})")
        raise NotIndexed(nct_id, "the index does not have it yet; run `trialkin index`")


def _linked(bond: Bond, *, several: bool) -> Fact:
    if bond.kind in FOLLOWED:
        return Fact("link", f"{bond.from_} names {bond.to}: {bond.evidence}")
    return Fact("link", f"{bond.from_} and {bond.to}: {bond.evidence}" if several else bond.evidence)


def notes(index: Index, asked: Asked, names: Sequence[str], comparison: Comparison) -> list[str]:
    """Say what to know before believing a ranking; `names` are what the trials asked about are called."""
    told = []
    for name, vector, card in zip(names, asked.vectors, asked.cards, strict=True):
        words = index.likeness.words(vector)
        if words < LITTLE:
            told.append(f"{name} has {_counted(words)} to compare by: few trials share any, and scores are low.")
        told += [
            f"{name} tells nothing of its {aspect}; what else it says decides."
            for aspect in (comparison.by, comparison.unlike)
            if aspect in ASPECTS and not index.likeness.tells(vector, aspect)
        ]
        if card.status == "WITHDRAWN":
            told.append(f"{name} was withdrawn before it took anybody.")
    return told


def _counted(words: int) -> str:
    return "no word" if not words else "one word" if words == 1 else f"{words} words"
