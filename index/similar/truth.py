"""A truth table: which trials are like which, in the judgement of somebody else. Tab-separated, a candidate a line."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from crawler.errors import IdMalformed, UsageError
from crawler.ids import nct_id

COLUMNS = ("group", "query", "candidate", "gain")
MOST_GAIN = 100  # 2^gain is summed: a larger one would drown every other


@dataclass(eq=False)
class TruthForeign(UsageError):
    """A file that is no truth table."""

    path: str
    reason: str

    def __str__(self) -> str:
        return (
            f"{self.path}: {self.reason}. A truth table is tab-separated text with a line of the columns' names "
            f"({', '.join(COLUMNS)}), then a candidate a line."
        )


@dataclass(frozen=True)
class Truth:
    """One query: how like it each of its candidates is, by NCT id; 0 is not at all."""

    group: str
    nct_id: str
    gains: dict[str, float]

    @property
    def closed(self) -> bool:
        """Whether just the listed candidates are to be ranked, as they are where some are listed as unlike."""
        return 0 in self.gains.values()


def read_truth(path: str) -> list[Truth]:
    """Read the queries of a file, in its order; TruthForeign where it can't be read as a truth table.

    Of a candidate told twice the higher gain counts; a query as its own candidate is left out.
    """
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            gains = _gains(path, csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
        raise TruthForeign(path, f"it can't be read ({reason})") from None
    return [Truth(group, query, told) for (group, query), told in gains.items()]


def _gains(path: str, lines: Iterable[list[str]]) -> dict[tuple[str, str], dict[str, float]]:
    """Gains of the candidates of each (group, query)."""
    gains: dict[tuple[str, str], dict[str, float]] = {}
    for group, query, candidate, gain in _rows(path, lines):
        told = gains.setdefault((group, query), {})
        if candidate != query:
            told[candidate] = max(gain, told.get(candidate, 0.0))
    if not gains:
        raise TruthForeign(path, "it has the columns' names and nothing below them")
    return gains


def _rows(path: str, lines: Iterable[list[str]]) -> Iterator[tuple[str, str, str, float]]:
    numbered = ((number, line) for number, line in enumerate(lines, 1) if any(cell.strip() for cell in line))
    _, head = next(numbered, (0, None))
    if head is None:
        raise TruthForeign(path, "it is empty")
    names = _names(path, head)
    for number, line in numbered:
        if len(line) != len(names):
            raise TruthForeign(path, f"line {number} has {len(line)} of {len(names)} columns")
        cells = dict(zip(names, line, strict=True))
        try:
            yield cells["group"].strip(), nct_id(cells["query"]), nct_id(cells["candidate"]), _gain(cells["gain"])
        except (IdMalformed, ValueError) as error:
            raise TruthForeign(path, f"line {number}: {str(error).partition(';')[0]}") from None


def _names(path: str, head: list[str]) -> list[str]:
    names = [name.strip() for name in head]
    for name in names:
        if name not in COLUMNS:
            raise TruthForeign(path, f"it has a column {name!r}, which is unknown")
        if names.count(name) > 1:
            raise TruthForeign(path, f"it has the column {name!r} twice")
    for name in COLUMNS:
        if name not in names:
            raise TruthForeign(path, f"it lacks the column {name!r}")
    return names


def _gain(text: str) -> float:
    """Read a gain; ValueError with a sentence where it is none."""
    try:
        gain = float(text)
    except ValueError:
        gain = -1.0
    if not isfinite(gain) or not 0 <= gain <= MOST_GAIN:
        raise ValueError(f"the gain {text.strip()!r} is no number from 0 to {MOST_GAIN}")
    return gain
