"""A comparison for people: a column a trial, what differs marked, what is the same told once.

`=` stands before what is the same in all, `≠` before a field that differs, `≈` before an item or sentence of which
several have a form. Where columns would be too narrow for sentences, each has its own line and its trials' letters.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from index.compare import Row, compare
from serve.reads import NOTHING, said
from serve.records import Held, oldest
from serve.side_parts import Sentences
from serve.wrapped import BOLD, DIM, PLAIN, Line, Span, beside, hung, indented, wrap

LETTERS = "ABCDE"  # a trial's name within the table
GAP = 2
LABEL = 26  # cells for a field's name before its values
NARROWEST_VALUE = 18  # a narrower column stands below its field's name instead of behind it
NARROWEST, WIDEST = 60, 200

# A field whose value stands in brackets behind another's, and in no row of its own.
_BEHIND = {
    "enrollment": "enrollment_type",
    "start_date": "start_date_type",
    "primary_completion_date": "primary_completion_date_type",
    "completion_date": "completion_date_type",
}
_UNTOLD = {"brief_title", *_BEHIND.values(), "minimum_age_years", "maximum_age_years"}  # told elsewhere
_COUNTED = {"locations": "site", "references": "paper"}
_LONG = {
    "interventions", "arms", "primary_outcomes", "secondary_outcomes", "other_outcomes", "eligibility_criteria",
    "study_population", "brief_summary", "detailed_description",
}  # fmt: skip


class Side(msgspec.Struct, frozen=True, omit_defaults=True):
    """A trial that is compared: with `asked` where that was another name of it, `gone` where its record is."""

    nct_id: str
    title: str
    data_timestamp: str | None
    asked: str | None = None
    gone: str | None = None

    @property
    def note(self) -> str:
        """What to know of it beside its title."""
        asked = f"(asked for as {self.asked}) " if self.asked else ""
        return f"{asked}(gone from the registry since {self.gone})" if self.gone else asked


class SideBySide(msgspec.Struct, frozen=True):
    """`compare`'s answer."""

    trials: list[Side]
    rows: list[Row]
    data_timestamp: str | None


def compared(held: Sequence[Held]) -> SideBySide:
    """Compare held trials; CountWrong or TrialTwice where they can't stand side by side."""
    sides = [
        Side(one.trial.nct_id, one.trial.title, one.data_timestamp, one.other_name, one.trial.gone) for one in held
    ]
    rows = compare([one.trial for one in held]).rows
    return SideBySide(sides, rows, oldest(side.data_timestamp for side in sides))


def lines(answer: SideBySide, width: int, clean: Callable[[str], str]) -> list[Line]:
    """Lay an answer out in lines of `width` cells; `clean` takes out of foreign text what steers a terminal."""
    table = _Table(len(answer.trials), min(max(width, NARROWEST), WIDEST), clean)
    return [*table.head(answer.trials), *table.body(answer.rows)]


class _Table:
    """Layout of so many trials in so many cells."""

    def __init__(self, trials: int, width: int, clean: Callable[[str], str]) -> None:
        self._trials = trials
        self._width = width
        self._clean = clean
        behind = (width - LABEL - GAP * (trials - 1)) // trials
        self._below = behind < NARROWEST_VALUE
        self._indent = 2 if self._below else LABEL
        self._column = (width - 2 - GAP * (trials - 1)) // trials if self._below else behind
        self._sentences = Sentences(LETTERS[:trials], width, clean)

    def head(self, columns: Sequence[Side]) -> Iterator[Line]:
        """Name the trials, then head the columns."""
        for letter, column in zip(LETTERS, columns, strict=False):
            title = [Span(column.nct_id, BOLD), Span(f" {self._clean(column.title)}"), Span(f" {column.note}", DIM)]
            yield from hung(Span(f"{letter}  ", BOLD), wrap(title, self._width - 3))
        yield []
        names = [[[Span(f"{letter} {one.nct_id}", BOLD)]] for letter, one in zip(LETTERS, columns, strict=False)]
        yield from indented(beside(names, self._column, GAP), self._indent)

    def body(self, rows: Sequence[Row]) -> Iterator[Line]:
        """Lay out every field that a trial has, short ones first, then count."""
        by_name = {row.field: row for row in rows}
        told = [row for row in rows if row.field not in _UNTOLD and any(map(_given, row.values))]
        for row in told:
            if row.field not in _LONG:
                yield from self._short(row, by_name.get(_BEHIND.get(row.field, "")))
        for row in told:
            if row.field in _LONG:
                yield []
                mark, name = self._label(row, same=row.same)
                tally = Span(f": {self._sentences.tally(row.parts or [])}", DIM)
                yield from hung(mark, wrap([name, tally], self._width - 2))
                yield from self._sentences.lines(row)
        same = sum(row.same for row in told)
        yield []
        yield [Span(f"{len(told) - same} of {len(told)} fields differ.", BOLD)]
        yield [Span("= the same in all   ≠ differs   ≈ forms of one item or sentence", DIM)]
        yield [Span("Left out: fields that none has, and how outcomes are described (see --json).", DIM)]

    def _short(self, row: Row, behind: Row | None) -> Iterator[Line]:
        """Show a field whose values are short: one cell for all where they are the same."""
        same = row.same and (behind is None or behind.same)
        if same:
            cells = [[Span(self._text(row, 0, behind), DIM)]]
        elif row.parts is None or row.field in _COUNTED:
            cells = [[Span(self._text(row, number, behind), BOLD)] for number in range(self._trials)]
        else:
            cells = [self._items(row, number) for number in range(self._trials)]
        room = self._width - self._indent if same else self._column
        shown = beside([wrap(cell, room) for cell in cells], room, GAP)
        label = self._label(row, same=same)
        if self._below:
            yield label
            yield from indented(shown, self._indent)
        else:
            missing = LABEL - sum(len(span.text) for span in label)
            yield [*label, Span(" " * missing), *(shown[0] if shown else [])]
            yield from indented(shown[1:], LABEL)

    @staticmethod
    def _label(row: Row, *, same: bool) -> Line:
        name = row.field.replace("_", " ")
        return [Span("= ", DIM), Span(name, DIM)] if same else [Span("≠ ", BOLD), Span(name, PLAIN)]

    def _text(self, row: Row, number: int, behind: Row | None) -> str:
        """A trial's value as text."""
        value = row.values[number]
        if not _given(value):
            return NOTHING
        if row.field in _COUNTED:
            return self._count(row, len(value))
        if row.parts is not None:
            return self._clean("; ".join(said(row.field, item) for item in value))
        note = None if behind is None else behind.values[number]
        return self._clean(f"{said(row.field, value)} ({note})" if note else said(row.field, value))

    def _count(self, row: Row, held: int) -> str:
        told = f"{held:,} {_COUNTED[row.field]}{'' if held == 1 else 's'}"
        shared = sum(part.same for part in row.parts or [])
        return told if row.same or not shared else f"{told}, {shared:,} in {self._sentences.all}"

    def _items(self, row: Row, number: int) -> Line:
        """A trial's short list: first what all have, then what others have not."""
        held = [part for part in row.parts or [] if part.values[number] is not None]
        held.sort(key=lambda part: not part.same)
        spans = [Span(self._clean(said(row.field, p.values[number])), DIM if p.same else BOLD) for p in held]
        parted = [Span(f"{span.text}; ", span.style) for span in spans[:-1]]
        return [*parted, *spans[-1:]] or [Span(NOTHING)]


def _given(value: Any) -> bool:  # noqa: ANN401 - any field's value
    return value is not None and (not isinstance(value, list | tuple) or len(value) > 0)
