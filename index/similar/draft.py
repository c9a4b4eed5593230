"""A document that no index has → its vector by a generation's frozen statistics; nothing is written.

Terms that the generation never saw count for nothing, neither in the products nor in the length.
"""

from pathlib import Path

import numpy as np

from index.document import Document
from index.inverted import Inverter
from index.kinds import FREQUENCY_KINDS
from index.mapped import Folder, read_arrays
from index.similar.contents import FREQUENCY, VOCABULARY, Contents
from index.similar.groups import GROUPS
from index.similar.keys import halved
from index.similar.matrix import Row
from index.similar.traits import GROUP as TRAITS
from index.similar.traits import traits
from index.similar.vocabulary import numbers_of
from index.similar.weights import Counts, Statistics, counted, weighed


def draft(folder: Path | Folder, document: Document) -> Row:
    """Vector of a document by the vectors in a folder: what a build would make of it, where all its terms are known."""
    inverter = Inverter()
    inverter.add(document)
    inverted = inverter.finish()
    counts = counted(inverted)
    groups = len(GROUPS)
    had = traits(document)
    words = [*(inverted.terms[term] for term in (counts.column // groups).tolist()), *had]
    group = np.append(counts.column % groups, np.full(len(had), TRAITS))
    count = np.append(counts.count, np.ones(len(had), np.int32))
    numbers, vocabulary = numbers_of(folder / VOCABULARY, set(words))
    known = np.array([word in numbers for word in words], np.bool_)
    term = np.array([numbers[word] for word in words if word in numbers], np.int32)
    column = (term * groups + group[known]).astype(np.int32)
    order = np.argsort(column)
    made = Counts(column[order], np.zeros(column.size, np.int32), count[known][order])
    statistics = Statistics(Contents.read(folder).rows, read_arrays(folder / FREQUENCY, FREQUENCY_KINDS)["rows"])
    weights = weighed(made, 1, statistics.scale(vocabulary * groups))
    return Row(made.column, halved(weights).astype(np.float64))
