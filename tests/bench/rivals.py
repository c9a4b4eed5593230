"""Similar trials beside shipped tools, in one run over the 11,814 real records: `python -m tests.bench.rivals`.

Tantivy's more-like-this with 25 and with 100 terms, over the words of all text; scikit-learn's sublinear TF-IDF with
brute-force cosine, over the same words, where it is there (`.venv/bin/uv pip install scikit-learn`; the product has
no use for it). Each is asked for the first hundred of every query of same-patient.tsv and of our own truths that leave
nothing out of the vectors; times are those of ten.
"""

import importlib
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import tantivy

from crawler.config import Cache
from crawler.normalise import normalise
from crawler.store import Store
from index import analysis
from index.build import update
from index.document import texts
from index.schema import NUMBER_OF_PIECE
from index.search import open_index
from index.similar.evaluation import METRICS, by_group, measured, table
from index.similar.matrix import Matrix
from index.similar.truth import read_truth
from tests.bench.__main__ import FILES, SHARED, fill
from tests.bench.collection import ALL_TEXT
from tests.bench.truth import LEFT_OUT, Asked, asked, records, truths

MOST = 100
SHOWN = ("ndcg@10", "p@1", "r@100")

Ranking: TypeAlias = Callable[[int, int], Sequence[int]]  # a row, how many are wanted


def bags() -> list[str]:
    """Terms of all text of each record, in order of NCT id."""
    read = {NUMBER_OF_PIECE[piece] for piece in ALL_TEXT}
    return [
        " ".join(term for field, text in texts(raw.data) if field in read for term in analysis.terms(text))
        for raw in records()
    ]


def ours(matrix: Matrix) -> Ranking:
    """What `similar` answers."""
    everything = np.ones(matrix.size, np.bool_)

    def ranked(row: int, limit: int) -> Sequence[int]:
        rows = matrix.ranked(matrix.query([row]), everything, limit + 1).rows
        return [other for other in rows if other != row]

    return ranked


def more_like_this(said: Sequence[str], terms: int) -> Ranking:
    """Tantivy's own way."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("text", tokenizer_name="whitespace", stored=True)
    builder.add_unsigned_field("row", fast=True, stored=True)
    index = tantivy.Index(builder.build())
    writer = index.writer(400_000_000, 1)
    for row, text in enumerate(said):
        document = tantivy.Document(text=text)
        document.add_unsigned("row", row)
        writer.add_document(document)
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()
    every = searcher.search(tantivy.Query.all_query(), limit=len(said)).hits
    places = {searcher.doc(place)["row"][0]: place for _, place in every}

    def ranked(row: int, limit: int) -> Sequence[int]:
        query = tantivy.Query.more_like_this_query(places[row], max_query_terms=terms, min_doc_frequency=2)
        hits = searcher.search(query, limit=limit + 1, count=False).hits
        return [other for _, place in hits if (other := searcher.doc(place)["row"][0]) != row]

    return ranked


def tfidf(said: Sequence[str]) -> Ranking | None:
    """Scikit-learn's vectors, all of them multiplied; None where it is not there."""
    try:
        text: Any = importlib.import_module("sklearn.feature_extraction.text")
    except ImportError:
        return None
    vectors = text.TfidfVectorizer(analyzer=str.split, sublinear_tf=True, dtype=np.float32).fit_transform(said)
    turned = vectors.T.tocsr()

    def ranked(row: int, limit: int) -> Sequence[int]:
        scores = (vectors[row] @ turned).toarray()[0]
        scores[row] = 0
        best = np.argpartition(-scores, limit)[:limit]
        found: list[int] = best[np.argsort(-scores[best], kind="stable")].tolist()
        return found

    return ranked


def told(name: str, ranking: Ranking, kinds: dict[str, list[Asked]], built: float) -> None:
    """Print a row."""
    times, cells = [], []
    for kind, queries in kinds.items():
        found = []
        for group, row, judged, _ in queries:
            began = time.perf_counter()
            ranking(row, 10)
            times.append(1000 * (time.perf_counter() - began))
            found.append((group, measured(ranking(row, MOST), judged)))
        means = dict(zip(METRICS, table(by_group(found)).mean(axis=0).tolist(), strict=True))
        shown = SHOWN if kind == "same-patient" else SHOWN[:1]
        cells += [f"{means[metric]:.3f}".removeprefix("0") for metric in shown]
    middle, high = np.percentile(times, [50, 95])
    print(f"| {name} | {built:.1f} s | {middle:.2f}, {high:.2f} ms | {' | '.join(cells)} |", flush=True)


def main() -> None:
    """Print the table."""
    trials = [normalise(raw) for raw in records()]
    number = {trial.nct_id: row for row, trial in enumerate(trials)}
    own = {name: made for name, made in truths(trials).items() if name not in LEFT_OUT}
    every = {"same-patient": read_truth(str(SHARED.parent / "truth" / "same-patient.tsv")), **own}
    kinds = {name: list(asked(made, number)) for name, made in every.items()}
    heads = [f"same-patient {metric}" for metric in SHOWN] + [f"{kind} {SHOWN[0]}" for kind in own]
    print(f"| | made in | ten: p50, p95 | {' | '.join(heads)} |\n|{'---|' * (len(heads) + 3)}")
    said = bags()
    with tempfile.TemporaryDirectory() as folder:
        cache = Cache(Path(folder))
        fill(cache, FILES)
        with Store.writing(cache) as store:
            began = time.perf_counter()
            update(store, "tantivy", lambda _more: None)
            seconds = time.perf_counter() - began
        with open_index(cache.index) as index:
            told("trialkin (with its whole index)", ours(index.matrix), kinds, seconds)
    makers: dict[str, Callable[[], Ranking | None]] = {
        "tantivy, more like this, 25 terms": lambda: more_like_this(said, 25),
        "tantivy, more like this, 100 terms": lambda: more_like_this(said, 100),
        "scikit-learn, TF-IDF, all multiplied": lambda: tfidf(said),
    }
    for name, maker in makers.items():
        began = time.perf_counter()
        ranking = maker()
        if ranking is not None:
            told(name, ranking, kinds, time.perf_counter() - began)


if __name__ == "__main__":
    main()
