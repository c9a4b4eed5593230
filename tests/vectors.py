"""Vectors of a few documents, written and read for a test."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.analysis import stem
from index.document import Document
from index.inverted import InvertedFile, Inverter
from index.schema import NUMBER_OF_PIECE
from index.similar.groups import GROUPS
from index.similar.matrix import Matrix
from index.similar.traits import traits
from index.similar.vectors import VectorWriter
from tests.naive import DOCUMENTS


def titled(number: int, title: str) -> Document:
    """Make a trial that has a title and no other text."""
    return replace(
        DOCUMENTS[0],
        nct_id=f"NCT{number:08d}",
        texts=[(NUMBER_OF_PIECE["BriefTitle"], title)],
        values={"phase": ()},
        enrollment=None,
        arms=0,
        ages=(None, None),
    )


def numbers(documents: Sequence[Document]) -> NDArray[np.int64]:
    """NCT ids' numbers."""
    return np.array([int(each.nct_id[3:]) for each in documents], np.int64)


def inverted(documents: Sequence[Document]) -> InvertedFile:
    """One batch."""
    inverter = Inverter()
    for each in documents:
        inverter.add(each)
    return inverter.finish()


def write(folder: Path, *batches: Sequence[Document], previous: Path | None = None) -> Path:
    """Write vectors of some batches, or bring those of a folder up to date with them."""
    writer = VectorWriter(folder, previous)
    for batch in batches:
        writer.add(inverted(batch), numbers(batch), [traits(each) for each in batch])
    writer.finish()
    return folder


def read(folder: Path, documents: Sequence[Document]) -> Matrix:
    """Open the vectors of the documents that the columns have."""
    return Matrix(folder, numbers(documents))


def weights(matrix: Matrix, row: int) -> dict[tuple[str, str], float]:
    """Weight of each (term, group) of a row."""
    found = matrix.row(row)
    return {
        (stem(matrix.surface(column // len(GROUPS))), GROUPS[column % len(GROUPS)].name): weight
        for column, weight in zip(found.columns.tolist(), found.weights.tolist(), strict=True)
    }
