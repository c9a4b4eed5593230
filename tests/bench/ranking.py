"""Rankings tried side by side: `python -m tests.bench.ranking [WORD …]` (variants whose name has a word of these).

Each variant is judged on the truths given and on our own (tests/bench/truth.py). A cell has nDCG@10, the mean over
groups, and how much more it is than the first variant's, with a star where the paired 95 % interval leaves out 0.
"""

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from index.similar.evaluation import METRICS, Measures, by_group, interval, measured, table
from tests.bench.collection import ALL_TEXT, Collection, Counts, Floats, Kind

NDCG, RECALL = METRICS.index("ndcg@10"), METRICS.index("r@100")
TITLE, CONDITION, MESH = ("BriefTitle", "OfficialTitle"), ("Condition", "Keyword"), "ConditionMeshTerm"
BM25 = (1.2, 0.75)

Compatible: TypeAlias = Callable[[Collection, int], Floats]


@dataclass(frozen=True)
class Part:
    """A group of fields: its weight, the typical length of its vectors in units of ln(1 + N); 0 is the mean's.

    `of` says what of the fields is counted: words, pairs of words, or criteria by section.
    """

    pieces: tuple[str, ...]
    weight: float = 1.0
    typical: float = 0.0
    of: str = "words"


@dataclass(frozen=True)
class Variant:
    """A ranking. `slope` 1 divides vectors by their length, 0 by the typical length; between, by a mixture.

    `tf` is log, raw or BM25's (k1, b). `nearest` blends so many neighbours' vectors into the query, at `blend`;
    `factor`, from 0 to 1, times `more` raises scores.
    """

    name: str
    parts: tuple[Part, ...]
    slope: float = 1.0
    tf: str | tuple[float, float] = "log"
    rare: float = 1.0
    nearest: int = 0
    blend: float = 0.0
    factor: Compatible | None = field(default=None, compare=False)
    more: float = 0.0


class Vectors:
    """Vectors of all rows, by column and by row."""

    def __init__(self, rows: int, weighed: Iterable[tuple[Counts, Floats]]) -> None:
        columns, row, weight, base = [], [], [], 0
        for counts, weights in weighed:
            columns.append(counts.term.astype(np.int64) + base)
            row.append(counts.row)
            weight.append(weights)
            base += int(counts.term.max(initial=-1)) + 1
        self._rows = rows
        column = np.concatenate(columns)
        self._row, self._weight = np.concatenate(row), np.concatenate(weight)
        self._begins = np.searchsorted(column, np.arange(base + 1))
        order = np.argsort(self._row, kind="stable")
        self._columns, self._weights = column[order], self._weight[order]
        self._row_begins = np.searchsorted(self._row[order], np.arange(rows + 1))

    def scores(self, query: Mapping[int, float]) -> Floats:
        """Scores of all rows, where the query is a sum of rows' vectors, each times a number."""
        summed: dict[int, float] = {}
        for row, times in query.items():
            begin, end = self._row_begins[row : row + 2]
            for column, weight in zip(
                self._columns[begin:end].tolist(), self._weights[begin:end].tolist(), strict=True
            ):
                summed[column] = summed.get(column, 0.0) + times * weight
        scores = np.zeros(self._rows)
        begins = self._begins
        for column, weight in summed.items():
            begin, end = begins[column : column + 2]
            scores[self._row[begin:end]] += weight * self._weight[begin:end]
        return scores


class Bench:
    """Variants over one collection."""

    def __init__(self) -> None:
        self.collection = Collection()
        self.kinds = self.collection.kinds()
        self._counted: dict[tuple[str, tuple[str, ...]], Counts] = {}

    def judged(self, variant: Variant) -> dict[str, dict[str, Measures]]:
        """Measures by group, for each truth."""
        made: dict[tuple[str, ...], Vectors] = {}
        told = {}
        for kind in self.kinds:
            if kind.left_out not in made:
                made[kind.left_out] = self._vectors(variant, kind.left_out)
            told[kind.name] = by_group(self._measured(variant, made[kind.left_out], kind))
        return told

    def _measured(self, variant: Variant, vectors: Vectors, kind: Kind) -> Iterable[tuple[str, Measures]]:
        for group, row, judged, closed in kind.queries:
            scores = self._scores(variant, vectors, row)
            allowed = np.full(scores.size, not closed)
            allowed[list(judged.gains)] = True
            allowed[row] = False
            rows = np.flatnonzero(allowed & (scores > 0))
            yield group, measured(rows[np.argsort(-scores[rows], kind="stable")].tolist(), judged)

    def _scores(self, variant: Variant, vectors: Vectors, row: int) -> Floats:
        scores = vectors.scores({row: 1.0})
        if variant.nearest:
            others = scores.copy()
            others[row] = 0
            near = np.argsort(-others, kind="stable")[: variant.nearest].tolist()
            scores = vectors.scores({row: 1.0, **dict.fromkeys(near, variant.blend / variant.nearest)})
        if variant.factor is not None:
            scores = scores * (1 + variant.more * variant.factor(self.collection, row))
        return scores

    def _vectors(self, variant: Variant, left_out: tuple[str, ...]) -> Vectors:
        total = sum(part.weight for part in variant.parts)
        weighed = []
        for part in variant.parts:
            counts = self._counts(part, tuple(piece for piece in part.pieces if piece not in left_out))
            weighed.append(
                (counts, weights(counts, self.collection.rows, variant, part) * np.sqrt(part.weight / total))
            )
        return Vectors(self.collection.rows, weighed)

    def _counts(self, part: Part, pieces: tuple[str, ...]) -> Counts:
        key = (part.of, pieces)
        if key not in self._counted:
            self._counted[key] = {
                "words": lambda: self.collection.words(pieces),
                "pairs": lambda: self.collection.pairs(pieces),
                "inclusion": self.collection.inclusion,
                "exclusion": self.collection.exclusion,
            }[part.of]()
        return self._counted[key]


