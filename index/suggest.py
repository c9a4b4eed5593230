"""Names that people may begin to type: conditions, interventions, sponsors, each with how many trials have it."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

import msgspec

from index import analysis
from index.document import Card
from index.kinds import NAMES
from index.mapped import Folder, held
from index.schema import NAME_KINDS


class Suggestion(msgspec.Struct, frozen=True):
    """A name as it is written most, and the trials that have it, however they write it."""

    kind: str
    text: str
    count: int


def most_used(spellings: Counter[str]) -> str:
    """The spelling that is used most, of equals the first in the alphabet."""
    return min(spellings.items(), key=lambda pair: (-pair[1], pair[0]))[0]


class _Name(msgspec.Struct, frozen=True, array_like=True):
    """A name with its words, folded, a space before each."""

    text: str
    count: int
    words: str


def folded(text: str) -> str:
    """A text's words in lower case without accents, a space before each: what a prefix is compared with."""
    return "".join(f" {word}" for word in analysis.words(text))


class NameWriter:
    """Counts each kind's names over trials; spellings that differ in case, accents and marks alone are one name."""

    def __init__(self) -> None:
        self._tallies = {kind: _Tally() for kind in NAME_KINDS}

    def add(self, cards: Iterable[Card]) -> None:
        """Take some trials."""
        for card in cards:
            sponsors = () if card.sponsor is None else (card.sponsor,)
            for kind, said in zip(NAME_KINDS, (card.conditions, card.interventions, sponsors), strict=True):
                self._tallies[kind].add(said)

    def write(self, folder: Path) -> None:
        """Write the names into a folder that is there."""
        named = {kind: tally.names() for kind, tally in self._tallies.items()}
        (folder / NAMES).write_bytes(msgspec.json.encode(named))


class _Tally:
    """Counts the names of one kind."""

    def __init__(self) -> None:
        self._folded: dict[str, str] = {}
        self._trials: Counter[str] = Counter()
        self._written: dict[str, Counter[str]] = defaultdict(Counter)

    def add(self, said: Iterable[str]) -> None:
        """Take the names that one trial has."""
        alike = set()
        for text in said:
            words = self._folded.get(text)
            if words is None:
                words = self._folded[text] = folded(text)
            self._written[words][text] += 1
            alike.add(words)
        self._trials.update(alike)

    def names(self) -> list[_Name]:
        """Most frequent first, then by the alphabet; of spellings the one used most."""
        made = [_Name(most_used(self._written[words]), count, words) for words, count in self._trials.items() if words]
        return sorted(made, key=lambda name: (-name.count, name.words))


class Names:
    """Names of one generation: opened at once, so that a reader keeps it, read when they are asked for."""

    def __init__(self, folder: Path | Folder) -> None:
        self._file = held(folder / NAMES)
        self._names: dict[str, list[_Name]] | None = None

    def suggestions(self, prefix: str, kinds: Iterable[str], limit: int) -> list[Suggestion]:
        """Names of which a word begins as asked (several words: that go on so), most frequent first."""
        if self._names is None:
            self._names = msgspec.json.decode(self._file.read_bytes(), type=dict[str, list[_Name]])
        wanted = folded(prefix)
        if not wanted:
            return []
        found = [
            Suggestion(kind, name.text, name.count)
            for kind in kinds
            for name in _first(self._names[kind], wanted, limit)
        ]
        return sorted(found, key=lambda suggestion: -suggestion.count)[:limit]


def _first(known: list[_Name], wanted: str, limit: int) -> list[_Name]:
    found: list[_Name] = []
    for name in known:
        if len(found) >= limit:
            break
        if wanted in name.words:
            found.append(name)
    return found
