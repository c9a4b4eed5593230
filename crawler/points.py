"""Pure: long texts → points: the sentences and criteria that they are made of, each with the form that makes two one.

Two points are the same where only case, white space, bullets, numbering or the way a mark is written tell them apart.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from crawler.prose import Item, prose

INCLUSION, EXCLUSION = "inclusion", "exclusion"
LONGEST_SHORT = 12  # letters in which a shortened word, and what stands before it, has room

_BULLET = re.compile(
    r"\s*(?:[-*•◦‣·–—]+(?:\s+|(?=[^\W\d_]))"  # a bullet
    r"|\(?(?:\d{1,3}(?:\.\d{1,3})*|[a-z]|[ivx]{1,4})[.)]\s+"  # a number, a letter
    r"|\d{1,2}[.)](?=[^\W\d_]))(?=\S)",  # a number against its word
    re.IGNORECASE,
)
# A sentence ends; a line does; or the next number of a list stands within the line: "… drug 7.If …", "… 2) …".
_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9(\"'“])|\n+|\s+(?=\(?\d{1,2}\)\s?[A-Z]|\d{1,2}\.[A-Z][a-z])")
# What ends with a full stop and ends no sentence: a number of a list, an initial, a shortened word.
_NO_END = re.compile(
    r"(?:^|[\s(:])(?:\d{1,3}|[A-Za-z]|e\.g|i\.e|etc|vs|cf|ca|approx|incl|excl|no|nos|dr|prof|st|fig|resp)\.$",
    re.IGNORECASE,
)
_MARKS = str.maketrans(
    {"≥": ">=", "≤": "<=", "–": "-", "—": "-", "‑": "-", "−": "-", "’": "'", "‘": "'", "“": '"', "”": '"', "×": "x"}
)
_SPACED = re.compile(r"\s*([<>=/%+±()\[\]-]+)\s*")
_STOPS = " .,;:"
_JOINTS = (" and", " or")  # what a list's last points are joined with
_WORD = re.compile(r"[^\W_]+(?:\.\d+)?|[<>=]+")
_HEADING = re.compile(
    r"(?:[\w,&/'-]+\s+){0,10}?(?P<kind>(?:non-?\s?)?inclusions?|exclusions?)(?P<rest>\b[^:.]{0,60}?)\s*(?P<colon>:\s*(?P<text>.*))?",
    re.IGNORECASE | re.DOTALL,
)
_BARE = re.compile(r"(?:\s+criteri(?:a|on))?", re.IGNORECASE)
_NARROWED = re.compile(r"(?:\s+criteri(?:a|on)(?:\s*[-–(].*|\s+(?:for|of|in)\s.*)?)?", re.IGNORECASE)


@dataclass(frozen=True)
class Point:
    """A sentence or criterion as written, without its bullet; `section` INCLUSION, EXCLUSION, or None where unsaid."""

    text: str
    section: str | None = None

    @cached_property
    def key(self) -> str:
        """What two points that are the same have alike."""
        return f"{self.section or ''}:{folded(self.text)}"


def folded(text: str) -> str:
    """Return a text without what makes no difference: case, white space, bullets, the form of marks, the last stop."""
    plain = unicodedata.normalize("NFKC", text.translate(_MARKS)).translate(_MARKS).casefold()
    shown = _unmarked(plain)
    bare = _SPACED.sub(r"\1", shown).rstrip(_STOPS)
    for joint in _JOINTS:
        bare = bare.removesuffix(joint).rstrip(_STOPS)
    return bare or shown


def _unmarked(text: str) -> str:
    """Return a text in one line without the bullet or number before it."""
    line = " ".join(text.split())
    for _ in range(2):  # a number may follow a bullet
        line = _BULLET.sub("", line, count=1) if _BULLET.match(line) else line
    return line


def words(text: str) -> frozenset[str]:
    """Return the words and comparisons of a text, folded: by how many two have in common they are alike."""
    return frozenset(_WORD.findall(folded(text)))


def sentences(text: str) -> list[Point]:
    """Read a text into its sentences, in order; a point of a list begins one."""
    return [Point(sentence) for line in _lines(text) for sentence in _split(line)]


def criteria(text: str) -> list[Point]:
    """Read eligibility criteria into their sentences, each under the heading that it stands below."""
    found: list[Point] = []
    section: str | None = None
    for line in _lines(text):
        for sentence in _split(line):
            section, rest = _heading(sentence) or (section, sentence)
            found += [Point(rest, section)] if rest else []
    return found


def _lines(text: str) -> Iterator[str]:
    for block in prose(text):
        yield from _joined(block.lines)
        yield from _items(block.items)


def _items(items: Iterable[Item]) -> Iterator[str]:
    for item in items:
        yield from _joined(item.lines)
        yield from _items(item.items)


def _joined(lines: list[str]) -> list[str]:
    """Put lines together that were broken for their length alone: the next goes on in lower case."""
    whole: list[str] = []
    for line in lines:
        if whole and line[:1].islower():
            whole[-1] += f" {line}"
        else:
            whole.append(line)
    return whole


def _split(line: str) -> Iterator[str]:
    """Give a line's sentences without their bullets."""
    begin = 0
    pieces: list[str] = []
    for found in _END.finditer(line):
        if not _NO_END.search(line[max(begin, found.start() - LONGEST_SHORT) : found.start()]):
            pieces.append(line[begin : found.start()])
            begin = found.end()
    return filter(None, map(_unmarked, (*pieces, line[begin:])))


def _heading(line: str) -> tuple[str | None, str] | None:
    """Read a line that says which criteria follow: the section, and what stands behind the colon; None for others."""
    found = _HEADING.fullmatch(line)
    if found is None:
        return None
    text = _unmarked(found["text"] or "")
    rest = _BARE if text else _NARROWED
    if not (rest.fullmatch(found["rest"]) or (found["colon"] and not text)):
        return None
    kind = found["kind"].casefold()
    return (INCLUSION if kind.startswith("incl") else EXCLUSION), text
