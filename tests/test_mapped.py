import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from index.mapped import File, Folder, Kinds, append, held, read_arrays, write_arrays
from tests.conftest import ROOT

KINDS: Kinds = {"bytes": "B", "none": "f", "halves": "e", "numbers": "q"}


@pytest.fixture
def arrays(tmp_path: Path) -> Path:
    found: dict[str, NDArray[Any]] = {
        "bytes": np.arange(5, dtype=np.uint8),
        "none": np.zeros(0, np.float32),
        "halves": np.array([0.5, 1], np.float16),
        "numbers": np.array([-1, 2**40]),
    }
    write_arrays(tmp_path / "arrays", KINDS, found)
    return tmp_path / "arrays"


def test_arrays_are_read_as_they_were_written(arrays: Path) -> None:
    found = read_arrays(arrays, KINDS)
    assert {name: array.tolist() for name, array in found.items()} == {
        "bytes": [0, 1, 2, 3, 4],
        "none": [],
        "halves": [0.5, 1],
        "numbers": [-1, 2**40],
    }
    assert [array.dtype for array in found.values()] == [np.uint8, np.float32, np.float16, np.int64]


def test_whole_numbers_are_read_without_numpy(arrays: Path) -> None:
    found = read_arrays(arrays, KINDS)
    assert [found.view(name).tolist() for name in ("bytes", "numbers")] == [[0, 1, 2, 3, 4], [-1, 2**40]]


def test_numbers_lie_in_a_file_one_after_the_other(tmp_path: Path) -> None:
    with (tmp_path / "numbers").open("wb") as file:
        for array in (np.zeros(0, np.int16), np.array([[1, 2], [3, 4]], np.int16).T, np.array([5], np.int16)):
            append(array, file)
    assert np.fromfile(tmp_path / "numbers", np.int16).tolist() == [1, 3, 2, 4, 5]


@pytest.mark.parametrize("size", [1, 100_000])
def test_a_disk_without_room_is_told(tmp_path: Path, size: int) -> None:
    code = (
        "import resource, sys, numpy; from pathlib import Path; from index.mapped import append\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4, 4))\n"
        "with Path(sys.argv[1]).open('wb') as file: append(numpy.zeros(int(sys.argv[2])), file)"
    )
    words = [sys.executable, "-c", code, str(tmp_path / "full"), str(size)]
    ran = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr.splitlines()[-1]) == (1, "OSError: [Errno 27] File too large")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"numbers", b"numbres"),
        (b'"bytes":5', b'"bytes":9'),
        (b'"none":0', b'"none":9'),
        (b'"halves":2', b'"halves":"'),
        (b'"bytes":5', b'"bytes":-'),
        (b'{"bytes"', b' "bytes"'),
    ],
)
def test_another_table_of_arrays_is_told(arrays: Path, old: bytes, new: bytes) -> None:
    arrays.write_bytes(arrays.read_bytes().replace(old, new))
    with pytest.raises(ValueError, match=r"."):
        read_arrays(arrays, KINDS)


def test_threads_may_read_at_once(arrays: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        found = threads.map(lambda _: read_arrays(arrays, KINDS)["numbers"].tolist(), range(200))
    assert list(found) == [[-1, 2**40]] * 200


def test_sizes_are_told_without_the_arrays(arrays: Path) -> None:
    assert read_arrays(arrays, KINDS).sizes == {"bytes": 5, "none": 0, "halves": 2, "numbers": 2}


def test_a_folder_s_files_are_read_though_they_are_gone(arrays: Path) -> None:
    (arrays.parent / "text").write_bytes(b"as it was")
    folder = Folder(arrays.parent, {"arrays": KINDS, "text": None})
    for name in ("arrays", "text"):
        (arrays.parent / name).unlink()
    assert (folder / "text").read_bytes() == b"as it was"
    assert read_arrays(folder / "arrays", KINDS)["bytes"].tolist() == [0, 1, 2, 3, 4]


def test_a_folder_looks_over_its_arrays_when_it_is_opened(arrays: Path) -> None:
    with pytest.raises(ValueError, match="not bytes"):
        Folder(arrays.parent, {"arrays": {"bytes": "B"}})
    with pytest.raises(FileNotFoundError):
        Folder(arrays.parent, {"arrays": KINDS, "text": None})


def test_a_file_that_is_open_is_not_opened_again(arrays: Path) -> None:
    file = held(arrays)
    assert isinstance(file, File)
    assert held(file) is file
