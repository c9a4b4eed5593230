"""Held trials as people name them; a trial as JSON: normalised, or the stored record on one line."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from crawler.dates import last_day
from crawler.errors import RecordInvalid
from crawler.ids import nct_id
from crawler.normalise import normalise
from crawler.record import RawRecord
from crawler.store import Store
from crawler.trial import Trial
from crawler.versions import State, raw_of, state_as_of


@dataclass(frozen=True)
class Held:
    """A trial as it is held, the id that it was asked for by, the registry's timestamp of its record.

    `state` is the version where it was asked for as of a day.
    """

    trial: Trial
    asked: str
    data_timestamp: str | None
    state: State | None = None

    @property
    def other_name(self) -> str | None:
        """The id asked for, where the trial is held under another; else None."""
        return None if self.asked == self.trial.nct_id else self.asked


def find(store: Store, text: str, as_of: int | None = None) -> Held:
    """Return the trial that an id as typed names, as of the end of a day (YYYYMMDD) where one is given.

    IdMalformed, TrialUnknown, VersionUnknown, or RecordInvalid with the next step.
    """
    asked = nct_id(text)
    ident = store.resolve(asked)
    try:
        if as_of is None:
            return Held(store.trial(ident), asked, store.timestamp_of(ident))
        state = state_as_of(store, ident, as_of)
        trial = msgspec.structs.replace(normalise(raw_of(store, state.version)), gone=_gone(store, ident, as_of))
        return Held(trial, asked, state.version.data_timestamp, state)
    except RecordInvalid as error:
        raise RecordInvalid(
            f"{ident}: its record breaks the registry's rules ({error.reason}); see it: `trialkin show {ident} --raw`"
        ) from None


def _gone(store: Store, ident: str, as_of: int) -> str | None:
    """Day since which a trial was gone, where it was so by then."""
    gone, _ = store.fate(ident)
    return gone if gone is not None and last_day(gone) <= as_of else None


def find_raw(store: Store, text: str, as_of: int | None = None) -> RawRecord:
    """Return the record of the trial that an id as typed names, as of the end of a day where one is given."""
    ident = store.resolve(nct_id(text))
    return store.raw(ident) if as_of is None else raw_of(store, state_as_of(store, ident, as_of).version)


def oldest(timestamps: Iterable[str | None]) -> str | None:
    """Return the timestamp that holds for all; None where one of them is of a file."""
    known = list(timestamps)
    return None if None in known else min(filter(None, known), default=None)


def shown(held: Held) -> dict[str, Any]:
    """Return the Trial as JSON types; with `asked` where that was another id, with what tells of a past state."""
    told: dict[str, Any] = msgspec.to_builtins(held.trial)
    told["data_timestamp"] = held.data_timestamp
    if held.other_name is not None:
        told["asked"] = held.asked
    if held.state is not None:
        state = held.state
        told |= {"version": state.place, "since": state.since, "seen_at": state.version.seen_at}
    return told


def one_line(body: bytes) -> bytes:
    """Return a record's JSON on one line with a newline; what is no JSON comes with its line ends as spaces."""
    try:
        return msgspec.json.format(body, indent=-1) + b"\n"
    except msgspec.DecodeError:
        return b" ".join(body.splitlines()) + b"\n"
