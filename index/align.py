"""Pure: several lists → parts: what they have in common stands side by side, and so does what is only alike."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import fsum, log

ALIKE = 0.5  # from this share of their words in common on, two texts are forms of one
ALIKE_WORDS = 3  # and at least so many


@dataclass(frozen=True)
class Item:
    """One item of a list. `key`: the same in items that are the same. `name`: the same in forms of one, or None.

    `words` are what makes two items alike; none where only the same key or name counts.
    """

    key: str
    value: object
    name: str | None = None
    words: frozenset[str] = frozenset()


@dataclass
class Part:
    """What stands side by side: list's number → its item; `keys` are those of all its items."""

    items: dict[int, Item]
    keys: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self.keys = {item.key for item in self.items.values()}

    @property
    def name(self) -> str | None:
        """The name of its items."""
        return next(iter(self.items.values())).name

    @property
    def words(self) -> frozenset[str]:
        """The words of one of its items: of the first by its key."""
        return min(self.items.values(), key=lambda item: item.key).words

    @property
    def order(self) -> str:
        """What places a part among others whatever the order of the lists."""
        return min(self.keys)

    def take(self, other: "Part") -> None:
        """Put another part's items beside these."""
        self.items |= other.items
        self.keys |= other.keys


def aligned(lists: Sequence[Iterable[Item]]) -> list[Part]:
    """Align lists (each as a set: a key counts once): first the same, then forms of one name, then what is alike.

    Parts come in the order of the first list, then what only the second has, and so on. Which items stand together
    does not depend on the order of the lists.
    """
    places: dict[str, int] = {}
    same: dict[str, Part] = {}
    for number, items in enumerate(lists):
        for item in items:
            places.setdefault(item.key, len(places))
            part = same.setdefault(item.key, Part({number: item}))
            part.items.setdefault(number, item)
    parts = _joined_by_likeness(_joined_by_name(list(same.values())), len(lists))
    return sorted(parts, key=lambda part: min(places[key] for key in part.keys))


def _joined_by_name(parts: list[Part]) -> list[Part]:
    """Join parts of one name, those of most lists first, as long as no list is in both."""
    kept: dict[str, list[Part]] = {}
    for part in sorted(parts, key=lambda part: (-len(part.items), part.order)):
        others = kept.setdefault(part.name or part.order, [])
        fitting = next((other for other in others if other.items.keys().isdisjoint(part.items)), None)
        if fitting is None:
            others.append(part)
        else:
            fitting.take(part)
    return [part for others in kept.values() for part in others]


def _joined_by_likeness(parts: list[Part], lists: int) -> list[Part]:
    """Join parts that are alike, the most alike first, as long as no list is in both."""
    free = [part for part in parts if len(part.items) < lists and part.words]
    likeness = _likeness(parts)
    pairs = [
        (likeness(one.words, two.words), one, two)
        for one, two in combinations(free, 2)
        if one.items.keys().isdisjoint(two.items)
    ]
    pairs = [pair for pair in pairs if pair[0] >= ALIKE]
    into = {id(part): part for part in parts}
    for _, one, two in sorted(pairs, key=lambda pair: (-pair[0], sorted((pair[1].order, pair[2].order)))):
        host, guest = into[id(one)], into[id(two)]
        if host.items.keys().isdisjoint(guest.items):
            host.take(guest)
            into |= {place: host for place, part in into.items() if part is guest}
    return list({id(part): part for part in into.values()}.values())


def _likeness(parts: list[Part]) -> Callable[[frozenset[str], frozenset[str]], float]:
    """Make a measure from 0 to 1: the share of the words of two texts that both have, a rare word counting more."""
    counts = Counter(word for part in parts for word in part.words)
    weights = {word: log(1 + len(parts) / count) for word, count in counts.items()}

    def measure(one: frozenset[str], two: frozenset[str]) -> float:
        both = one & two
        if len(both) < ALIKE_WORDS:
            return 0.0
        return fsum(map(weights.__getitem__, both)) / fsum(map(weights.__getitem__, one | two))

    return measure
