"""Which fields a tantivy index has, and the document that an entry becomes.

Texts stand twice: all of a trial's in one field, which decides what bare words find, and each in the field of its
piece, for areas, single pieces and scores. Values are numbers, for those are counted faster than strings.
"""

from collections.abc import Iterable
from typing import Any

import msgspec
from tantivy import Document, Schema, SchemaBuilder

from crawler.ids import number_of
from index.engines.base import Entry
from index.schema import AREAS, BASIC, DATES, FILTERED, PIECES, pieces_of

NUMBER, CARD, EVERYWHERE = "number", "card", "everywhere"
ENROLLMENT, YOUNGEST, OLDEST = "enrollment", "youngest", "oldest"
NO_CODE, NO_DAY, NO_ENROLLMENT = 0, 0, -1  # of a trial that names none

_encode_card = msgspec.msgpack.Encoder().encode


def _weighted(area: str) -> list[tuple[str, float]]:
    return [(PIECES[number], weight) for number, weight in pieces_of(area).items()]


# Fields that a search area or a single piece looks in; those that score it, with their weights (a piece is scored as
# in Basic).
SEARCHED = {
    **{area: [name for name, _ in _weighted(area)] for area in AREAS},
    BASIC: [EVERYWHERE],
    **{piece: [piece] for piece in PIECES},
}
SCORED = {place: _weighted(place if place in AREAS else BASIC) for place in SEARCHED}


def schema() -> Schema:
    """Make the schema."""
    builder = SchemaBuilder()
    builder.add_integer_field(NUMBER, indexed=True, fast=True)
    builder.add_bytes_field(CARD, stored=True)
    for name in (EVERYWHERE, *PIECES):
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="position")
    for key in FILTERED:
        builder.add_integer_field(key, indexed=True, fast=True)
    for key in (*DATES, ENROLLMENT):
        builder.add_integer_field(key, fast=True)
    for key in (YOUNGEST, OLDEST):
        builder.add_float_field(key, fast=True)
    return builder.build()


def number_of_code(code: int) -> int:
    """Number that an index holds for a code of the columns."""
    return code + 1


def document(entry: Entry, padding: Iterable[tuple[str, str]], made_for: Schema) -> Document:
    """Make the document of an entry; `padding` has (field, text) for fields in which it has no word.

    Each text is a value of its own: tantivy leaves a gap between values, so that no phrase runs across them.
    """
    held = entry.document
    youngest, oldest = held.ages
    fields: dict[str, Any] = {
        NUMBER: number_of(held.nct_id),
        CARD: _encode_card(held.card),
        EVERYWHERE: [text for _, texts in entry.texts for text in texts],
        **held.days,
        ENROLLMENT: NO_ENROLLMENT if held.enrollment is None else held.enrollment,
        YOUNGEST: float(youngest or 0),
        OLDEST: float("inf") if oldest is None else float(oldest),
        **{PIECES[number]: texts for number, texts in entry.texts},
        **{field: [text] for field, text in padding},
    }
    for key, codes in entry.codes.items():
        fields[key] = [number_of_code(code) for code in codes] or [NO_CODE]
    return Document.from_dict(fields, made_for)
