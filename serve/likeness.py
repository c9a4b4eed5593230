"""Pure: `similar`'s answer → lines for a terminal: a hit's title, and under it its reasons in two lines."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from index.likeness import SimilarTrial
from index.similar.facts import RECRUITING, Fact
from index.similar.reasons import Why
from serve.drafts import called
from serve.neighbours import SimilarAnswer
from serve.wrapped import BOLD, DIM, PLAIN, Line, Span, cells, hung, indented, width_of, wrap

BAR = "cyan"
BAR_CELLS = 6  # of all parts of a score together, with at least one for each
BETWEEN, BESIDE = "  ", " · "
SHOWN_WORDS = 6
SHOWN_VALUES = 2
_INDENT = 5
# What is told first of what both have; what most trials have is left to --json.
_TELLING = ("intervention", "intervention_class", "condition", "phase", "sponsor", "ages", "masking", "country")
_OF_ASPECT = {
    "condition": ("condition",),
    "intervention": ("intervention", "intervention_class"),
    "design": ("phase", "allocation", "masking", "primary_purpose", "study_type"),
    "eligibility": ("ages",),
    "outcomes": (),
    "sponsor": ("sponsor",),
}  # facts that an aspect is about
Clean = Callable[[str], str]


def lines(answer: SimilarAnswer, width: int, clean: Clean) -> Iterator[Line]:
    """Write an answer in lines of at most so many cells; `clean` takes out what steers a terminal."""
    yield from wrap([Span(clean(_headline(answer)), BOLD)], width)
    if answer.note is not None:
        yield from wrap([Span(clean(answer.note), DIM)], width)
    for place, hit in enumerate(answer.hits, 1):
        yield []
        title = [Span(hit.nct_id, BOLD), Span(f"  {clean(hit.title)}")]
        yield from hung(Span(f"{place:>3}  ", BOLD), wrap(title, width - _INDENT))
        yield from indented(_reasons(answer, hit, width - _INDENT, clean), _INDENT)


def _headline(answer: SimilarAnswer) -> str:
    if answer.nct_ids is None:
        told = f"Trials most like {answer.nct_id if answer.text is None else called(answer.text)}"
    else:
        told = f"Trials like all of {', '.join(answer.nct_ids)}"
    day = "" if answer.as_of is None else f" as of {answer.as_of}"
    by = "" if answer.by is None else f", by {answer.by}"
    unlike = "" if answer.unlike is None else f", unlike in {answer.unlike}"
    return told + day + by + unlike + (", diverse: what resembles a better hit stands back" if answer.diverse else "")


def _reasons(answer: SimilarAnswer, hit: SimilarTrial, width: int, clean: Clean) -> Iterator[Line]:
    if hit.why is None:
        yield [Span(f"{hit.score:.3f}")]
        return
    yield from _rows(_bars(hit.score, hit.why), width)
    yield _second(answer, hit.why, width, clean)


def _bars(score: float, why: Why) -> Iterator[Line]:
    """The score and its parts, largest first."""
    yield [Span(f"{score:.3f}")]
    parts = sorted(((part, name) for name, part in why.fields.items() if part > 0), reverse=True)
    for part, name in parts:
        bar = "▇" * max(1, round(BAR_CELLS * part / score))
        yield [Span(f"{name} "), Span(bar, BAR), Span(f" {part:.3f}".replace(" 0.", " ."))]


def _rows(items: Iterable[Line], width: int) -> Iterator[Line]:
    """Put items beside each other, each of them whole."""
    row: Line = []
    for item in items:
        if row and width_of(row) + len(BETWEEN) + width_of(item) > width:
            yield row
            row = []
        row = [*row, *([Span(BETWEEN)] if row else []), *item]
    yield row


def _second(answer: SimilarAnswer, why: Why, width: int, clean: Clean) -> Line:
    """Shared words, then as many facts as there is room for."""
    words = list(dict.fromkeys(clean(term.term) for term in why.terms))[:SHOWN_WORDS]
    line = [Span(_fitting(words, ", ", width // 2), DIM)] if words else []
    told = False
    for text in telling(answer, why.facts):
        room = width - width_of(line) - len(BESIDE)
        shown = clean(text) if told else _cut(clean(text), room)
        if cells(shown) <= room:
            line += [Span(BESIDE if line else ""), Span(shown, PLAIN)]
            told = True
    return line


def _cut(text: str, room: int) -> str:
    """A text in so many cells."""
    if cells(text) <= room:
        return text
    return text[: max(0, room - 1)].rstrip(" ,;:") + "…"


def _fitting(words: Iterable[str], between: str, width: int) -> str:
    """As many words as there is room for, the first in any case."""
    told = ""
    for word in words:
        longer = f"{told}{between}{word}" if told else word
        if told and cells(longer) > width:
            break
        told = longer
    return told


def telling(answer: SimilarAnswer, facts: Iterable[Fact]) -> Iterator[str]:
    """The most telling facts first: links, what has to differ, what both have, whether it recruits."""
    by_kind: dict[str, list[Fact]] = {}
    for fact in facts:
        by_kind.setdefault(fact.kind, []).append(fact)
    yield from (fact.text for fact in by_kind.get("link", ()))
    for kind in _OF_ASPECT.get(answer.unlike or "", ()):
        other = "other" if kind == "ages" else "another"
        yield from (f"{other} {_named(kind)}: {_some(fact.hit)}" for fact in by_kind.get(kind, ()) if _other(fact))
    first = _OF_ASPECT.get(answer.by or "", ())
    for kind in (*first, *(kind for kind in _TELLING if kind not in first)):
        yield from (f"{_named(kind)}: {_some(fact.both)}" for fact in by_kind.get(kind, ()) if fact.both)
    yield from (fact.hit[0] for fact in by_kind.get("status", ()) if fact.hit and fact.hit[0] in RECRUITING)


def _other(fact: Fact) -> bool:
    """Whether a hit has something else than what was asked about."""
    return bool(fact.hit) and not fact.both


def _some(values: Sequence[str]) -> str:
    """The first two of some values."""
    return ", ".join(values[:SHOWN_VALUES]) + ("…" if len(values) > SHOWN_VALUES else "")


def _named(kind: str) -> str:
    return kind.replace("_", " ")
