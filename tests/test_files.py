import gzip
import io
import json
import os
import threading
import zipfile
from pathlib import Path

import pytest

from crawler.errors import RecordInvalid
from crawler.files import Unread, read_source
from crawler.record import RawRecord
from tests.records import study

ONE = b'{"protocolSection": {"identificationModule" : {"nctId":"NCT00000001"}}}'
TWO = b'{"protocolSection":{"identificationModule":{"nctId":"NCT00000002","briefTitle":"\\u00e9 \xc3\xa9"}}}'
THREE = b'{ "protocolSection":{"identificationModule":{"nctId":"NCT00000003"}},"hasResults":false }'
PRETTY = json.dumps(study("NCT00000004"), indent=2).encode()

Told = list[tuple[str, bytes | str]]


def told(source: Path | str) -> Told:
    """Read a source: for each record its place (without the file's own name) and its bytes, else the reason."""
    found: Told = []
    for place, item in read_source(str(source)):
        assert place.startswith(str(source))
        where = place.removeprefix(str(source))
        if isinstance(item, Unread):
            assert item.source == place
            found.append((where, item.reason))
        else:
            found.append((where, item.body))
    return found


def write(tmp_path: Path, content: bytes, name: str = "file") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


def zipped(members: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


READABLE: dict[str, tuple[bytes, Told]] = {
    "an object": (ONE, [(":1", ONE)]),
    "an object with a line end": (THREE + b"\n", [(":1", THREE)]),
    "an object over lines": (PRETTY, [("", PRETTY)]),
    "an object over lines after blank ones": (b"\n \r\n" + PRETTY + b"\n\n", [("", PRETTY)]),
    "an array": (b"[" + ONE + b"," + TWO + b"]", [(":1", ONE), (":2", TWO)]),
    "an array over lines": (
        b"[\n  " + ONE + b",\n\n  " + PRETTY + b"\n]\n",
        [(":1", ONE), (":2", PRETTY)],
    ),
    "an empty array": (b"[]", []),
    "a page": (
        b'{"totalCount":2,"studies":[' + ONE + b", " + TWO + b'],"nextPageToken":"x"}',
        [(":1:1", ONE), (":1:2", TWO)],
    ),
    "a page over lines": (
        b'{\n  "studies": [\n    ' + PRETTY + b",\n    " + TWO + b"\n  ]\n}\n",
        [(":1", PRETTY), (":2", TWO)],
    ),
    "pages, one a line": (
        b'{"studies":[' + ONE + b']}\n\n{"studies":[' + TWO + b"," + THREE + b"]}\n",
        [(":1:1", ONE), (":3:1", TWO), (":3:2", THREE)],
    ),
    "an empty page": (b'{"studies":[]}', []),
    "lines": (ONE + b"\n" + TWO + b"\n" + THREE + b"\n", [(":1", ONE), (":2", TWO), (":3", THREE)]),
    "lines without a last end": (ONE + b"\n" + TWO, [(":1", ONE), (":2", TWO)]),
    "lines that end with CRLF": (ONE + b"\r\n" + TWO + b"\r\n", [(":1", ONE), (":2", TWO)]),
    "lines with blank ones between": (
        b"\n\n" + ONE + b"\n\n  \n\t" + TWO + b" \n\n",
        [(":3", ONE), (":6", TWO)],
    ),
    "lines after very many blank ones": (b"\n" * 5000 + ONE + b"\n" + TWO, [(":5001", ONE), (":5002", TWO)]),
    "a byte order mark": (b"\xef\xbb\xbf" + ONE + b"\n" + TWO, [(":1", ONE), (":2", TWO)]),
    "a byte order mark before an array": (b"\xef\xbb\xbf[" + ONE + b"]", [(":1", ONE)]),
    "a byte order mark before a value over lines": (b"\xef\xbb\xbf" + PRETTY, [("", PRETTY)]),
    "a record that speaks of studies": (
        b'{"protocolSection":{"studies":[1]}}\n' + ONE,
        [(":1", b'{"protocolSection":{"studies":[1]}}'), (":2", ONE)],
    ),
}


@pytest.mark.parametrize("shape", READABLE)
def test_records_come_out_as_they_stand_in_the_source(tmp_path: Path, shape: str) -> None:
    content, expected = READABLE[shape]
    assert told(write(tmp_path, content)) == expected


@pytest.mark.parametrize("shape", READABLE)
def test_gzip_is_told_by_its_bytes_not_by_its_name(tmp_path: Path, shape: str) -> None:
    content, expected = READABLE[shape]
    assert told(write(tmp_path, gzip.compress(content), "no-name-for-gzip.json")) == expected


@pytest.mark.parametrize("shape", READABLE)
def test_a_zip_holds_any_of_them(tmp_path: Path, shape: str) -> None:
    content, expected = READABLE[shape]
    packed = zipped({"first/NCT00000009.json": THREE, "second.json": content})
    assert told(write(tmp_path, packed)) == [
        (":first/NCT00000009.json:1", THREE),
        *[(f":second.json{where}", body) for where, body in expected],
    ]


def test_the_sites_zip_download_gives_each_record(tmp_path: Path) -> None:
    packed = zipped({"folder/": b"", "NCT00000001.json": ONE, "NCT00000004.json": PRETTY, "NCT00000002.json": TWO})
    assert told(write(tmp_path, packed, "ctg-studies.zip")) == [
        (":NCT00000001.json:1", ONE),
        (":NCT00000004.json", PRETTY),
        (":NCT00000002.json:1", TWO),
    ]


def test_one_bad_member_of_a_zip_stops_nothing(tmp_path: Path) -> None:
    packed = bytearray(zipped({"a.json": ONE, "b.json": b"<html>", "c.json": TWO * 9, "d.json": b"", "e.json": THREE}))
    packed[packed.index(b"c.json") + len("c.json")] ^= 0xFF  # the first byte of what c.json was packed to
    a, b, c, d, e = told(write(tmp_path, bytes(packed)))
    assert a == (":a.json:1", ONE)
    assert b[0] == ":b.json"
    assert str(b[1]).startswith("not JSON of a known shape (")
    assert c[0] == ":c.json"
    assert str(c[1]).startswith("can't be unpacked (")
    assert d == (":d.json", "is empty")
    assert e == (":e.json:1", THREE)


@pytest.mark.parametrize(
    ("offset", "value"),
    [(6, 0x01), (8, 99)],  # the flag for a password; a way to pack that nobody knows
)
def test_a_member_that_zipfile_cant_unpack_is_told(tmp_path: Path, offset: int, value: int) -> None:
    packed = bytearray(zipped({"a.json": ONE}))
    packed[packed.index(b"PK\x03\x04") + offset] = value
    packed[packed.index(b"PK\x01\x02") + offset + 2] = value
    (only,) = told(write(tmp_path, bytes(packed)))
    assert only[0] == ":a.json"
    assert str(only[1]).startswith("can't be unpacked (")


BAD = b'{"protocolSection":{"identificationModule":{"nctId":"NCT0000'


@pytest.mark.parametrize("bad", [BAD, b"<html>", b"\x00\xff", b"17", b"# made by hand"])
@pytest.mark.parametrize("at", [0, 1, 2])
def test_one_bad_line_among_good_ones_stops_nothing(tmp_path: Path, bad: bytes, at: int) -> None:
    lines = [ONE, TWO]
    lines.insert(at, bad)
    expected = [(f":{number}", line) for number, line in enumerate(lines, 1)]
    assert told(write(tmp_path, b"\n".join(lines) + b"\n")) == expected
    with pytest.raises(RecordInvalid):
        _ = RawRecord(bad).nct_id


NO_SHAPE = "not JSON of a known shape ("
UNREADABLE: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "is empty"),
    "blank lines": (b"\n \r\n\t\n" * 2000, "is empty"),
    "a byte order mark alone": (b"\xef\xbb\xbf", "is empty"),
    "a web page": (b"<!doctype html>\n<html><body>{}</body></html>\n", NO_SHAPE),
    "an image": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)), NO_SHAPE),
    "a spreadsheet": (b"NCT Number,Title\nNCT00000001,x\n", NO_SHAPE),
    "half a record over lines": (PRETTY[:-20], NO_SHAPE),
    "an array of something else": (b'[1, ["x"], {}]', NO_SHAPE),
    "a page of something else": (b'{\n"studies": 5}', NO_SHAPE),
    "text that is not UTF-8": ('{"a": "é"}'.encode("latin-1"), NO_SHAPE),
    "UTF-16": (ONE.decode().encode("utf-16"), NO_SHAPE),
    "brackets without end": (b"[" * 100_000, NO_SHAPE),
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_what_holds_no_records_is_told_once_with_its_reason(tmp_path: Path, kind: str) -> None:
    content, reason = UNREADABLE[kind]
    for source in (write(tmp_path, content), write(tmp_path, gzip.compress(content), "file.gz")):
        ((where, found),) = told(source)
        assert where == ""
        assert str(found).startswith(reason)