def weights(counts: Counts, rows: int, variant: Variant, part: Part) -> Floats:
    """Weight of each entry of a part."""
    frequency = np.bincount(counts.term, minlength=1)[counts.term]
    weight = _tf(counts, rows, variant.tf) * np.log((1 + rows) / (0.5 + frequency)) ** variant.rare
    length = np.sqrt(np.bincount(counts.row, weight**2, rows))
    typical = part.typical * np.log(1 + rows) or float(length[length > 0].mean() if length.any() else 1)
    normal = ((1 - variant.slope) * typical + variant.slope * length)[counts.row]
    weighed: Floats = np.divide(weight, normal, out=np.zeros_like(weight), where=normal > 0)
    return weighed


def _tf(counts: Counts, rows: int, tf: str | tuple[float, float]) -> Floats:
    if tf == "log":
        logarithm: Floats = 1 + np.log(counts.count)
        return logarithm
    if tf == "raw":
        return counts.count.astype(np.float64)
    k1, b = (float(each) for each in tf)
    words = np.bincount(counts.row, counts.count, rows)
    relative = (words / max(words[words > 0].mean() if words.any() else 1, 1))[counts.row]
    saturated: Floats = counts.count * (k1 + 1) / (counts.count + k1 * (1 - b + b * relative))
    return saturated


# -- compatibility of a query's row with every row, from 0 to 1 ------------------------------------------------------


def ages(collection: Collection, row: int) -> Floats:
    """How much of the ages that either takes both take."""
    bounds = collection.ages
    youngest, oldest = bounds[row]
    both = np.minimum(bounds[:, 1], oldest) - np.maximum(bounds[:, 0], youngest)
    either = np.maximum(bounds[:, 1], oldest) - np.minimum(bounds[:, 0], youngest)
    shared: Floats = np.clip(both, 0, None) / np.maximum(either, 1)
    return shared


def sexes(collection: Collection, row: int) -> Floats:
    """Whether somebody's sex is taken by both."""
    return _any(collection.values("sex"), row)


def phases(collection: Collection, row: int) -> Floats:
    """Whether they have a phase in common."""
    return _any(collection.values("phase"), row)


def types(collection: Collection, row: int) -> Floats:
    """Whether they are studies of the same type."""
    return _any(collection.values("type"), row)


def _any(has: NDArray[np.bool_], row: int) -> Floats:
    alike: Floats = (has & has[row]).any(axis=1).astype(np.float64)
    return alike


# -- variants ---------------------------------------------------------------------------------------------------------

_ALL = Part(ALL_TEXT, 1.5)
_TOPIC = Part((*TITLE, "Condition", "InterventionName"))
_CONDITIONS = Part((*CONDITION, MESH))
_CRITERIA = Part(("EligibilityCriteria",), 0.5)
_FIXED = (3, 7, 2, 3.5)  # near the means of the 11,814 records
_OLD = (
    Part((*TITLE, "Condition", "InterventionName", "BriefSummary")),
    replace(_ALL, weight=1),
    Part(CONDITION),
    Part((MESH, "InterventionMeshTerm")),
    _CRITERIA,
)
FIVE = Variant("five groups, cosines (decision 0002)", _OLD)
FOUR = Variant("four groups, slope .5", (_TOPIC, _ALL, _CONDITIONS, _CRITERIA), 0.5)


def _with(name: str, *parts: Part, base: Variant = FOUR, slope: float | None = None) -> Variant:
    return replace(base, name=name, parts=parts or base.parts, slope=base.slope if slope is None else slope)


def _also(name: str, *parts: Part) -> Variant:
    return replace(FOUR, name=name, parts=(*FOUR.parts, *parts))


def _weighing(index: int, weight: float) -> Variant:
    name = ("topic", "all text", "conditions", "criteria")[index]
    parts = list(FOUR.parts)
    parts[index] = replace(parts[index], weight=weight)
    return replace(FOUR, name=f"{name} at {weight:g}", parts=tuple(part for part in parts if part.weight))


