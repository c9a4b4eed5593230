"""Held trials as people name them; a trial as JSON: normalised, or the stored record on one line."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from crawler.errors import RecordInvalid
from crawler.ids import nct_id
from crawler.store import Store
from crawler.trial import Trial


@dataclass(frozen=True)
class Held:
    """A trial as it is held, the id that it was asked for by, the registry's timestamp of its record."""

    trial: Trial
    asked: str
    data_timestamp: str | None

    @property
    def other_name(self) -> str | None:
        """The id asked for, where the trial is held under another; else None."""
        return None if self.asked == self.trial.nct_id else self.asked


def find(store: Store, text: str) -> Held:
    """Return the trial that an id as typed names; IdMalformed, TrialUnknown, or RecordInvalid with the next step."""
    asked = nct_id(text)
    ident = store.resolve(asked)
    try:
        return Held(store.trial(ident), asked, store.timestamp_of(ident))
    except RecordInvalid as error:
        raise RecordInvalid(
            f"{ident}: its record breaks the registry's rules ({error.reason}); see it: `trialkin show {ident} --raw`"
        ) from None


def oldest(timestamps: Iterable[str | None]) -> str | None:
    """Return the timestamp that holds for all; None where one of them is of a file."""
    known = list(timestamps)
    return None if None in known else min(filter(None, known), default=None)


def shown(trial: Trial, asked: str, data_timestamp: str | None) -> dict[str, Any]:
    """Return the Trial as JSON types, with `asked` where it was asked for under another id."""
    told: dict[str, Any] = msgspec.to_builtins(trial)
    told["data_timestamp"] = data_timestamp
    if asked != trial.nct_id:
        told["asked"] = asked
    return told


def one_line(body: bytes) -> bytes:
    """Return a record's JSON on one line with a newline; what is no JSON comes with its line ends as spaces."""
    try:
        return msgspec.json.format(body, indent=-1) + b"\n"
    except msgspec.DecodeError:
        return b" ".join(body.splitlines()) + b"\n"
