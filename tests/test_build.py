import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.config import Cache
from crawler.record import RawRecord
from crawler.store import Store
from index import search
from index.build import build, choose_engine, update
from index.errors import EngineDiffers, EngineUnknown, IndexDamaged, IndexMissing, IndexOutdated
from index.manifest import Manifest, checksums, read_manifest, write_manifest
from index.query.parse import parse
from index.search import SearchRequest, open_index
from index.similar.reasons import no_kin
from index.verify import index_problems
from tests.indexes import brought_up, indexed, keep
from tests.records import raw


def generations(cache: Cache) -> list[str]:
    return sorted(path.name for path in cache.index.iterdir() if path.is_dir())


def found(cache: Cache, query: str = "trial") -> list[str]:
    with open_index(cache.index) as index:
        return [hit.nct_id for hit in index.search(SearchRequest(node=parse(query))).hits]


def broken_off(cache: Cache, error: BaseException, at: int = 2) -> None:
    """Bring the index up and fail when so many trials were read."""
    read = 0

    def advance(more: int) -> None:
        nonlocal read
        read += more
        if read == at:
            raise error

    with Store.writing(cache) as store, pytest.raises(type(error)):
        update(store, "auto", advance)


def about(nct_id: str, condition: str) -> RawRecord:
    return raw(nct_id, conditionsModule={"conditions": [condition]})


@pytest.fixture
def three(cache: Cache) -> Cache:
    """A cache with three trials, the first two of one condition, indexed."""
    conditions = {1: "Scleroderma", 2: "Scleroderma", 3: "Mumps"}
    keep(cache, *(about(f"NCT0000000{number}", condition) for number, condition in conditions.items()))
    brought_up(cache)
    return cache


# -- building --------------------------------------------------------------------------------------------------------


def test_a_first_build_is_generation_1_and_says_what_it_is(three: Cache) -> None:
    manifest = read_manifest(three.index)
    assert (manifest.generation, manifest.documents, manifest.engine) == (1, 3, "whoosh")
    assert manifest.data_timestamp is None
    assert manifest.files == checksums(three.index / "generation-000001")
    assert {path.partition("/")[0] for path in manifest.files} == {
        "carriers",
        "columns",
        "sites",
        "vectors",
        "whoosh",
        "words",
    }
    assert sorted(path.name for path in three.index.iterdir()) == ["generation-000001", "manifest.json"]


def test_an_unchanged_store_is_not_indexed_again(three: Cache) -> None:
    before = {path: path.stat().st_mtime_ns for path in three.index.rglob("*")}
    manifest, built = brought_up(three)
    assert (built, manifest.generation) == (False, 1)
    keep(three, about("NCT00000002", "Scleroderma"))  # the same record once more
    assert brought_up(three) == (manifest, False)
    assert {path: path.stat().st_mtime_ns for path in three.index.rglob("*")} == before


def test_a_changed_store_is_indexed_again(three: Cache) -> None:
    keep(three, raw("NCT00000004"))
    manifest, built = brought_up(three)
    assert (built, manifest.generation, manifest.documents) == (True, 2, 4)
    assert len(found(three)) == 4


def test_a_rebuild_builds_whatever_stands_there(three: Cache) -> None:
    with Store.writing(three) as store:
        manifest, built = update(store, "auto", lambda _more: None, rebuild=True)
    assert (built, manifest.generation) == (True, 2)


def test_every_trial_read_is_told(three: Cache) -> None:
    read: list[int] = []
    with Store.writing(three) as store:
        build(store, "whoosh", read.append)
    assert sum(read) == 3


def test_a_record_that_breaks_the_rules_is_left_out(three: Cache) -> None:
    keep(three, raw("NCT00000004", statusModule={"startDateStruct": {"date": "soon"}}))
    manifest, _ = brought_up(three)
    assert manifest.documents == 3


def test_a_store_without_trials_is_an_index_without_documents(cache: Cache) -> None:
    keep(cache)
    manifest, built = brought_up(cache)
    assert (built, manifest.documents) == (True, 0)
    assert found(cache) == []


# -- switching -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(28, "No space left on device")], ids=["stop", "full"])
def test_a_build_broken_off_leaves_the_old_generation_serving(three: Cache, error: BaseException) -> None:
    keep(three, raw("NCT00000004"))
    broken_off(three, error)
    assert read_manifest(three.index).generation == 1
    assert len(found(three)) == 3
    manifest, built = brought_up(three)
    assert (built, manifest.documents) == (True, 4)
    assert generations(three) == ["generation-000001", "generation-000002"]
    assert len(found(three)) == 4


def test_a_first_build_broken_off_leaves_no_index(cache: Cache) -> None:
    keep(cache, raw("NCT00000001"), raw("NCT00000002"))
    broken_off(cache, KeyboardInterrupt())
    with pytest.raises(IndexMissing):
        found(cache)
    assert brought_up(cache)[1]
    assert found(cache) == ["NCT00000001", "NCT00000002"]


