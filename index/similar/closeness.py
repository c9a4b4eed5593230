"""How close fetched records are to the seeds of a crawl: the frontier's sense of direction.

The same vectors as everywhere, with term statistics from the records at hand, since a crawl has no index yet.
"""

from collections.abc import Sequence

import numpy as np

from crawler.normalise import normalise
from crawler.record import RawRecord
from index.document import document
from index.inverted import Inverter
from index.similar.aspects import WHOLE, factors
from index.similar.groups import GROUPS
from index.similar.weights import vectors


def closeness(seeds: Sequence[RawRecord], records: Sequence[RawRecord]) -> list[float]:
    """Score each record by its nearest seed, from 0 on, rounded so that equal trials compare equal."""
    if not seeds or not records:
        return [0.0] * len(records)
    inverter = Inverter()
    for raw in (*seeds, *records):
        inverter.add(document(normalise(raw), raw))
    made = vectors(inverter.finish())
    best = np.zeros(made.rows)
    for seed in range(len(seeds)):
        query = np.zeros(made.columns)
        mine = made.row == seed
        query[made.column[mine]] = made.weight[mine] * factors(WHOLE)[made.column[mine] % len(GROUPS)]
        scores = np.bincount(made.row, weights=query[made.column] * made.weight, minlength=made.rows)
        best = np.maximum(best, scores)
    return [round(float(score), 6) for score in best[len(seeds) :]]
