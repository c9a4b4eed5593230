"""Indexes that can't serve: each is told with its next step, and mended by it."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.config import Cache
from crawler.store import Store
from index.build import choose_engine
from index.errors import EngineDiffers, EngineUnknown, IndexDamaged, IndexMissing, IndexOutdated
from index.manifest import Manifest, read_manifest, write_manifest
from index.search import open_index
from index.verify import index_problems
from tests.generations import about, found, generations
from tests.indexes import brought_up, keep
from tests.records import raw

pytest_plugins = ("tests.generations",)


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
