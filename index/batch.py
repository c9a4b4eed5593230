"""Records → a batch of what an index is made of: everything that can be done a record at a time, in any process."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from crawler.normalise import normalise
from crawler.record import RawRecord
from index.document import Document, document
from index.inverted import InvertedFile, Inverter
from index.learning import Learner

Texts = list[tuple[int, list[str]]]  # field numbers, ascending, and their values as terms joined by spaces


@dataclass(frozen=True)
class Batch:
    """Some trials, in order of NCT id. `documents` are without their texts, whose terms are in `texts`."""

    documents: list[Document]
    texts: list[Texts]
    inverted: InvertedFile
    learner: Learner


def analysed(records: Sequence[RawRecord]) -> Batch:
    """Normalise, analyse and invert records, which must be readable ones."""
    inverter, learner = Inverter(), Learner()
    documents, texts = [], []
    for raw in records:
        trial = normalise(raw, unknown=False)
        made = document(trial, raw)
        learner.add(trial)
        texts.append(inverter.add(made))
        documents.append(replace(made, texts=[]))
    return Batch(documents, texts, inverter.finish(), learner)
