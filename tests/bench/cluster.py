"""The engine in a cluster on the 11,814 real records, where `tests/opensearch_cluster.sh start` has started one.

`python -m tests.bench.cluster`: build, top ten with all facets, similar, an update; the top tens against the naive
oracle's and against those of the vectors here.
"""

import tempfile
import time
from functools import partial
from pathlib import Path
from random import Random

import numpy as np

from crawler.config import Cache
from crawler.load import load
from crawler.normalise import normalise
from crawler.record import RawRecord
from crawler.store import Store
from index.build import update
from index.document import document
from index.query.parse import parse
from index.search import Index, SearchRequest, open_index
from index.similar.aspects import ALL_OF_IT, Comparison
from tests.bench.__main__ import FILES, QUERIES, SHARED, milliseconds, row
from tests.cluster import address
from tests.oracle import Oracle

CHANGED = 100
WARMING, ROUNDS = 20, 5  # a JVM needs some hundred questions to be warm
TEN = 10
SEEDS = 200


def brought_up(cache: Cache) -> float:
    """Bring the index up; seconds."""
    began = time.perf_counter()
    with Store.writing(cache) as store:
        update(store, "opensearch", lambda _more: None, address=address())
    return time.perf_counter() - began


def change(cache: Cache) -> None:
    """Give some trials another title."""
    with Store.writing(cache) as store, store.transaction():
        for nct_id in list(store.current_versions())[:CHANGED]:
            raw = store.raw(nct_id)
            title = raw.data["protocolSection"]["identificationModule"]["briefTitle"].encode()
            store.keep(RawRecord(raw.body.replace(title, title + b" again", 1)), None)


def overlap(cache: Cache, index: Index) -> float:
    """Mean share of the oracle's top ten in ours, over the queries that find as many."""
    with Store.reading(cache) as store:
        documents = [document(normalise(raw), raw) for raw in store.records()]
    oracle = Oracle(documents, {})
    shares = []
    for query in QUERIES:
        expected = list(oracle.scores(parse(query), {}))
        page = index.search(SearchRequest(query, parse(query)))
        assert page.total == len(expected)
        if len(expected) >= TEN:
            shares.append(len({hit.nct_id for hit in page.hits} & set(expected[:TEN])) / TEN)
    return sum(shares) / len(shares)


def similar(index: Index) -> None:
    """Time similar trials, and compare the tens with what the vectors here rank first."""
    ids = Random(1).sample(index.columns.ids, SEEDS)  # noqa: S311 - a fixed sample
    for name, comparison in (
        ("similar: ten", ALL_OF_IT),
        ("  by design", Comparison("design")),
        ("  unlike intervention", Comparison(unlike="intervention")),
        ("  diverse", Comparison(diverse=True)),
    ):
        asked = [partial(index.similar, [nct_id], {}, TEN, None, comparison) for nct_id in ids]
        row(f"{name} of {SEEDS} trials", milliseconds(asked, 1))
    shares = []
    for nct_id in ids:
        rows = [row for row in [index.columns.row(nct_id)] if row is not None]
        allowed = np.ones(index.columns.size, np.bool_)
        allowed[rows] = False
        expected = index.matrix.ranked(index.matrix.query(rows), allowed, TEN).rows
        found = {hit.nct_id for hit in index.similar([nct_id], {}, TEN, None)}
        shares.append(len(found & set(map(index.columns.nct_id, expected))) / TEN)
    row("mean overlap of the ten with the vectors' here", f"{sum(shares) / len(shares):.3f}")


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        cache = Cache(Path(folder))
        with Store.writing(cache) as store:
            load(store, [str(SHARED / name) for name in FILES], lambda _more: None)
            trials = store.counts()["trials"]
        seconds = brought_up(cache)
        row(f"build of {trials:,} trials, whole", f"{seconds:.1f} s, {trials / seconds:,.0f} trials/s")
        with open_index(cache.index) as index:
            requests = [SearchRequest(query, parse(query), facets=True) for query in QUERIES]
            asked = [partial(index.search, request) for request in requests]
            milliseconds(asked, WARMING)
            row(f"top ten, all facets, {len(QUERIES)} queries", milliseconds(asked, ROUNDS))
            row("mean overlap of the top ten with the oracle's", f"{overlap(cache, index):.3f}")
            similar(index)
        change(cache)
        row(f"update of {CHANGED} trials", f"{brought_up(cache):.1f} s")


if __name__ == "__main__":
    main()
