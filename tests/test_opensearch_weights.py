"""Words' scores as a cluster keeps them: the same statistics by batches as whole, nine bits of each score."""

from pathlib import Path

import numpy as np
import pytest

from crawler.record import RawRecord
from index.batch import analysed
from index.engines.opensearch.weights import features, keep, kept, with_features
from index.inverted import joined
from index.scoring import Statistics, Tally, area_postings
from tests.conftest import SAMPLE

RECORDS = [RawRecord(line) for line in SAMPLE.read_bytes().splitlines()]
BATCHES = [analysed(some).inverted for some in (RECORDS[:20], RECORDS[20:21], RECORDS[21:])]
STATISTICS = Statistics.of(joined(BATCHES))


def cut(weight: float) -> float:
    """What a feature of Lucene keeps of a number: the 17 highest bits of 32."""
    bits = np.array([weight], np.float32).view(np.uint32) >> 15 << 15
    return float(bits.view(np.float32)[0])


def test_batches_are_counted_as_the_whole_is() -> None:
    tally = Tally()
    for batch in BATCHES:
        tally.add(batch)
    found = tally.statistics()
    assert (found.rows, found.terms) == (STATISTICS.rows, STATISTICS.terms)
    assert np.array_equal(found.keys, STATISTICS.keys)
    assert np.array_equal(found.frequencies, STATISTICS.frequencies)
    assert np.array_equal(found.mean_lengths, STATISTICS.mean_lengths)


def test_nothing_is_counted_as_nothing() -> None:
    assert Tally().statistics().rows == 0
    assert list(features(analysed([]).inverted, Tally().statistics())) == []


def test_features_are_the_scores_of_all_areas_to_nine_bits(tmp_path: Path) -> None:
    inverted = BATCHES[0]
    expected = {
        (area, int(row), inverted.terms[term]): float(weight)
        for area, postings in area_postings(inverted, STATISTICS).items()
        for term, row, weight in zip(postings.term.tolist(), postings.row, postings.weight, strict=True)
    }
    keep(tmp_path / "batch.npz", inverted)
    found = {
        (area, row, term): cut(weight)
        for row, areas in enumerate(features(kept(tmp_path / "batch.npz"), STATISTICS))
        for area, weights in areas.items()
        for term, weight in weights.items()
    }
    assert found == {key: pytest.approx(weight, rel=2**-9) for key, weight in expected.items()}


def test_features_stand_in_the_document() -> None:
    assert with_features(b'{"number":1}', {"BasicSearch": {"lupus": 1.5}}) == (
        b'{"number":1,"BasicSearch":{"lupus":1.5}}'
    )
    assert with_features(b'{"number":1}', {}) == b'{"number":1}'
