"""What is tantivy's own: shared files, order and counts across its segments, damage. The rest is protocol."""

import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from tantivy import Query, Schema

from crawler.config import Cache
from crawler.record import RawRecord
from crawler.store import Store
from index.build import update
from index.columns import Columns
from index.engines.base import Answer, Place, Question
from index.engines.tantivy import reader
from index.engines.tantivy.engine import TantivyEngine
from index.engines.tantivy.layout import schema
from index.engines.tantivy.searching import quietly
from index.engines.tantivy.writing import TantivyWriter
from index.errors import IndexDamaged
from index.manifest import Manifest, read_manifest
from index.query.parse import parse
from index.query.tree import Age, All, Any, Days, Either, Enrollment, Near, Node, Not, Value, Words
from index.schema import PIECES
from index.search import open_index
from index.tables import Tables
from tests import indexes
from tests.records import raw

LUPUS = Words(("lupus",))
PLACE = {"city": "Reykjavik", "country": "Iceland", "geoPoint": {"lat": 64.1, "lon": -21.9}}


def nct_id(number: int) -> str:
    return f"NCT{number:08d}"


ROOT = Path(__file__).parent.parent


def trial(number: int, condition: str = "lupus", sponsor: str = "Somebody", **status: str) -> RawRecord:
    return raw(
        nct_id(number),
        identificationModule={"briefTitle": "One title for all"},
        conditionsModule={"conditions": [condition]},
        sponsorCollaboratorsModule={"leadSponsor": {"name": sponsor, "class": "OTHER"}},
        statusModule=status,
        contactsLocationsModule={"locations": [PLACE] if number % 2 else []},
    )


def kept(cache: Cache, records: Iterable[RawRecord]) -> Manifest:
    """Keep records and bring the index up."""
    indexes.keep(cache, *records)
    return indexes.brought_up(cache, "tantivy")[0]


def folder_of(cache: Cache) -> Path:
    return cache.index / read_manifest(cache.index).folder


def engine_of(generation: Path) -> TantivyEngine:
    columns = Columns(generation / "columns")
    return reader(generation / "tantivy", Tables(columns, generation / "sites"))


@contextmanager
def opened(cache: Cache) -> Iterator[TantivyEngine]:
    engine = engine_of(folder_of(cache))
    yield engine
    engine.close()


def ids(answer: Answer) -> list[str]:
    return [found for found, _ in answer.hits]


def in_segments(cache: Cache, numbers: range, sponsors: Sequence[str] = ("Somebody",), updates: int = 1) -> None:
    """Index trials, then some of them anew in each update, so that several segments hold them."""
    kept(cache, (trial(number, sponsor=sponsors[number % len(sponsors)]) for number in numbers))
    for turn in range(updates):
        number = numbers[3 * turn]
        kept(cache, [trial(number, sponsor=sponsors[number % len(sponsors)], whyStopped=f"reason {turn}")])


def segments(cache: Cache) -> int:
    return len(list((folder_of(cache) / "tantivy").glob("*.store")))


# -- order -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("updates", [0, 3], ids=["one segment", "several"])
def test_equal_scores_stand_in_order_of_nct_id_wherever_a_page_ends(cache: Cache, updates: int) -> None:
    in_segments(cache, range(100, 140), updates=updates)
    assert segments(cache) == 1 + updates
    with opened(cache) as engine:
        whole = engine.answer(Question(LUPUS, {}, limit=100))
        assert ids(whole) == [nct_id(number) for number in range(100, 140)]
        assert len({score for _, score in whole.hits}) == 1
        for limit in (1, 3, 7, 40):
            pages = [engine.answer(Question(LUPUS, {}, limit=limit, offset=at)) for at in range(0, 44, limit)]
            assert [hit for page in pages for hit in page.hits] == whole.hits


def test_a_page_beyond_the_end_or_without_hits_still_counts(cache: Cache) -> None:
    in_segments(cache, range(1, 31))
    with opened(cache) as engine:
        for limit, offset in ((0, 0), (0, 5), (10, 30), (10, 10**12)):
            assert engine.answer(Question(LUPUS, {}, limit=limit, offset=offset)) == Answer(30, [], {})
        assert len(engine.answer(Question(LUPUS, {}, limit=10**12)).hits) == 30


