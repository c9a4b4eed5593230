"""Similar trials ranked by a cluster: the local ranking's hits and scores, by filters and aspects, after updates."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from crawler.config import Cache
from crawler.load import load
from crawler.store import Store
from index.engines.opensearch.cluster import Cluster
from index.engines.opensearch.engine import OpenSearchEngine
from index.errors import ClusterForeign, ClusterRefused, ClusterUnreachable
from index.likeness import SimilarTrial
from index.query.filters import filters
from index.query.parse import parse
from index.query.tree import Filters, Ids, Value
from index.search import Index
from index.similar.aspects import ALL_OF_IT, ASPECTS, Comparison
from index.similar.reasons import no_kin
from tests.conftest import SHARED
from tests.indexes import keep, opened
from tests.test_incremental import drop
from tests.test_opensearch import RECORDS, Twins, brought_up, renamed, target, twins

__all__ = ["twins"]  # a fixture

pytestmark = pytest.mark.cluster

SEED = "NCT05300932"
FEW = 800  # real records, every fifteenth or so
SEEDS = 150

FILTERS: dict[str, Filters] = {
    "none": {},
    "words": {"cond": parse("sclerosis")},
    "phase and place": {"phase": Value("phase", ("PHASE2",)), "loc": parse("loc:france")},
    "within a site": {"loc": parse("SEARCH[Location](London OR Seoul)")},
    "ids": {"ids": Ids(frozenset(record.nct_id for record in RECORDS[:9]))},
    "nothing": {"cond": parse("nosuchword")},
    "records": {"cond": parse("EXPANSION[None]disease")},
    "large": {"cond": parse(" OR ".join(["sclerosis", *(f"nosuch{number}" for number in range(700))]))},
}


def told(trials: list[SimilarTrial]) -> list[tuple[str, float]]:
    return [(trial.nct_id, trial.score) for trial in trials]


@pytest.mark.parametrize("limit", [0, 1, 10, 1000])
def test_every_trial_has_the_local_ranking_and_its_scores(twins: Twins, limit: int) -> None:
    for record in RECORDS:
        far, near = (index.similar([record.nct_id], {}, limit, None) for index in (twins.far, twins.near))
        assert far == near


@pytest.mark.parametrize("made", FILTERS.values(), ids=list(FILTERS))
def test_filters_apply_before_the_best_are_taken(twins: Twins, made: Filters) -> None:
    for record in RECORDS[:3]:
        far, near = (index.similar([record.nct_id], made, 3, no_kin) for index in (twins.far, twins.near))
        assert far == near


def test_a_place_on_the_map_is_a_filter(twins: Twins) -> None:
    made = filters({"near": ["51.5,-0.12,300mi"]}, results=None, ids=None)
    assert told(twins.far.similar([SEED], made, 5, None)) == told(twins.near.similar([SEED], made, 5, None))


@pytest.mark.parametrize(
    "comparison",
    [
        *(Comparison(aspect) for aspect in ASPECTS),
        *(Comparison(unlike=aspect) for aspect in ASPECTS),
        Comparison("design", "intervention", diverse=True),
        Comparison(diverse=True),
    ],
    ids=repr,
)
def test_by_aspects_unlike_and_diverse(twins: Twins, comparison: Comparison) -> None:
    for record in RECORDS[:8]:
        far, near = (index.similar([record.nct_id], {}, 10, None, comparison) for index in (twins.far, twins.near))
        assert far == near


def test_several_seeds(twins: Twins) -> None:
    for seeds in ([SEED], [record.nct_id for record in RECORDS[:3]], [record.nct_id for record in RECORDS[5:40]]):
        assert twins.far.similar(seeds, {}, 10, None) == twins.near.similar(seeds, {}, 10, None)


def test_a_text_is_ranked_like_its_record(twins: Twins, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = twins.near.likeness.asked([SEED])
    expected = twins.near.likeness.like(asked, {}, 10, None, ALL_OF_IT)
    monkeypatch.setattr(OpenSearchEngine, "mask", _refuses)  # it is the cluster that chooses
    assert twins.far.likeness.like(asked, {}, 10, None, ALL_OF_IT) == expected


def test_pages_of_hits_fit_together(twins: Twins, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("cluster", "engine"):
        monkeypatch.setattr(f"index.engines.opensearch.{module}.PAGE", 7)
    assert twins.far.similar([SEED], {}, 50, None) == twins.near.similar([SEED], {}, 50, None)


def _refuses(*_: object) -> None:
    raise ClusterRefused("http://127.0.0.1:1", "not to be asked")


# -- generations -------------------------------------------------------------------------------------------------------


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    """The sample in a cluster."""
    made = Cache(tmp_path / "cache")
    keep(made, *RECORDS)
    brought_up(made)
    return made


def local(index: Index, nct_id: str, limit: int) -> list[tuple[str, float]]:
    """What the vectors here say, the whole collection allowed."""
    row = index.columns.row(nct_id)
    assert row is not None
    allowed = ~index.columns.values("phase").mask((), index.columns.size)
    allowed[row] = False
    found = index.matrix.ranked(index.matrix.query([row]), allowed, limit)
    return [(index.columns.nct_id(at), score) for at, score in zip(found.rows, found.scores, strict=True)]


def test_a_changed_trial_has_its_new_vector_and_a_reader_keeps_the_old_one(cache: Cache) -> None:
    seed, other = RECORDS[0], RECORDS[1]
    title = seed.data["protocolSection"]["identificationModule"]["briefTitle"]
    with opened(cache) as first:
        before = told(first.similar([seed.nct_id], {}, 100, None))
        keep(cache, renamed(other, f"{title} zebrafish"))
        brought_up(cache)
        assert told(first.similar([seed.nct_id], {}, 100, None)) == before
    with opened(cache) as second:
        after = told(second.similar([seed.nct_id], {}, 100, None))
        assert after == local(second, seed.nct_id, 100)
        assert dict(after)[other.nct_id] > dict(before)[other.nct_id]
    assert target(cache, 1).index == target(cache, 2).index
    keep(cache, renamed(other, "Zebrafish"), renamed(seed, "Zebrafish again"))
    brought_up(cache)
    with opened(cache) as third:
        assert told(third.similar([seed.nct_id], {}, 100, None)) == local(third, seed.nct_id, 100)


def test_a_removed_trial_is_like_nothing(cache: Cache) -> None:
    with opened(cache) as index:
        nearest = index.similar([SEED], {}, 10, None)
    drop(cache, nearest[0].nct_id)
    brought_up(cache)
    with opened(cache) as index:
        assert told(index.similar([SEED], {}, 9, None)) == told(nearest[1:])


def test_an_update_that_breaks_off_changes_no_ranking(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(cache) as index:
        before = index.similar([SEED], {}, 100, None)
    with monkeypatch.context() as patched:
        patched.setattr("index.engines.opensearch.renewal.Renewal.abandon", lambda _: None)
        patched.setattr("index.engines.opensearch.renewal.Renewal._end", _refuses)
        keep(cache, renamed(RECORDS[3], "Zebrafish"))
        with pytest.raises(ClusterRefused):
            brought_up(cache)
    with opened(cache) as index:
        assert index.similar([SEED], {}, 100, None) == before
    keep(cache, renamed(RECORDS[3], "Axolotl"))  # its words get the numbers that the broken-off update had given
    brought_up(cache)
    with opened(cache) as index:
        assert told(index.similar([RECORDS[3].nct_id], {}, 100, None)) == local(index, RECORDS[3].nct_id, 100)


def test_a_cluster_that_can_not_answer_is_told(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(cache) as index:
        index.similar([SEED], {}, 10, None)  # the seed's card is known now
        held = target(cache, 1)
        with contextlib.closing(Cluster(held.addresses)) as asked:
            asked.ask("DELETE", f"/{held.index}")
        with pytest.raises(ClusterForeign, match=r"is not there.*trialkin index --rebuild"):
            index.similar([SEED], {}, 10, None)
    monkeypatch.setattr("index.engines.opensearch.cluster.PATIENCE_SECONDS", 0.5)
    monkeypatch.setenv("TRIALKIN_OPENSEARCH", "http://127.0.0.1:1")
    with opened(cache) as index, pytest.raises(ClusterUnreachable, match="no OpenSearch answers"):
        index.similar([SEED], {}, 10, None)


# -- real records ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """Some of the real records in the cluster."""
    folder = Path(tmp_path_factory.mktemp("real"))
    with Store.writing(Cache(folder / "all")) as store:
        load(store, [str(SHARED / "registry" / "legacy.jsonl.gz")], lambda _more: None)
        ids = sorted(Random(5).sample(list(store.current_versions()), FEW))  # noqa: S311 - a fixed sample
        some = list(map(store.raw, ids))
    cache = Cache(folder / "some")
    keep(cache, *some)
    brought_up(cache)
    with opened(cache) as index:
        yield index


@pytest.mark.shared
def test_of_real_records_the_ten_nearest_are_the_local_ones(real: Index) -> None:
    shares = []
    for nct_id in Random(6).sample(real.columns.ids, SEEDS):  # noqa: S311 - a fixed sample
        found, expected = told(real.similar([nct_id], {}, 10, None)), dict(local(real, nct_id, 10))
        shares.append(len(dict(found).keys() & expected.keys()) / 10)
        assert dict(found).items() <= dict(local(real, nct_id, real.columns.size)).items()  # scores are exact
        assert found == sorted(found, key=lambda hit: (-hit[1], hit[0]))
    assert sum(shares) / SEEDS >= 0.95
