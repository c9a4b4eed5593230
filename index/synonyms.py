"""Synonyms that were learned from the records (`index.learning`), read where an index keeps them.

A form (the terms of a name as the analyser makes them) leads to phrases to look for too.
"""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from index.kinds import SYNONYM_KINDS, SYNONYM_ROWS, SYNONYMS
from index.mapped import Folder, held, read_arrays
from index.schema import CONDITION, INTERVENTION

if TYPE_CHECKING:
    from index.inverted import Ints

Form: TypeAlias = tuple[str, ...]

AREAS = (CONDITION, INTERVENTION)


class Phrase(msgspec.Struct, frozen=True, array_like=True):
    """What to look for too, as people write it, and its terms."""

    text: str
    terms: Form


# For each area: form (its terms joined by spaces) → phrases, best borne out first.
Learned: TypeAlias = dict[str, dict[str, list[Phrase]]]


def phrases(learned: Learned) -> list[tuple[str, Form]]:
    """All phrases to look for, each once in its area, in an order that writer and reader share."""
    return list(
        dict.fromkeys(
            (area, phrase.terms) for area in AREAS for phrases in learned[area].values() for phrase in phrases
        )
    )


class Synonyms:
    """What was learned in one generation: opened at once, so that a reader keeps it, read when it is asked for."""

    def __init__(self, folder: Path | Folder) -> None:
        self._file = held(folder / SYNONYMS)
        self._arrays = read_arrays(folder / SYNONYM_ROWS, SYNONYM_KINDS)

    @cached_property
    def _learned(self) -> Learned:
        return msgspec.json.decode(self._file.read_bytes(), type=Learned)

    @cached_property
    def _tables(self) -> dict[str, dict[Form, list[Phrase]]]:
        return {
            area: {tuple(form.split(" ")): phrases for form, phrases in table.items()}
            for area, table in self._learned.items()
        }

    @cached_property
    def _numbers(self) -> dict[tuple[str, Form], int]:
        return {phrase: number for number, phrase in enumerate(phrases(self._learned))}

    def table(self, area: str) -> dict[Form, list[Phrase]]:
        """Forms → phrases to look for too, of the condition or the intervention area."""
        return self._tables[area]

    def rows(self, area: str, terms: Form) -> "Ints":
        """Rows, ascending, that a phrase of the table finds: looked up once, when the index was built."""
        number = self._numbers[area, terms]
        begin, end = self._arrays["begins"][number : number + 2].tolist()
        return self._arrays["rows"][begin:end]