@pytest.mark.parametrize("order", [(("updated", False),), (("relevance", False), ("start", True))])
def test_another_order_finds_counts_and_scores_the_same(cache: Cache, order: tuple[tuple[str, bool], ...]) -> None:
    in_segments(cache, range(1, 31), ("Beta", "Alpha"))
    node = All((LUPUS, Either((Words(("titl",)), Words(("one", "titl")))), Any((Not(Words(("beta",))), LUPUS))))
    with opened(cache) as engine:
        question = Question(node, {"sponsor": Value("sponsor", ("alpha",))}, facets=True, limit=100)
        natively, otherwise = engine.answer(question), engine.answer(replace(question, order=order))
    assert natively.total == 15
    assert otherwise == natively


def test_what_sites_tell_is_joined_with_words(cache: Cache) -> None:
    in_segments(cache, range(1, 31))
    node = All((LUPUS, Near(64.0, -22.0, 50.0)))
    with opened(cache) as engine:
        near = engine.answer(Question(node, {}, limit=100))
        everywhere = engine.answer(Question(LUPUS, {}, limit=100))
    assert ids(near) == [nct_id(number) for number in range(1, 31, 2)]
    assert set(near.hits) < set(everywhere.hits)


# -- facets ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("updates", [0, 3], ids=["one segment", "several"])
def test_of_equally_frequent_values_the_first_by_name_are_told(cache: Cache, updates: int) -> None:
    sponsors = [f"Sponsor {number:03d}" for number in reversed(range(150))]
    in_segments(cache, range(1, 152), sponsors, updates)
    with opened(cache) as engine:
        told = engine.answer(Question(LUPUS, {}, facets=True)).facets["sponsor"]
    assert [(each.value, each.count) for each in told] == [
        ("Sponsor 148", 2),
        *((f"Sponsor {number:03d}", 1) for number in range(19)),
    ]


def test_a_facet_does_not_know_its_own_filter(cache: Cache) -> None:
    in_segments(cache, range(1, 31), ("Beta", "Alpha", "Gamma"))
    filters: dict[str, Node] = {"sponsor": Value("sponsor", ("BETA",)), "status": Value("status", ("COMPLETED",))}
    with opened(cache) as engine:
        answer = engine.answer(Question(LUPUS, filters, facets=True))
    assert answer.total == 10
    assert [(each.value, each.count) for each in answer.facets["sponsor"]] == [
        ("Alpha", 10),
        ("Beta", 10),
        ("Gamma", 10),
    ]
    assert answer.facets["sponsor_class"][0].count == 10


# -- generations -------------------------------------------------------------------------------------------------------


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".lock"}


def test_an_update_shares_files_and_leaves_the_older_generation_as_it_was(cache: Cache) -> None:
    in_segments(cache, range(1, 31), updates=0)
    older = folder_of(cache)
    before = contents(older / "tantivy")
    with opened(cache) as engine:
        asked = Question(LUPUS, {}, facets=True, limit=100)
        answered = engine.answer(asked)
        kept(cache, [trial(5, "asthma"), trial(40)])
        newer = folder_of(cache)
        assert newer != older
        assert engine.answer(asked) == answered
    assert contents(older / "tantivy") == before
    assert engine_of(older).answer(asked) == answered
    segment = [name for name in before if name not in {"meta.json", ".managed.json"}]
    assert segment
    assert all((newer / "tantivy" / name).samefile(older / "tantivy" / name) for name in segment)
    assert not list((newer / "tantivy").glob("*.lock"))
    with opened(cache) as engine:
        assert ids(engine.answer(asked)) == [*(nct_id(n) for n in range(1, 31) if n != 5), nct_id(40)]
        assert ids(engine.answer(Question(Words(("asthma",)), {}))) == [nct_id(5)]


def test_a_reader_keeps_a_generation_whose_files_are_gone(cache: Cache) -> None:
    in_segments(cache, range(1, 31))
    with opened(cache) as engine:
        asked = Question(Words(("titl", "for")), {}, facets=True)
        answered = engine.answer(asked)
        shutil.rmtree(folder_of(cache))
        assert engine.answer(asked) == answered
        assert [card.nct_id for card in engine.cards([nct_id(9), nct_id(2)])] == [nct_id(9), nct_id(2)]


