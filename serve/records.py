"""A held trial as JSON: normalised, or the stored record on one line."""

from typing import Any

import msgspec

from crawler.trial import Trial


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