def test_a_build_that_can_t_begin_leaves_nothing(three: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("index.generation.engine_writer", full)
    keep(three, raw("NCT00000004"))
    with pytest.raises(OSError, match="No space left"):
        brought_up(three)
    assert generations(three) == ["generation-000001"]


def test_what_a_killed_build_left_is_removed_and_never_taken_for_an_index(three: Cache) -> None:
    killed_while_writing = three.index / "building-000002"
    killed_before_the_manifest = three.index / "generation-000002"
    for folder in (killed_while_writing, killed_before_the_manifest):
        folder.mkdir()
        (folder / "half").write_bytes(b"half")
    (three.index / "manifest.json.new").write_bytes(b"half")
    assert len(found(three)) == 3
    keep(three, raw("NCT00000004"))
    manifest, _ = brought_up(three)
    assert manifest.generation == 3
    assert not killed_while_writing.exists()
    assert len(found(three)) == 4


def test_old_generations_are_removed_but_the_one_before(three: Cache) -> None:
    for number in range(4, 8):
        keep(three, raw(f"NCT0000000{number}"))
        brought_up(three)
    assert generations(three) == ["generation-000004", "generation-000005"]
    assert len(found(three)) == 7


def test_a_reader_keeps_the_generation_that_it_opened(three: Cache) -> None:
    with open_index(three.index) as index:
        for number in (4, 5, 6):
            keep(three, raw(f"NCT0000000{number}"))
            brought_up(three)
        assert not (three.index / "generation-000001").exists()
        page = index.search(SearchRequest(node=parse("trial"), facets=True))
        assert [hit.nct_id for hit in page.hits] == ["NCT00000001", "NCT00000002", "NCT00000003"]
        assert index.card("NCT00000004") is None
        nearest, other = index.similar(["NCT00000001"], {}, 10, no_kin)
        assert (nearest.nct_id, other.nct_id) == ("NCT00000002", "NCT00000003")
        assert nearest.why is not None
        assert nearest.why.terms[0].term == "scleroderma"
    assert len(found(three)) == 6


def test_a_reader_that_two_updates_overtook_opens_the_newest(three: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    first = read_manifest(three.index)
    for number in (4, 5):
        keep(three, raw(f"NCT0000000{number}"))
        brought_up(three)
    read = iter([first])
    monkeypatch.setattr(search, "read_manifest", lambda folder: next(read, None) or read_manifest(folder))
    assert not (three.index / first.folder).exists()
    assert len(found(three)) == 5


# -- what can't serve ------------------------------------------------------------------------------------------------


def rewritten(cache: Cache, **changes: int) -> None:
    manifest = read_manifest(cache.index)
    write_manifest(cache.index, msgspec.structs.replace(manifest, **changes))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"index_version": 99}, "by another version of trialkin (layout 99, not {index})"),
        ({"analysis_version": 99}, "with another analysis (99, not {analysis})"),
    ],
)
def test_an_index_of_another_version_is_refused_and_built_anew(
    three: Cache, changes: dict[str, int], sentence: str
) -> None:
    ours = read_manifest(three.index)
    rewritten(three, **changes)
    with pytest.raises(IndexOutdated) as caught:
        found(three)
    made = sentence.format(index=ours.index_version, analysis=ours.analysis_version)
    assert str(caught.value) == f"the index was made {made}. Build it anew with `trialkin index --rebuild`."
    manifest, built = brought_up(three)
    assert (built, manifest.generation) == (True, 2)
    assert len(found(three)) == 3


def test_another_engine_than_the_index_has_is_an_error_with_a_next_step(three: Cache) -> None:
    with pytest.raises(EngineDiffers) as caught, open_index(three.index, "tantivy"):
        pass
    assert str(caught.value) == (
        "the index here is whoosh's, not tantivy's. Move it with `trialkin index --engine tantivy`."
    )
    with open_index(three.index, "whoosh") as index:
        assert index.manifest.engine == "whoosh"


def test_an_engine_that_is_none_is_refused_before_anything_is_done(three: Cache) -> None:
    with pytest.raises(EngineUnknown) as caught:
        choose_engine("lucene")
    assert str(caught.value).startswith("there is no engine 'lucene'; one of: auto, whoosh")
    with pytest.raises(EngineUnknown):
        brought_up(three, "lucene")
    assert generations(three) == ["generation-000001"]


def test_no_index_says_how_to_build_one(cache: Cache) -> None:
    with pytest.raises(IndexMissing) as caught:
        found(cache)
    assert str(caught.value) == f"{cache.index} holds no index yet. Build it with `trialkin index`."


@pytest.mark.parametrize("content", [b"", b"{}", b"null", b"\xff\xfe", b'{"sha256":"","manifest":{}}'])
def test_a_file_that_is_no_manifest_is_damaged(three: Cache, content: bytes) -> None:
    path = three.index / "manifest.json"
    path.write_bytes(content)
    with pytest.raises(IndexDamaged) as caught:
        read_manifest(three.index)
    assert str(caught.value).startswith(f"{path} is damaged (")
    assert str(caught.value).endswith("Build the index anew with `trialkin index --rebuild`.")
    assert brought_up(three)[1]