def test_many_updates_answer_as_a_rebuild(cache: Cache) -> None:
    in_segments(cache, range(1, 161), ("Beta", "Alpha", "Gamma"), updates=12)  # tantivy joins segments from eight on
    questions = [
        Question(parse(query), {}, facets=True, limit=200)
        for query in (
            "lupus",
            '"one title"',
            "lupus NOT spons:beta",
            'AREA[WhyStopped]"reason 7"',
            "reason",
            "enrollment:1 OR nosuchword",
        )
    ]
    with opened(cache) as engine:
        updated = [engine.answer(question) for question in questions]
    assert segments(cache) < 12
    with Store.writing(cache) as store:
        update(store, "tantivy", lambda _more: None, rebuild=True)
    assert segments(cache) == 1
    with opened(cache) as engine:
        rebuilt = [engine.answer(question) for question in questions]
    assert [(a.total, sorted(ids(a)), a.facets) for a in updated] == [
        (a.total, sorted(ids(a)), a.facets) for a in rebuilt
    ]
    assert [answer.total for answer in rebuilt] == [160, 160, 107, 1, 12, 0]


def test_a_word_of_trials_taken_out_is_counted_no_more(cache: Cache) -> None:
    kept(cache, [trial(1, "asthma"), trial(2, "asthma"), *map(trial, range(3, 31))])
    with opened(cache) as engine:
        assert [engine.frequency(term) for term in ("asthma", "lupus", "titl", "nobody")] == [2, 28, 30, 0]
    kept(cache, [trial(1, "lupus")])
    with opened(cache) as engine:
        assert [engine.frequency(term) for term in ("asthma", "lupus", "titl")] == [1, 29, 30]


def test_an_abandoned_build_leaves_nothing(cache: Cache, tmp_path: Path) -> None:
    in_segments(cache, range(1, 31))
    previous = folder_of(cache) / "tantivy"
    before = contents(previous)
    writer = TantivyWriter(Place(tmp_path / "aside", 9, previous))
    writer.remove([nct_id(1)])
    writer.abandon()
    assert not (tmp_path / "aside").exists()
    assert contents(previous) == before


def test_an_index_of_no_trials_answers(cache: Cache) -> None:
    kept(cache, [])
    with opened(cache) as engine:
        answer = engine.answer(Question(LUPUS, {}, facets=True))
        assert (answer.total, answer.hits, answer.facets["sponsor"]) == (0, [], [])
        assert engine.frequency("lupus") == 0


# -- values ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (Enrollment(None, 10**30), [2]),
        (Enrollment(-5, None), [2]),
        (Enrollment(10**30, None), []),
        (Enrollment(9, 3), []),
        (Days("start", None, None), [3]),
        (Days("start", None, 10**30), [3]),
        (Days("start", 20210101, 20200101), []),
        (Age(float("inf")), [1, 2, 3]),
        (Age(0), [1, 2, 3]),
        (All((Not(Not(Enrollment(5, 5))),)), [2]),
        (Not(Any((Enrollment(5, 5), Not(Days("start", None, None))))), [3]),
        (Any(), []),
    ],
)
def test_ranges_take_any_bounds(cache: Cache, node: Node, expected: list[int]) -> None:
    design = {"designModule": {"enrollmentInfo": {"count": 5}}}
    dated = {"statusModule": {"startDateStruct": {"date": "2020-05"}}}
    kept(cache, [raw(nct_id(1)), raw(nct_id(2), **design), raw(nct_id(3), **dated)])
    with opened(cache) as engine:
        found = engine.answer(Question(All((Words(("trial",)), node)), {}))
    assert ids(found) == [nct_id(number) for number in expected]


# -- cards -------------------------------------------------------------------------------------------------------------


def test_cards_come_in_the_order_asked_for(cache: Cache) -> None:
    in_segments(cache, range(1, 31), updates=2)
    with opened(cache) as engine:
        engine.answer(Question(LUPUS, {}, limit=5))
        wanted = [nct_id(number) for number in (20, 1, 4, 1, 7)]  # hits just told, others, one of them twice
        assert [card.nct_id for card in engine.cards(wanted)] == wanted
        assert engine.cards([]) == []
        with pytest.raises(KeyError):
            engine.cards([nct_id(99)])


