"""Requests of a run, each asked once: what was heard before is taken from the ledger."""

from collections.abc import Container
from dataclasses import dataclass, field
from urllib.parse import urlencode

from crawler.errors import BodyTooLarge, RecordInvalid, RegistryFailed, RequestRejected
from crawler.ledger import Answer, Ledger
from crawler.normalise import normalise
from crawler.record import RawRecord, keyed
from crawler.registry import IDS_A_CALL, Registry

# Without a sort the registry promises no order, and the first page of a common condition would be any of its trials.
BY_RELEVANCE = {"sort": "@relevance"}
NOT_THERE = "the registry has no record of it (404)"


@dataclass
class Listing:
    """A query walked page by page. `told` is the query in words, `place` how many hits were seen."""

    query: dict[str, str]
    source: str | None
    size: int
    pages: int = 0
    place: int = 0
    token: str | None = None
    ended: bool = False
    order: dict[str, str] = field(default_factory=lambda: dict(BY_RELEVANCE))
    problems: list[str] = field(default_factory=list)

    @property
    def told(self) -> str:
        """The query as a person reads it."""
        return " ".join(f"{name}={text}" for name, text in self.query.items())

    @property
    def key(self) -> str:
        """The query as the ledger knows it."""
        return f"page {urlencode(self.query)}&pageSize={self.size} "

    def take_problems(self) -> list[str]:
        """Problems since this was last called."""
        taken, self.problems = self.problems, []
        return taken


class Asking:
    """Asks a registry, or the ledger where the answer is known."""

    def __init__(self, registry: Registry, ledger: Ledger) -> None:
        self._registry = registry
        self._ledger = ledger

    def data_timestamp(self) -> str:
        """The registry's data timestamp, asked in every session since tokens die with it."""
        return self._registry.version().data_timestamp

    # -- studies by id -----------------------------------------------------------------------------------------------

    def study(self, nct_ids: list[str], skip: Container[str]) -> RawRecord | str:
        """Return the first id's record (under its own id), or why there is none; the others are fetched with it."""
        wanted = nct_ids[0]
        answer = self._ledger.heard(f"id {wanted}")
        if answer is None and (held := self._ledger.record(wanted)) is not None:
            return held  # it came under an alias, or with a page
        if answer is None:
            self._batch([nct_id for nct_id in dict.fromkeys(nct_ids) if nct_id not in skip][:IDS_A_CALL])
            answer = self._ledger.heard(f"id {wanted}") or self._single(wanted)
        raw = self._ledger.record(answer.nct_ids[0]) if answer.nct_ids else None
        return raw or answer.problem or NOT_THERE

    def _batch(self, nct_ids: list[str]) -> None:
        """Fetch ids together; each that was answered, under its own id or as an alias of what came, is heard."""
        unheard = [
            nct_id
            for nct_id in nct_ids
            if self._ledger.heard(f"id {nct_id}") is None and self._ledger.heard(f"alone {nct_id}") is None
        ]
        if len(unheard) < 2:  # noqa: PLR2004 - one is asked by itself, which tells an alias and a 404 apart
            return
        records = keyed(self._studies(unheard))[0]
        own_id = {alias: nct_id for nct_id, raw in records.items() for alias in _aliases(raw)}
        own_id |= {nct_id: nct_id for nct_id in records}  # an id with a record of its own is that trial
        for nct_id in unheard:
            if nct_id in own_id:
                self._ledger.hear(f"id {nct_id}", Answer([own_id[nct_id]]), [records[own_id[nct_id]]])
            else:  # it is asked by itself, and in no other batch
                self._ledger.hear(f"alone {nct_id}", Answer(), [])

    def _studies(self, nct_ids: list[str]) -> list[RawRecord]:
        try:
            return self._registry.studies(nct_ids)
        except RegistryFailed as error:
            if not error.by_the_server:
                raise
            return []  # one of them may be the cause: each is asked by itself

    def _single(self, nct_id: str) -> Answer:
        """Ask for one id by itself: 301 leads to another, only 404 says that there is none."""
        records: list[RawRecord] = []
        try:
            raw = self._registry.study(nct_id)
            if raw is None:
                answer = Answer(problem=NOT_THERE)
            else:
                answer, records = Answer([raw.nct_id]), [raw]
                if raw.nct_id != nct_id:
                    self._ledger.keep_alias(nct_id, raw.nct_id)
        except (RequestRejected, BodyTooLarge, RecordInvalid) as error:
            answer = Answer(problem=str(error))
        except RegistryFailed as error:
            if not error.by_the_server:
                raise
            return Answer(problem=str(error))  # not heard: the next run may ask again
        self._ledger.hear(f"id {nct_id}", answer, records)
        return answer

    # -- pages of a query ----------------------------------------------------------------------------------------------

    def next_page(self, listing: Listing) -> list[tuple[int, RawRecord]]:
        """Return (place, record) of the next page's hits; an ended listing has none."""
        if listing.ended:
            return []
        answer = self._ledger.heard(f"{listing.key}{listing.pages}") or self._page(listing)
        listing.pages += 1
        listing.token = answer.token
        listing.ended = answer.token is None or not (answer.nct_ids or answer.unusable)  # an empty page is the last
        if answer.problem is not None:
            listing.problems.append(f"{listing.told}: {answer.problem}")
        listing.problems += [f"{listing.told}: {reason}" for reason in answer.unusable]
        begin = listing.place
        listing.place += len(answer.nct_ids)
        records = (self._ledger.record(nct_id) for nct_id in answer.nct_ids)
        return [(place, raw) for place, raw in enumerate(records, begin + 1) if raw is not None]

    def _page(self, listing: Listing, *, again: bool = False) -> Answer:
        request = f"{listing.key}{listing.pages}"
        try:
            page = self._registry.page({**listing.query, **listing.order}, listing.token, listing.size)
        except RequestRejected as error:
            if listing.token is None and listing.order and "sort" in error.reason:
                listing.order = {}  # a mirror that can't sort by relevance has some order of its own
                return self._page(listing, again=again)
            if listing.token is not None and not again:
                return self._walk_again(listing)
            return self._heard(request, Answer(problem=str(error)))
        except BodyTooLarge as error:
            return self._heard(request, Answer(problem=str(error)))
        except RegistryFailed as error:
            if not error.by_the_server:
                raise
            return Answer(problem=str(error))
        records, unusable = keyed(page.records)
        answer = Answer(list(records), page.token, unusable=unusable)
        self._ledger.hear(request, answer, list(records.values()))
        return answer

    def _heard(self, request: str, answer: Answer) -> Answer:
        self._ledger.hear(request, answer, [])
        return answer

    def _walk_again(self, listing: Listing) -> Answer:
        """A token died with the registry's data: walk from the first page to the one that is wanted."""
        wanted = listing.pages
        self._ledger.forget(listing.key)
        fresh = Listing(listing.query, listing.source, listing.size, order=listing.order)
        answer = self._page(fresh, again=True)
        while fresh.pages < wanted and answer.token is not None:
            fresh.pages += 1
            fresh.token = answer.token
            answer = self._page(fresh, again=True)
        return answer if fresh.pages == wanted or answer.problem is not None else Answer()


def _aliases(raw: RawRecord) -> tuple[str, ...]:
    try:
        return normalise(raw).aliases
    except RecordInvalid:
        return ()
