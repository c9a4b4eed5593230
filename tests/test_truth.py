"""Truth tables, good ones and bad ones."""

from pathlib import Path

import pytest

from index.similar.truth import Truth, TruthForeign, read_truth

HEAD = "group\tquery\tcandidate\tgain\n"


def write(folder: Path, text: str | bytes) -> str:
    path = folder / "truth.tsv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return str(path)


def test_queries_stand_in_order_with_their_candidates(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        HEAD + "two\tNCT00000002\tNCT00000003\t1\none\tNCT00000002\tNCT00000001\t0\n"
        "two\tNCT00000002\tNCT00000004\t0.5\n",
    )
    assert read_truth(path) == [
        Truth("two", "NCT00000002", {"NCT00000003": 1.0, "NCT00000004": 0.5}),
        Truth("one", "NCT00000002", {"NCT00000001": 0.0}),
    ]
    assert [truth.closed for truth in read_truth(path)] == [False, True]


def test_forms_that_people_write_are_taken(tmp_path: Path) -> None:
    # A byte-order mark, columns in another order, Windows' ends of lines, ids in any case, blank lines.
    text = "gain\tcandidate\tquery\tgroup \r\n\r\n2\tnct00000003\t NCT2 \ta\r\n"
    path = write(tmp_path, b"\xef\xbb\xbf" + text.encode())
    assert read_truth(path) == [Truth("a", "NCT00000002", {"NCT00000003": 2.0})]


def test_of_a_candidate_told_twice_the_higher_gain_counts_and_the_query_is_not_its_own(tmp_path: Path) -> None:
    lines = ("NCT00000003\t1", "NCT00000003\t2", "NCT00000003\t0", "NCT00000002\t2")
    path = write(tmp_path, HEAD + "".join(f"a\tNCT00000002\t{line}\n" for line in lines))
    assert read_truth(path) == [Truth("a", "NCT00000002", {"NCT00000003": 2.0})]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is empty"),
        ("\n  \n", "it is empty"),
        (HEAD, "nothing below"),
        ("group\tquery\tcandidate\n", "it lacks the column 'gain'"),
        ("group\tquery\tcandidate\tgain\tnote\n", "a column 'note', which is unknown"),
        ("group\tquery\tcandidate\tgain\tgain\n", "the column 'gain' twice"),
        ("group,query,candidate,gain\n", "which is unknown"),
        (HEAD + "a\tNCT00000001\tNCT00000002\n", "line 2 has 3 of 4 columns"),
        (HEAD + "\na\tNCT00000001\tNCT00000002\tmuch\n", "line 3: the gain 'much' is no number from 0 to 100"),
        (HEAD + "a\tNCT00000001\tNCT00000002\tnan\n", "the gain 'nan' is no number"),
        (HEAD + "a\tNCT00000001\tNCT00000002\t-1\n", "the gain '-1' is no number"),
        (HEAD + "a\tNCT00000001\tNCT00000002\t1e9\n", "the gain '1e9' is no number"),
        (HEAD + "a\tNCT00000001\t\t1\n", "line 2: '' is no NCT id"),
        (HEAD + "a\tEUCTR1\tNCT00000002\t1\n", "line 2: 'EUCTR1' is no NCT id"),
        (b"\xff\xfe\x00", "can't be read"),
    ],
)
def test_a_bad_file_is_told_of(tmp_path: Path, text: str | bytes, reason: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(TruthForeign) as raised:
        read_truth(path)
    assert reason in str(raised.value)
    assert path in str(raised.value)
    assert raised.value.exit_code == 2


def test_a_file_that_is_not_there_or_a_folder_is_told_of(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing.tsv", tmp_path):
        with pytest.raises(TruthForeign, match="can't be read"):
            read_truth(str(path))