@pytest.mark.parametrize(
    ("content", "whole"),
    [
        (b"[\n" + ONE + b",\n" + TWO + b"\n", [(":1", ONE), (":2", TWO)]),
        (b"[" + ONE + b", " + TWO[:-9], [(":1", ONE)]),
        (b"[" + ONE + b"]\n[" + TWO + b"]", [(":1", ONE)]),
        (b"[" + ONE + b', "x"]', [(":1", ONE)]),
    ],
)
def test_what_came_before_a_break_in_an_array_counts(tmp_path: Path, content: bytes, whole: Told) -> None:
    *found, (where, reason) = told(write(tmp_path, content))
    assert found == whole
    assert where == ""
    assert str(reason).startswith(NO_SHAPE)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"17", [("", b"17")]),
        (b'"NCT00000001"\n', [("", b'"NCT00000001"')]),
        (b"null", [("", b"null")]),
        (b'{"error": "no such study"}', [(":1", b'{"error": "no such study"}')]),
    ],
)
def test_json_that_is_no_record_is_left_to_the_record_to_refuse(tmp_path: Path, content: bytes, expected: Told) -> None:
    assert told(write(tmp_path, content)) == expected
    for _, body in expected:
        assert isinstance(body, bytes)
        with pytest.raises(RecordInvalid):
            _ = RawRecord(body).nct_id