VARIANTS: tuple[Variant, ...] = (
    FIVE,
    Variant("one bag of all text, cosines", (_ALL,)),
    Variant("one bag of all text, slope .5", (_ALL,), 0.5),
    replace(FIVE, name="five groups, BM25's weights in cosines", tf=BM25),
    replace(FIVE, name="five groups, BM25's with k1 4", tf=(4, 0.75)),
    *(replace(FIVE, name=f"five groups, slope {slope:g}", slope=slope) for slope in (0.75, 0.5, 0.25)),
    _with("five groups, MeSH at a half, slope .5", *_OLD[:3], replace(_OLD[3], weight=0.5), _CRITERIA),
    _with("no MeSH, slope .5", *_OLD[:3], _CRITERIA),
    _with("condition MeSH with conditions, slope .5", *_OLD[:2], _CONDITIONS, _CRITERIA),
    _with("condition MeSH with conditions, cosines", *_OLD[:2], _CONDITIONS, _CRITERIA, slope=1),
    FOUR,
    *(replace(FOUR, name=f"four groups, slope {slope:g}", slope=slope) for slope in (1, 0.75, 0.6, 0.4, 0.25)),
    _with(
        "four groups, typical lengths fixed",
        *(replace(part, typical=typical) for part, typical in zip(FOUR.parts, _FIXED, strict=True)),
    ),
    _weighing(1, 1),
    _weighing(1, 2),
    _weighing(1, 3),
    _weighing(0, 0.5),
    _weighing(0, 1.5),
    _weighing(2, 0.5),
    _weighing(2, 1.5),
    _weighing(3, 0),
    _weighing(3, 1),
    replace(FOUR, name="four groups, raw tf", tf="raw"),
    replace(FOUR, name="four groups, BM25's tf", tf=BM25),
    replace(FOUR, name="four groups, BM25's tf with k1 4", tf=(4, 0.75)),
    replace(FOUR, name="four groups, idf^.75", rare=0.75),
    replace(FOUR, name="four groups, idf^1.25", rare=1.25),
    _with("titles alone for the topic", Part(TITLE), *FOUR.parts[1:]),
    _with("topic with the summary", _OLD[0], *FOUR.parts[1:]),
    _with("topic with keywords", Part((*_TOPIC.pieces, "Keyword")), *FOUR.parts[1:]),
    _also(
        "and interventions at a half", Part(("InterventionName", "InterventionOtherName", "InterventionMeshTerm"), 0.5)
    ),
    _also("and intervention MeSH at a half", Part(("InterventionMeshTerm",), 0.5)),
    _also("and outcomes at a half", Part(("PrimaryOutcomeMeasure", "SecondaryOutcomeMeasure"), 0.5)),
    _also("and MeSH ancestors at a half", Part(("ConditionAncestorTerm", "InterventionAncestorTerm"), 0.5)),
    _with(
        "ancestors with conditions",
        *FOUR.parts[:2],
        Part((*_CONDITIONS.pieces, "ConditionAncestorTerm")),
        _CRITERIA,
    ),
    _also("and pairs of words in titles at a half", Part(TITLE, 0.5, of="pairs")),
    _also("and pairs of words in conditions at a half", Part(CONDITION, 0.5, of="pairs")),
    _also("and pairs of words in criteria at a quarter", Part(("EligibilityCriteria",), 0.25, of="pairs")),
    _with("inclusion for criteria", *FOUR.parts[:3], Part((), 0.5, of="inclusion")),
    _with(
        "inclusion and exclusion apart",
        *FOUR.parts[:3],
        Part((), 0.25, of="inclusion"),
        Part((), 0.25, of="exclusion"),
    ),
    *(replace(FOUR, name=f"{near} neighbours at {at:g}", nearest=near, blend=at) for near, at in ((3, 0.5), (3, 0.25))),
    *(
        replace(FOUR, name=f"{factor.__name__} times {1 + more:g}", factor=factor, more=more)
        for factor in (ages, sexes, phases, types)
        for more in (0.1, 0.3)
    ),
)


def line(name: str, told: Mapping[str, Mapping[str, Measures]], first: Mapping[str, Mapping[str, Measures]]) -> str:
    """A row of the table."""
    cells = []
    for kind, groups in told.items():
        figures = table(groups)
        apart = figures[:, NDCG] - table(first[kind])[:, NDCG]
        ends = interval(apart[:, None])
        star = "*" if ends is not None and (ends[0][0] > 0 or ends[1][0] < 0) else ""
        shown = f"{figures[:, NDCG].mean():.3f}".lstrip("0")
        cells.append(f"{shown} ({apart.mean():+.3f}{star})" if told is not first else shown)
    recall = f"{table(told['same-patient'])[:, RECALL].mean():.3f}".lstrip("0")
    return f"| {name} | {recall} | {' | '.join(cells)} |"


def main(words: list[str]) -> None:
    """Print the table."""
    bench = Bench()
    names = [f"{kind.name} ({len(kind.queries)}/{len({query[0] for query in kind.queries})})" for kind in bench.kinds]
    print(f"| variant | r@100 same-patient | {' | '.join(names)} |\n|{'---|' * (len(names) + 2)}", flush=True)
    first = bench.judged(VARIANTS[0])
    print(line(VARIANTS[0].name, first, first), flush=True)
    for variant in VARIANTS[1:]:
        if not words or any(word in variant.name for word in words):
            print(line(variant.name, bench.judged(variant), first), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