@pytest.mark.parametrize("engine", ["whoosh", "tantivy"])
def test_a_file_that_was_cut_off_is_told_and_the_next_index_mends_it(cache: Cache, engine: str) -> None:
    keep(cache, about("NCT00000001", "Scleroderma"), about("NCT00000002", "Mumps"))
    brought_up(cache, engine)
    for name, size in read_manifest(cache.index).sizes.items():
        manifest = read_manifest(cache.index)
        path = cache.index / manifest.folder / name
        if not size or not path.exists():  # each build of an engine's names some files anew
            continue
        path.write_bytes(path.read_bytes()[: size // 2])
        with pytest.raises(IndexDamaged) as caught:
            found(cache)
        assert str(caught.value).startswith(f"{path} is damaged (it has {size // 2} bytes, not {size})")
        assert brought_up(cache, engine)[1]
        assert found(cache, "mumps") == ["NCT00000002"]


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a manifest alone, and with nothing of a build's in it."""
    folder = tmp_path_factory.mktemp("sealed")
    made = Manifest(
        index_version=1,
        analysis_version=1,
        engine="whoosh",
        generation=1,
        documents=3,
        updates=0,
        updated=0,
        change=3,
        content="content",
        data_timestamp=None,
        built_at="2026-08-19T00:00:00Z",
        files={"columns/a.npy": "0" * 64},
    )
    write_manifest(folder, made)
    return folder


@given(data=st.data())
def test_a_flipped_bit_in_the_manifest_is_found(sealed: Path, data: st.DataObject) -> None:
    path = sealed / "manifest.json"
    whole = path.read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    bit = data.draw(st.integers(0, 7))
    try:
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :])
        with pytest.raises(IndexDamaged):
            read_manifest(sealed)
    finally:
        path.write_bytes(whole)


@pytest.mark.parametrize(
    "missing",
    [
        *("columns/arrays", "columns/values.json", "sites/arrays", "vectors/contents.json", "vectors/part-000000"),
        *("vectors/frequency", "vectors/vocabulary", "words/synonyms.rows", "words/dictionary.json"),
        "whoosh/part-000001",
    ],
)
def test_an_index_without_one_of_its_files_is_damaged(three: Cache, missing: str) -> None:
    gone = three.index / "generation-000001" / missing
    for path in [*gone.iterdir()] if gone.is_dir() else [gone]:
        path.unlink()
    with pytest.raises(IndexDamaged, match=r"generation-000001.* is damaged"):
        found(three)


@pytest.mark.parametrize(
    "cut", ["columns/arrays", "sites/arrays", "vectors/part-000000", "vectors/vocabulary", "words/synonyms.rows"]
)
def test_arrays_that_break_off_are_met_at_opening_whatever_is_asked(three: Cache, cut: str) -> None:
    path = three.index / "generation-000001" / cut
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(IndexDamaged, match=r"generation-000001.* is damaged"), open_index(three.index):
        pass


# -- verifying -------------------------------------------------------------------------------------------------------


def problems(cache: Cache) -> list[str]:
    with Store.reading(cache) as store:
        return list(index_problems(store, {}))


def test_a_sound_index_has_no_problem(three: Cache) -> None:
    checked: dict[str, int | bool] = {}
    with Store.reading(three) as store:
        assert list(index_problems(store, checked)) == []
    assert checked == {"index_files": len(read_manifest(three.index).files), "documents": 3}


def flip(path: Path) -> None:
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(body)


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (flip, "is not what was written; run `trialkin index --rebuild`"),
        (Path.unlink, "can't be read (No such file or directory); run `trialkin index --rebuild`"),
    ],
)
def test_a_harmed_file_is_told_by_its_name(three: Cache, harm: Callable[[Path], None], told: str) -> None:
    for name in ("columns/arrays", "vectors/part-000000", "columns/values.json"):
        harm(three.index / "generation-000001" / name)
    folder = three.index / "generation-000001"
    names = ["columns/arrays", "columns/values.json", "vectors/part-000000"]
    assert problems(three) == [f"{folder / name}: {told}" for name in names]


def test_an_index_behind_its_store_is_told(three: Cache) -> None:
    keep(three, raw("NCT00000002", statusModule={"overallStatus": "TERMINATED"}))
    assert problems(three) == ["the index holds other versions than the 3 records here; run `trialkin index`"]
    brought_up(three)
    assert problems(three) == []


def test_the_manifest_s_seal_is_over_its_own_bytes(three: Cache) -> None:
    written = (three.index / "manifest.json").read_bytes()
    body = written[written.index(b'"manifest":') + len(b'"manifest":') : -1]
    assert hashlib.sha256(body).hexdigest() == json.loads(written)["sha256"]


def test_a_later_version_of_a_record_is_what_is_found(cache: Cache) -> None:
    with indexed(cache, raw("NCT00000001")) as index:
        assert index.search(SearchRequest(node=parse("trial"))).total == 1
    renamed: RawRecord = raw("NCT00000001", identificationModule={"briefTitle": "Renamed"})
    with indexed(cache, renamed) as index:
        assert index.search(SearchRequest(node=parse("trial"))).total == 0
        assert index.search(SearchRequest(node=parse("renamed"))).total == 1