def test_gzip_that_is_cut_short_gives_what_it_held_and_says_so(tmp_path: Path) -> None:
    lines = [json.dumps(study(f"NCT{number:08d}", top={"n": number * 7919})).encode() for number in range(1, 3000)]
    packed = gzip.compress(b"\n".join(lines))
    *records, last = told(write(tmp_path, packed[: len(packed) // 2]))
    assert 0 < len(records) < 2999
    assert [body for _, body in records] == lines[: len(records)]
    assert last[0] == ""
    assert str(last[1]).startswith("the compressed data is cut short or damaged (Compressed file ended before")


@pytest.mark.parametrize("length", [2, 3, 5, 12])
def test_gzip_that_ends_in_its_header_is_damaged(tmp_path: Path, length: int) -> None:
    ((where, reason),) = told(write(tmp_path, gzip.compress(ONE)[:length]))
    assert where == ""
    assert str(reason).startswith("the compressed data is cut short or damaged (")


def test_gzip_with_a_flipped_byte_is_damaged(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(PRETTY))
    packed[-6] ^= 1  # in the checksum
    ((_, reason),) = told(write(tmp_path, bytes(packed)))
    assert str(reason).startswith("the compressed data is cut short or damaged (CRC check failed")


@pytest.mark.parametrize("length", [4, 20, 60, -1])
def test_a_broken_zip_is_damaged(tmp_path: Path, length: int) -> None:
    packed = zipped({"NCT00000001.json": ONE, "NCT00000002.json": TWO})
    ((where, reason),) = told(write(tmp_path, packed[:length]))
    assert where == ""
    assert str(reason).startswith("the compressed data is cut short or damaged (")


def test_what_is_not_there_or_no_file_is_told(tmp_path: Path) -> None:
    assert told(tmp_path / "missing.json") == [("", "can't be read (No such file or directory)")]
    assert told(tmp_path) == [("", "can't be read (Is a directory)")]


@pytest.mark.parametrize("content", [ONE + b"\n" + TWO, gzip.compress(ONE + b"\n" + TWO)])
def test_a_pipe_is_read_like_a_file(tmp_path: Path, content: bytes) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(content,))
    writer.start()
    try:
        assert told(pipe) == [(":1", ONE), (":2", TWO)]
    finally:
        writer.join()


@pytest.mark.parametrize("content", [ONE + b"\n" + TWO, gzip.compress(ONE + b"\n" + TWO)])
def test_standard_input_is_a_source(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert told("-") == [(":1", ONE), (":2", TWO)]
