"""Likeness of the sample's trials by the definition, text by text: what the vectors have to agree with."""

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
from index.similar.groups import GROUPS, Group
from tests.conftest import SAMPLE


def sample_documents() -> list[Document]:
    records = [RawRecord(line) for line in SAMPLE.read_bytes().splitlines()]
    return [document(normalise(record), record) for record in records]


DOCUMENTS = sample_documents()


def naive_scores(documents: Sequence[Document]) -> NDArray[np.float64]:
    """Scores of all pairs: the weighted sums of the groups' products."""
    scores: NDArray[np.float64] = sum(
        (group.weight * naive_products(group, documents) for group in GROUPS),
        np.zeros((len(documents), len(documents))),
    )
    return scores


def naive_products(group: Group, documents: Sequence[Document] = DOCUMENTS) -> NDArray[np.float64]:
    """Products of all pairs over the terms of some fields, (1 + ln tf) * ln((1 + N) / (1/2 + n)), text by text.

    Each divided by half its vector's length and half a typical one's. Function words are left out.
    """
    rows = [
        Counter(
            term
            for number, text in each.texts
            if TEXT_FIELDS[number].piece in group.pieces
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
    typical = group.typical * log(1 + len(rows))
    divisors = [(sqrt(sum(weight**2 for weight in row.values())) + typical) / 2 for row in weighted]
    units = [
        {term: weight / divisor for term, weight in row.items()}
        for row, divisor in zip(weighted, divisors, strict=True)
    ]
    return np.array(
        [[sum(weight * two.get(term, 0.0) for term, weight in one.items()) for two in units] for one in units]
    )
