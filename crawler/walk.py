"""A walk over all that was updated since a day, oldest update first, page by page; it goes on after any break.

A page token dies with the registry's data. The walk then begins anew at the day it had come to: in this order what was
updated meanwhile stands further on, so nothing is passed over and only that day comes twice.
"""

from collections.abc import Callable

import msgspec

from crawler.errors import AnswerUnsound, BodyTooLarge, RecordInvalid, RegistryFailed, RequestRejected
from crawler.record import RawRecord, keyed
from crawler.registry import LARGEST_PAGE, Page, Registry

FIELDS = "NCTId,LastUpdatePostDate"  # of a walk that only lists
SHORT_SHARE = 0.99  # of the promised number; one that ends with less was cut off somewhere
STILL = 3  # times that a walk may begin anew from the same day


class WalkState(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a walk stands. `since` is the day it began from, `reached` the day it has come to.

    `reached` is None as long as no date was seen, or where the dates came in no order. `data_timestamp` is of the data
    that the token belongs to; `promised` and `seen` count trials since the walk began, or began anew, at `since`.
    """

    since: str | None = None
    reached: str | None = None
    ordered: bool = True
    token: str | None = None
    data_timestamp: str = ""
    promised: int | None = None
    seen: int = 0
    still: int = 0
    ended: bool = False

    def after(self, page: Page, dates: list[str]) -> "WalkState":
        """The state once a page was taken; `dates` are its records', in its order."""
        ordered = self.ordered and dates == sorted(dates) and (not dates or dates[0] >= (self.reached or ""))
        return msgspec.structs.replace(
            self,
            reached=dates[-1] if dates else self.reached,
            ordered=ordered,
            token=page.token,
            promised=self.promised if self.token is not None else page.total,
            seen=self.seen + len(page.records),
            ended=page.token is None or not page.records,
        )

    def anew(self, data_timestamp: str) -> "WalkState":
        """The state from which a walk whose token died begins again."""
        since = self.reached if self.ordered and self.reached is not None else self.since
        still = self.still + 1 if since == self.since else 1
        return WalkState(since, None, data_timestamp=data_timestamp, still=still)


Take = Callable[[list[RawRecord], WalkState], None]


class Walk:
    """One walk of a registry. `take` keeps a page's records together with the state, in one transaction."""

    def __init__(self, registry: Registry, take: Take, *, listing: bool = False, trusted: bool = False) -> None:
        self._registry = registry
        self._take = take
        self._listing = listing
        self._trusted = trusted

    def go(self, state: WalkState, now: str) -> WalkState:
        """Walk to the end from a state; `now` is the registry's data timestamp.

        Raises AnswerUnsound where far fewer trials come than were promised, BodyTooLarge or RegistryFailed for a page
        that can't be had (the state then stands before it), and what ends a run.
        """
        if state.token is not None and state.data_timestamp != now:
            state = state.anew(now)
        state = msgspec.structs.replace(state, data_timestamp=now)
        while not state.ended:
            page = self._page(state)
            state = self._moved(state, page) if isinstance(page, Page) else page
        return state

    def _moved(self, state: WalkState, page: Page) -> WalkState:
        dates = [day for day in map(_updated, page.records) if day is not None]
        moved = state.after(page, dates)
        promised = moved.promised
        if moved.ended and not self._trusted and promised is not None and moved.seen < SHORT_SHARE * promised:
            reason = f"the registry promised {promised:,} trials and sent {moved.seen:,}"
            raise AnswerUnsound(reason, "run the same command again later")
        if state.token is None and not page.records and page.total is None and not self._trusted:
            reason = "the registry sent an empty page, and no word of how many trials there are"
            raise AnswerUnsound(reason, "run the same command again later")
        if page.token is not None and page.token == state.token:
            raise AnswerUnsound("the registry sent the same page token twice", "run the same command again later")
        self._take(page.records, moved)
        return moved

    def _page(self, state: WalkState) -> Page | WalkState:
        """The next page, or the state to begin anew from where the token died."""
        try:
            return self._registry.page(self.query(state), state.token, LARGEST_PAGE)
        except RequestRejected:
            if state.token is None:
                raise
            anew = state.anew(self._registry.version().data_timestamp)
            if anew.still > STILL:
                raise
            return anew

    def query(self, state: WalkState) -> dict[str, str]:
        """Parameters of the page after a state."""
        asked = _query(state.since, listing=self._listing)
        return asked if state.token is not None else {**asked, "countTotal": "true"}


def days_listed(registry: Registry, since: str | None) -> tuple[list[tuple[str, str]], bool]:
    """List (NCT id, day of its update) from a day on, past that day; and whether nothing follows."""
    found: list[tuple[str, str]] = []
    token = None
    while True:
        page = registry.page(_query(since, listing=True), token, LARGEST_PAGE)
        found += [(nct_id, raw.last_update_posted or "") for nct_id, raw in keyed(page.records)[0].items()]
        token = page.token
        if token is None or not page.records:
            return found, True
        if found and found[-1][1] > max(since or "", found[0][1]):
            return found, False


def _query(since: str | None, *, listing: bool) -> dict[str, str]:
    asked = {"sort": "LastUpdatePostDate:asc"}
    if since is not None:
        asked |= updated_since(since)
    return {**asked, "fields": FIELDS} if listing else asked


def updated_since(day: str) -> dict[str, str]:
    """The parameter that leaves what was updated on a day or later."""
    return {"filter.advanced": f"AREA[LastUpdatePostDate]RANGE[{day},MAX]"}


def is_of_the_page(error: BodyTooLarge | RegistryFailed) -> bool:
    """Whether it is a page that can't be had, and not the registry."""
    return isinstance(error, BodyTooLarge) or error.by_the_server


def _updated(raw: RawRecord) -> str | None:
    try:
        return raw.last_update_posted
    except RecordInvalid:
        return None
