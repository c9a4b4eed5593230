import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from index.document import Document
from index.similar.contents import Contents
from index.similar.groups import GROUPS
from index.similar.vectors import VectorWriter
from tests.naive import DOCUMENTS, naive_scores
from tests.vectors import inverted, numbers, read, titled, weights, write

# Weights are kept in 16 bits: two ways to the same one may differ by the last, a product of two by more.
HALF, PRODUCT = 1e-3, 2e-3


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def every_score(folder: Path, documents: list[Document]) -> NDArray[np.float64]:
    matrix = read(folder, documents)
    every = np.arange(len(documents))
    return np.array([matrix.scores(matrix.query([row]), every) for row in every.tolist()])


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's vectors, of one batch."""
    return write(tmp_path_factory.mktemp("vectors") / "whole", DOCUMENTS)


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.similar.vectors.PART_ROWS", 16)
    monkeypatch.setattr("index.similar.merging.PART_ROWS", 16)


# -- a whole build ---------------------------------------------------------------------------------------------------


def test_scores_are_what_the_definition_says(whole: Path) -> None:
    assert every_score(whole, DOCUMENTS) == pytest.approx(naive_scores(DOCUMENTS), rel=PRODUCT, abs=1e-6)


@settings(deadline=None, max_examples=20)
@given(cuts=st.sets(st.integers(0, len(DOCUMENTS)), max_size=6), rows=st.sampled_from([1, 7, 16, 1 << 16]))
def test_a_stream_of_batches_is_one_batch(
    whole: Path, tmp_path_factory: pytest.TempPathFactory, cuts: set[int], rows: int
) -> None:
    bounds = [0, *sorted(cuts), len(DOCUMENTS)]
    batches = [DOCUMENTS[begin:end] for begin, end in pairwise(bounds)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("index.similar.vectors.PART_ROWS", rows)
        folder = write(tmp_path_factory.mktemp("vectors") / "streamed", *batches)
    assert len(Contents.read(folder).parts) == -(-len(DOCUMENTS) // rows)
    streamed, single = read(folder, DOCUMENTS), read(whole, DOCUMENTS)
    for row in range(len(DOCUMENTS)):
        assert weights(streamed, row) == pytest.approx(weights(single, row), rel=HALF)


def test_nothing_is_left_of_what_was_gathered(whole: Path) -> None:
    assert set(files(whole)) == {"contents.json", "frequency", "vocabulary", "part-000000"}


def test_a_term_is_shown_as_the_batch_that_used_it_most_wrote_it(tmp_path: Path) -> None:
    batches = [[titled(1, "vaccine")], [titled(2, "vaccines against mumps, vaccines")], [titled(3, "vaccine")]]
    matrix = read(write(tmp_path / "v", *batches), [each for batch in batches for each in batch])
    terms = {column // len(GROUPS) for column in matrix.row(0).columns.tolist()}
    assert [matrix.surface(term) for term in terms] == ["vaccines"]


def test_a_word_said_beyond_counting_counts_as_often_as_can_be_counted(tmp_path: Path) -> None:
    most, more = (titled(number, "tumour " * count + "kidney") for number, count in ((1, 65_535), (2, 70_000)))
    matrix = read(write(tmp_path / "v", [most, more, titled(3, "other")]), [most, more, titled(3, "other")])
    assert weights(matrix, 0) == weights(matrix, 1)


def test_of_no_trials_there_are_no_vectors_and_an_update_brings_the_first(tmp_path: Path) -> None:
    empty = write(tmp_path / "empty")
    assert read(empty, []).size == 0
    first = [titled(7, "tumour of the kidney"), titled(9, "tumour of the liver")]
    matrix = read(write(tmp_path / "first", first, previous=empty), first)
    assert set(weights(matrix, 0)) == {(term, group) for term in ("tumour", "kidney") for group in ("topic", "text")}
    assert matrix.scores(matrix.row(0), np.arange(2))[1] > 0


# -- an update -------------------------------------------------------------------------------------------------------


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """All but the last five of the sample."""
    return write(tmp_path / "base", DOCUMENTS[:-5])


def test_an_update_leaves_what_stood_before_as_it_was(base: Path, tmp_path: Path) -> None:
    before = files(base)
    opened = read(base, DOCUMENTS[:-5])
    write(tmp_path / "updated", DOCUMENTS[-5:], previous=base)
    broken_off = VectorWriter(tmp_path / "broken-off", base)
    broken_off.add(inverted(DOCUMENTS[-5:]), numbers(DOCUMENTS[-5:]), [])
    assert files(base) == before
    assert weights(opened, 3) == weights(read(base, DOCUMENTS[:-5]), 3)


def test_an_update_shares_what_does_not_change(base: Path, tmp_path: Path) -> None:
    updated = write(tmp_path / "updated", DOCUMENTS[-5:], previous=base)
    shared = {name for name in files(updated) if (base / name).exists() and (base / name).samefile(updated / name)}
    assert shared == {"part-000000", "frequency"}
    assert set(files(updated)) - shared == {"part-000001", "vocabulary", "contents.json"}
    assert Contents.read(updated) == Contents(len(DOCUMENTS) - 5, ["part-000000", "part-000001"])


def test_without_hard_links_files_are_copied(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_paths: Path) -> None:
        raise PermissionError

    linked = write(tmp_path / "linked", DOCUMENTS[-5:], previous=base)
    monkeypatch.setattr(os, "link", refuse)
    assert files(write(tmp_path / "copied", DOCUMENTS[-5:], previous=base)) == files(linked)


def test_where_trials_only_went_no_part_is_written(base: Path, tmp_path: Path) -> None:
    updated = write(tmp_path / "updated", previous=base)
    assert files(updated) == files(base)
    left = DOCUMENTS[1:-5:2]
    rest, all_of_them = read(updated, left), read(base, DOCUMENTS[:-5])
    for row, each in enumerate(left):
        assert weights(rest, row) == weights(all_of_them, DOCUMENTS.index(each))


def test_the_newest_version_of_a_trial_counts(base: Path, tmp_path: Path) -> None:
    changed = titled(int(DOCUMENTS[4].nct_id[3:]), "zinc lozenges in the common cold")
    documents = [*DOCUMENTS[:4], changed, *DOCUMENTS[5:-5]]
    first = write(tmp_path / "first", [changed], previous=base)
    assert {term for term, _ in weights(read(first, documents), 4)} == {"zinc", "lozeng", "common", "cold"}
    back = write(tmp_path / "back", [DOCUMENTS[4]], previous=first)
    assert weights(read(back, DOCUMENTS[:-5]), 4) == weights(read(base, DOCUMENTS[:-5]), 4)
    assert every_score(back, DOCUMENTS[:-5]) == pytest.approx(every_score(base, DOCUMENTS[:-5]))


def test_a_term_that_nothing_used_before_weighs_as_if_one_had(tmp_path: Path) -> None:
    held = [titled(1, "tumour kidney"), titled(2, "tumour liver"), titled(3, "tumour")]
    new = titled(4, "liver zinc")
    base = write(tmp_path / "base", held)
    found = weights(read(write(tmp_path / "updated", [new], previous=base), [*held, new]), 3)
    assert found["zinc", "text"] == found["liver", "text"]


def test_an_update_is_near_a_rebuild(base: Path, whole: Path, tmp_path: Path) -> None:
    updated = every_score(write(tmp_path / "updated", DOCUMENTS[-5:], previous=base), DOCUMENTS)
    rebuilt = every_score(whole, DOCUMENTS)
    tops = [np.argsort(-scores, kind="stable")[:, 1:11] for scores in (updated, rebuilt)]
    overlap = [np.intersect1d(mine, theirs).size / 10 for mine, theirs in zip(*tops, strict=True)]
    assert np.mean(overlap) >= 0.95
    assert np.abs(updated - rebuilt).mean() < 0.05 * rebuilt.mean()


# -- parts that become one -------------------------------------------------------------------------------------------


def updates(base: Path, folder: Path, documents: list[Document]) -> Iterator[Path]:
    """Bring vectors up to date with one trial after the other."""
    for number, each in enumerate(documents):
        base = write(folder / f"updated-{number}", [each], previous=base)
        yield base


def test_many_updates_leave_few_parts(base: Path, tmp_path: Path) -> None:
    rows = [len(Contents.read(made).parts) for made in updates(base, tmp_path, DOCUMENTS[20:34])]
    # 1, 2, 2 + 1, 4, ... and the base: how many ones the number of updates has in binary
    assert rows == [1 + number.bit_count() for number in range(1, 15)]


def test_parts_that_became_one_say_what_they_said(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = [
        titled(int(each.nct_id[3:]), f"zinc in cold number {row % 3}") for row, each in enumerate(DOCUMENTS[:-5])
    ]
    news = [*DOCUMENTS[-5:], changed[40], changed[2], DOCUMENTS[2], changed[7], changed[40], DOCUMENTS[-3]]
    *_, merged = updates(base, tmp_path / "merged", news)
    monkeypatch.setattr("index.similar.vectors.mergeable", lambda _parts, _rows: [])
    *_, apart = updates(base, tmp_path / "apart", news)
    documents = list(DOCUMENTS)
    documents[7], documents[40] = changed[7], changed[40]
    assert len(Contents.read(merged).parts) < len(Contents.read(apart).parts) == 1 + len(news)
    one, many = read(merged, documents), read(apart, documents)
    assert [weights(one, row) for row in range(len(documents))] == [weights(many, row) for row in range(len(documents))]


@pytest.mark.usefixtures("small_parts")
def test_full_parts_stay_as_they_are(base: Path, tmp_path: Path) -> None:
    *_, updated = updates(base, tmp_path, DOCUMENTS[-5:])
    assert Contents.read(updated).parts[:2] == Contents.read(base).parts[:2]
    filled = write(tmp_path / "filled", DOCUMENTS[:40], previous=base)  # more than a part holds
    assert Contents.read(filled).parts == [f"part-{number:06d}" for number in range(6)]
    assert every_score(filled, DOCUMENTS[:-5]) == pytest.approx(every_score(base, DOCUMENTS[:-5]), rel=PRODUCT)


# -- files that are not what was written -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["part-000000", "vocabulary", "contents.json"])
def test_a_file_that_is_cut_or_missing_is_told_at_opening(base: Path, name: str) -> None:
    body = (base / name).read_bytes()
    for length in (0, 5, 100, len(body) - 1):
        if length < len(body):
            (base / name).write_bytes(body[:length])
            with pytest.raises(ValueError, match=r".") as caught:
                read(base, DOCUMENTS[:-5])
            assert caught.value.args
    (base / name).unlink()
    with pytest.raises(FileNotFoundError):
        read(base, DOCUMENTS[:-5])
