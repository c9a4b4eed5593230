"""A file or standard input → a document to compare with: a registry record as JSON, or the text of a synopsis."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from crawler.errors import RecordInvalid, UsageError
from crawler.ids import is_nct_id
from crawler.normalise import normalise
from crawler.record import RawRecord
from index.document import Document, document

MOST_BYTES = 5_000_000  # a whole protocol has a tenth of it
NO_ID = "NCT99999999"  # what a draft is called, which has none: a record must have one
_TEXT_CONTROLS = frozenset("\t\n\r\f\v")
_SPACE = 32
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


class Heading(msgspec.Struct, frozen=True):
    """A heading as it is written, the registry's field that it was read as."""

    heading: str
    field: str


class Understood(msgspec.Struct, frozen=True):
    """How a text was read: a `record`, by its `headings`, or as `plain` text."""

    form: str
    headings: list[Heading]


@dataclass(eq=False)
class TextUnreadable(UsageError):
    """What is no text to compare with."""

    source: str
    reason: str

    def __str__(self) -> str:
        return (
            f"{self.source}: {self.reason}. Give plain text, Markdown or one registry record as JSON, "
            f"of up to {MOST_BYTES // 1_000_000} MB."
        )


@dataclass(frozen=True)
class Draft:
    """A text as a document; `nct_id` where it is a record that has an id, `given` the file as it was named."""

    given: str
    document: Document
    nct_id: str | None
    understood: Understood

    @property
    def name(self) -> str:
        """What to call it."""
        return called(self.given)


def called(given: str) -> str:
    """What to call a file."""
    return "stdin" if given == "-" else given


def read(source: str) -> Draft:
    """Read a file, or stdin for `-`; TextUnreadable where it holds no text."""
    name = called(source)
    text = _text(_bytes(source, name), name)
    if text.lstrip().startswith(("{", "[")):
        return _of_record(text, source, name)
    from serve.synopsis import read as read_synopsis  # noqa: PLC0415 - a trial is compared without

    read_as = read_synopsis(text)
    data = read_as.record
    data["protocolSection"].setdefault("identificationModule", {})["nctId"] = NO_ID
    headings = [Heading(heading, field) for heading, field in read_as.headings]
    made = _document(data, name)
    return Draft(source, made, None, Understood("headings" if headings else "plain", headings))


def _bytes(source: str, name: str) -> bytes:
    try:
        if source == "-":
            body = sys.stdin.buffer.read(MOST_BYTES + 1)
        else:
            with Path(source).open("rb") as file:
                body = file.read(MOST_BYTES + 1)
    except IsADirectoryError:
        raise TextUnreadable(name, "it is a folder") from None
    except OSError as error:
        raise TextUnreadable(name, f"it can't be read ({error.strerror})") from None
    if len(body) > MOST_BYTES:
        raise TextUnreadable(name, "it is too large")
    return body


def _text(body: bytes, name: str) -> str:
    encoding = "utf-16" if body.startswith(_UTF16) else "utf-8-sig"
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError:
        text = body.decode("cp1252", "replace")
    if any(ord(letter) < _SPACE and letter not in _TEXT_CONTROLS for letter in text) or body.startswith(b"%PDF"):
        raise TextUnreadable(name, "it is no text but a binary file")
    if not text.strip():
        raise TextUnreadable(name, "it is empty")
    return text


def _of_record(text: str, given: str, name: str) -> Draft:
    """A registry record, which may lack an id."""
    try:
        data = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise TextUnreadable(name, f"it begins as JSON and is none ({error})") from None
    protocol = data.get("protocolSection") if isinstance(data, dict) else None
    if not isinstance(protocol, dict):
        raise TextUnreadable(name, "it is JSON and no registry record: it has no protocolSection")
    identification = protocol.get("identificationModule")
    if not isinstance(identification, dict):
        identification = protocol["identificationModule"] = {}
    own = identification.get("nctId")
    known = isinstance(own, str) and is_nct_id(own)
    if not known:
        identification["nctId"] = NO_ID
    made = _document(data, name)
    return Draft(given, made, made.nct_id if known else None, Understood("record", []))


def _document(data: dict[str, Any], name: str) -> Document:
    raw = RawRecord(msgspec.json.encode(data))
    try:
        return document(normalise(raw), raw)
    except RecordInvalid as error:
        raise TextUnreadable(name, f"it breaks the registry's rules ({error.reason})") from None
