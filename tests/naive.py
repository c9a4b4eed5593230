"""Cosines of the sample's trials by the definition, text by text: what the vectors have to agree with."""

from collections import Counter
from collections.abc import Sequence
from math import log, sqrt

import numpy as np
from numpy.typing import NDArray

from crawler.normalise import normalise
from crawler.record import RawRecord
from index.analysis import terms
from index.document import Document, document
from index.schema import TEXT_FIELDS
from index.similar.function_words import FUNCTION_TERMS
from index.similar.groups import GROUPS
from tests.conftest import SAMPLE


def sample_documents() -> list[Document]:
    records = [RawRecord(line) for line in SAMPLE.read_bytes().splitlines()]
    return [document(normalise(record), record) for record in records]


DOCUMENTS = sample_documents()


def naive_scores(documents: Sequence[Document]) -> NDArray[np.float64]:
    """Scores of all pairs: the weighted sums of the groups' cosines."""
    scores: NDArray[np.float64] = sum(
        (group.weight * naive_cosines(group.pieces, documents) for group in GROUPS),
        np.zeros((len(documents), len(documents))),
    )
    return scores


def naive_cosines(pieces: tuple[str, ...], documents: Sequence[Document] = DOCUMENTS) -> NDArray[np.float64]:
    """Cosines of all pairs over the terms of some fields, (1 + ln tf) * ln((1 + N) / (1/2 + n)), text by text.

    Function words are left out.
    """
    rows = [
        Counter(
            term
            for number, text in each.texts
            if TEXT_FIELDS[number].piece in pieces
            for term in terms(text)
            if term not in FUNCTION_TERMS
        )
        for each in documents
    ]
    having = Counter(term for row in rows for term in row)
    weighted = [
        {term: (1 + log(count)) * log((1 + len(rows)) / (0.5 + having[term])) for term, count in row.items()}
        for row in rows
    ]
    lengths = [sqrt(sum(weight**2 for weight in row.values())) or 1.0 for row in weighted]
    units = [
        {term: weight / length for term, weight in row.items()} for row, length in zip(weighted, lengths, strict=True)
    ]
    return np.array(
        [[sum(weight * two.get(term, 0.0) for term, weight in one.items()) for two in units] for one in units]
    )
