"""Answers as bytes for programs: JSON, CSV. Foreign text can't act in any of them."""

import csv
import io
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

_ACTIVE = ("=", "+", "-", "@", "\t", "\r")


def write_json(answer: object) -> None:
    """Write one JSON object and a newline to stdout, at once."""
    sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
    sys.stdout.buffer.flush()


def write_bytes(body: bytes) -> None:
    """Write bytes to stdout and nothing more."""
    sys.stdout.buffer.write(body)
    sys.stdout.buffer.flush()


def cell(value: Any) -> str:  # noqa: ANN401 - a cell takes anything
    """Return one CSV cell; what a spreadsheet would take for a formula is disarmed with an apostrophe."""
    if value is None:
        return ""
    text = "|".join(str(part) for part in value) if isinstance(value, list | tuple) else str(value)
    return f"'{text}" if text.startswith(_ACTIVE) and not isinstance(value, int | float) else text


def csv_text(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Make CSV with a header line; lists are joined with `|`."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([cell(value) for value in row] for row in rows)
    return buffer.getvalue()
