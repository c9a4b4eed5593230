"""What happened to trials, for people: versions with each field as it was and as it is, events with their reasons."""

from collections.abc import Callable, Iterator
from typing import Any

from crawler.changes import Change, named
from crawler.events import Event, VersionTold
from serve.reads import NOTHING, said
from serve.wrapped import BOLD, DIM, Line, Span, hung, wrap

MOST_ITEMS = 5  # of one side of a list; how many more there are is said
MOST_CHARACTERS = 200  # of one value
INDENT = 4

Clean = Callable[[str], str]


def version_lines(told: VersionTold, width: int, clean: Clean) -> Iterator[Line]:
    """Lay out one version of a trial."""
    since = f" of {told.since}" if told.since else ""
    seen = f"  seen {told.seen_at}, {told.severity if told.fields else 'no difference'}"
    first = told.version == 1
    head = f"  seen {told.seen_at}" if first else seen
    yield [Span(f"version {told.version}{since}", BOLD), Span(head + ("  (held now)" if told.current else ""), DIM)]
    if told.problem is not None:
        yield [Span(f"{' ' * INDENT}{told.problem}")]
    yield from _field_lines(told.fields, width, clean)


def event_lines(event: Event, width: int, clean: Clean) -> Iterator[Line]:
    """Lay out something that happened to a trial."""
    yield [Span(f"{event.seen_at}  "), Span(f"{event.nct_id}  {event.kind}  {event.severity}", BOLD)]
    yield from _hung("", [Span(clean(event.title or ""), DIM)], width)
    for reason in event.reasons:
        yield from _hung("• ", [Span(clean(reason.text))], width)
    if event.kind == "changed":
        yield from _hung("", [Span(f"in {', '.join(named(event.fields))}", DIM)], width)


def _field_lines(fields: list[Change], width: int, clean: Clean) -> Iterator[Line]:
    for change in fields:
        name = change.field.replace("_", " ")
        if not isinstance(change.before, list) and not isinstance(change.after, list):
            values = (_value(change.field, value, clean) for value in (change.before, change.after))
            yield from _hung("", [Span(f"{name}: ", DIM), Span(" → ".join(values))], width)
            continue
        yield from _hung("", [Span(f"{name}:", DIM)], width)
        for mark, items in (("- ", change.before), ("+ ", change.after)):
            yield from _items(mark, change.field, items or [], width, clean)


def _items(mark: str, field: str, items: list[Any], width: int, clean: Clean) -> Iterator[Line]:
    for item in items[:MOST_ITEMS]:
        yield from _hung(f"  {mark}", [Span(_value(field, item, clean))], width)
    if len(items) > MOST_ITEMS:
        yield from _hung(f"  {mark}", [Span(f"… and {len(items) - MOST_ITEMS} more (all with --json)", DIM)], width)


def _value(field: str, value: Any, clean: Clean) -> str:  # noqa: ANN401 - any field's value
    """Return a value as text; sentences of a description stand behind what is described."""
    behind = ""
    if isinstance(value, dict):
        sentences = value.get("description") or []
        behind = f": {' '.join(sentences)}" if sentences else ""
        value = {**value, "description": None}
    text = clean(said(field, value) + behind) or NOTHING
    return text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 1]}…"


def _hung(mark: str, text: Line, width: int) -> Iterator[Line]:
    head = Span(" " * INDENT + mark)
    return hung(head, wrap(text, width - len(head.text)))