# -- what a short command loads ---------------------------------------------------------------------------------------

ASKING = """
import sys
from pathlib import Path
from index.query.parse import parse
from index.search import SearchRequest, open_index
with open_index(Path(sys.argv[1])) as index:
    page = index.search(SearchRequest("lupus", parse("lupus"), facets=True, synonyms=True))
    assert page.total == 30, page
print(*{"numpy", "index.likeness", "index.engines.tantivy.writing"} & sys.modules.keys())
"""


def test_a_search_of_words_loads_neither_numpy_nor_what_is_built_on_it(cache: Cache) -> None:
    in_segments(cache, range(1, 31), updates=0)
    done = subprocess.run(
        [sys.executable, "-c", ASKING, str(cache.index)], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert done.stdout == "\n"


# -- damage ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["json", "fast", "fieldnorm", "idx", "pos", "store", "term"])
@pytest.mark.parametrize("left", [None, 0.0, 0.5], ids=["missing", "empty", "half"])
def test_a_file_that_is_missing_or_cut_is_told_at_opening(cache: Cache, kind: str, left: float | None) -> None:
    in_segments(cache, range(1, 31), updates=0)
    name = "meta.json" if kind == "json" else f"*.{kind}"
    (path,) = (folder_of(cache) / "tantivy").glob(name)
    body = path.read_bytes()
    path.unlink()
    if left is not None:
        path.write_bytes(body[: int(left * len(body))])
    with pytest.raises(ValueError, match=r".+") as failed:
        engine_of(folder_of(cache))
    assert len(str(failed.value)) <= 200
    with pytest.raises(IndexDamaged), open_index(cache.index):
        pass


def test_a_folder_that_can_t_be_written_is_read(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    in_segments(cache, range(1, 31), updates=0)
    folder = folder_of(cache)
    for lock in (folder / "tantivy").glob("*.lock"):
        lock.unlink()
    files = sorted((folder / "tantivy").iterdir())
    monkeypatch.setattr("os.access", lambda _path, _mode: False)
    engine = engine_of(folder)
    assert sorted((folder / "tantivy").iterdir()) == files
    shutil.rmtree(folder / "tantivy")
    found = engine.answer(Question(parse("lupus"), {}, limit=3, facets=True))
    assert (found.total, [nct_id for nct_id, _ in found.hits]) == (30, [nct_id(n) for n in (1, 2, 3)])
    assert [card.nct_id for card in engine.cards([nct_id(30)])] == [nct_id(30)]


def test_an_engine_of_other_columns_is_told_at_opening(cache: Cache) -> None:
    in_segments(cache, range(1, 31), updates=0)
    first = folder_of(cache)
    kept(cache, [trial(31)])
    shutil.rmtree(first / "tantivy")
    (folder_of(cache) / "tantivy").rename(first / "tantivy")
    with pytest.raises(ValueError, match="31 trials beside columns of 30"):
        engine_of(first)


def test_an_update_of_a_damaged_index_says_so(cache: Cache, tmp_path: Path) -> None:
    in_segments(cache, range(1, 31), updates=0)
    previous = folder_of(cache) / "tantivy"
    (previous / "meta.json").write_bytes(b"{")
    with pytest.raises(IndexDamaged):
        TantivyWriter(Place(tmp_path / "aside", 9, previous))
    assert not (tmp_path / "aside").exists()


def test_a_panic_of_the_library_is_an_error_like_others() -> None:
    made: Schema = schema()
    with pytest.raises(ValueError, match="phrase query"):
        quietly(Query.phrase_query, made, PIECES[0], ["alone"])


def test_what_can_t_be_committed_is_told_at_the_end(tmp_path: Path) -> None:
    writer = TantivyWriter(Place(tmp_path / "aside", 1))
    shutil.rmtree(tmp_path / "aside")
    writer.complete()
    with pytest.raises(OSError, match="tantivy could not write the index"):
        writer.finish()
    writer.abandon()
