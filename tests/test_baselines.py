"""The baselines' rankings by the definitions, text by text, over the bundled sample."""

from collections import Counter
from math import log, sqrt

import numpy as np
import pytest

from index.analysis import terms
from index.schema import TEXT_FIELDS
from index.similar.baselines import Bagger, Bags
from index.similar.groups import GROUPS
from tests.naive import DOCUMENTS

PIECES = next(group.pieces for group in GROUPS if group.name == "text")
COUNTS = [
    Counter(term for number, text in each.texts if TEXT_FIELDS[number].piece in PIECES for term in terms(text))
    for each in DOCUMENTS
]
HAVING = Counter(term for counts in COUNTS for term in counts)
ROWS = len(DOCUMENTS)
EVERYBODY = np.ones(ROWS, np.bool_)


@pytest.fixture(scope="module")
def bags() -> Bags:
    bagger = Bagger()
    for row, each in enumerate(DOCUMENTS):
        bagger.add(row, each.texts)
    return bagger.finish(ROWS)


def ordered(scores: list[float]) -> list[int]:
    rounded = [round(score, 9) for score in scores]
    return sorted((row for row, score in enumerate(rounded) if score > 0), key=lambda row: (-rounded[row], row))


def weights(counts: Counter[str]) -> dict[str, float]:
    told = {term: (1 + log(count)) * log((1 + ROWS) / (0.5 + HAVING[term])) for term, count in counts.items()}
    length = sqrt(sum(weight**2 for weight in told.values())) or 1.0
    return {term: weight / length for term, weight in told.items()}


@pytest.mark.parametrize("row", [0, 7, 23])
def test_tfidf_is_the_cosine_of_all_words(bags: Bags, row: int) -> None:
    mine = weights(COUNTS[row])
    cosines = [sum(weight * mine.get(term, 0.0) for term, weight in weights(theirs).items()) for theirs in COUNTS]
    assert bags.tfidf(row, EVERYBODY) == ordered(cosines)
    assert bags.tfidf(row, EVERYBODY)[0] == row


@pytest.mark.parametrize("row", [0, 7, 23])
def test_bm25_asks_for_all_words_as_often_as_they_stand(bags: Bags, row: int) -> None:
    mean = sum(sum(counts.values()) for counts in COUNTS) / ROWS

    def score(counts: Counter[str]) -> float:
        norm = 1.2 * (0.25 + 0.75 * sum(counts.values()) / mean)
        return sum(
            asked
            * log(1 + (ROWS - HAVING[term] + 0.5) / (HAVING[term] + 0.5))
            * 2.2
            * counts[term]
            / (counts[term] + norm)
            for term, asked in COUNTS[row].items()
        )

    assert bags.bm25(row, EVERYBODY) == ordered([score(counts) for counts in COUNTS])


def test_only_allowed_rows_are_ranked(bags: Bags) -> None:
    allowed = np.zeros(ROWS, np.bool_)
    allowed[[3, 9, 12]] = True
    assert sorted(bags.bm25(0, allowed)) == [3, 9, 12]
    assert sorted(bags.tfidf(0, allowed)) == [3, 9, 12]


def test_no_trials_and_trials_without_text_are_fine() -> None:
    assert Bagger().finish(0).tfidf(0, np.zeros(0, np.bool_)) == []
    bagger = Bagger()
    bagger.add(1, [(0, "an id that is no text")])
    assert bagger.finish(2).bm25(1, np.ones(2, np.bool_)) == []
