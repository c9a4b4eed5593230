"""Lists and long texts of several trials for people: what all have, what some have alike, what each has alone."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby

from crawler.points import folded, words
from index.compare import Part, Row
from serve.reads import NOTHING, said
from serve.wrapped import BOLD, DIM, PLAIN, Line, Span, beside, hung, indented, wrap

GAP = 2
MARK = 4  # cells before a sentence
NARROWEST = 34  # cells; narrower columns give way to one sentence a line


class Sentences:
    """Layout of the items or sentences of trials that are called by letters."""

    def __init__(self, letters: str, width: int, clean: Callable[[str], str]) -> None:
        self._letters = letters
        self._width = width
        self._clean = clean
        self._column = (width - MARK - GAP * (len(letters) - 1)) // len(letters)
        self._in_columns = self._column >= NARROWEST

    @property
    def all(self) -> str:
        """What all the trials are called together."""
        return "both" if len(self._letters) == 2 else "all"  # noqa: PLR2004 - a pair

    def tally(self, parts: Sequence[Part]) -> str:
        """Count the parts by who has them."""
        holders = [_holders(part) for part in parts]
        counts = [(sum(part.same for part in parts), f"the same in {self.all}")]
        counts.append(
            (sum(len(held) > 1 and not part.same for held, part in zip(holders, parts, strict=True)), "alike")
        )
        counts += [(holders.count([number]), f"only in {letter}") for number, letter in enumerate(self._letters)]
        return ", ".join(f"{count} {what}" for count, what in counts if count)

    def lines(self, row: Row) -> Iterator[Line]:
        """Lay out a field's parts, those of each section together."""
        for section, within in groupby(row.parts or [], key=lambda part: part.section):
            parts = list(within)
            if section is not None:
                yield [Span(f"  {section}", BOLD)]
            for part in parts:
                if part.same:
                    yield from hung(Span("  = ", DIM), self._wrapped([Span(self._text(row, part, 0), DIM)]))
            for part in parts:
                if not part.same and len(_holders(part)) > 1:
                    yield from self._alike(row, part)
            yield from self._alone(row, [part for part in parts if len(_holders(part)) == 1])

    def _text(self, row: Row, part: Part, number: int, *, whole: bool = False) -> str:
        return self._clean(said(row.field, part.values[number], whole=whole))

    def _wrapped(self, spans: Iterable[Span]) -> list[Line]:
        return wrap(spans, self._width - MARK)

    # -- what several have -----------------------------------------------------------------------------------------

    def _alike(self, row: Row, part: Part) -> Iterator[Line]:
        """Show the forms of one item, the words in bold that not all forms have."""
        texts = self._forms(row, part)
        common = frozenset.intersection(*map(words, texts.values()))
        forms: dict[str, list[int]] = {}
        for number, text in texts.items():
            forms.setdefault(folded(text), []).append(number)
        if self._in_columns:
            cells = [[Span(NOTHING, DIM)] for _ in self._letters]
            for first, *others in forms.values():
                cells[first] = _marked(texts[first], common)
                for number in others:
                    cells[number] = [Span(f"as {self._letters[first]}", DIM)]
            yield from hung(Span("  ≈ ", BOLD), beside([wrap(cell, self._column) for cell in cells], self._column, GAP))
            return
        for mark, numbers in zip(("≈", *"│" * len(forms)), forms.values(), strict=False):
            yield from self._lettered(numbers, _marked(texts[numbers[0]], common), mark)

    def _forms(self, row: Row, part: Part) -> dict[int, str]:
        """Give each holder's text, at such length that it shows what differs."""
        held = _holders(part)
        texts = {number: self._text(row, part, number) for number in held}
        if len(set(map(folded, texts.values()))) == 1 and len(held) == len(self._letters):
            return {number: self._text(row, part, number, whole=True) for number in held}
        return texts

    def _lettered(self, numbers: Sequence[int], spans: Sequence[Span], mark: str = " ") -> Iterator[Line]:
        """Show a text behind the letters of its trials; `│` stands before further forms of what `≈` began."""
        letters = "".join(self._letters[number] for number in numbers)
        room = MARK + len(self._letters) + 1
        shown = hung(Span(f"{letters}".ljust(room - MARK), BOLD), wrap(spans, self._width - room))
        for place, line in enumerate(shown):
            yield [Span(f"  {mark if not place else ' ' if mark == ' ' else '│'} ", BOLD), *line]

    # -- what each has alone ---------------------------------------------------------------------------------------

    def _alone(self, row: Row, parts: Sequence[Part]) -> Iterator[Line]:
        """Show what one trial has: in columns, or one below the other where that takes fewer lines."""
        columns: list[list[Line]] = [[] for _ in self._letters]
        below: list[Line] = []
        for part in sorted(parts, key=_holders):
            (number,) = _holders(part)
            text = [Span(self._text(row, part, number))]
            columns[number] += hung(Span("• ", BOLD), wrap(text, self._column - 2))
            below += self._lettered([number], text)
        in_columns = list(indented(beside(columns, self._column, GAP), MARK))
        yield from in_columns if self._in_columns and len(in_columns) <= len(below) else below


def _holders(part: Part) -> list[int]:
    return [number for number, value in enumerate(part.values) if value is not None]


def _marked(text: str, common: frozenset[str]) -> Line:
    """Set a text's words that stand not in common in bold."""
    spans = []
    for word in text.split():
        style = PLAIN if words(word) <= common else BOLD
        spans += [Span(" "), Span(word, style)]
    return spans[1:]
