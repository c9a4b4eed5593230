"""Text → terms, once, for every engine and for similarity.

Lower case, accents folded, possessives dropped, split at everything that is neither letter nor digit (™ too, which
is none, though it folds to two), stemmed (Snowball English). No word is a stop word: phrases need them all.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

import Stemmer

ANALYSIS_VERSION = 3  # a change of anything in this file is a new number: indexes of another one are refused

_WORD = re.compile(r"[^\W_]+")
END = "\0"  # of a text, where several are analysed at once
_BETWEEN = f" {END} "
_WORD_OR_END = re.compile(r"[^\W_]+|\0")
# All but letters, digits and END as spaces: cutting at those is five times as fast as looking for words.
_SPACED = "".join(letter if letter.isalnum() or letter == END else " " for letter in map(chr, range(128)))
_SPELLED = re.compile(r"[^\W_](?:[^\W_]|[\u0300-\u036f])*")  # a word as written: accents may follow their letters
# What decomposition leaves whole: marks that fold to letters they are not, letters that are one with their stroke.
_MARKS = str.maketrans(
    dict.fromkeys("™℠Ⓡ", " ")
    | {"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "ı": "i"}
    | {"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "þ": "th", "Þ": "TH"}
)
_ACCENTS = re.compile(r"[\u0300-\u036f]")
_FOREIGN = re.compile(r"[^\x00-\x7f]+")
_POSSESSIVE = re.compile(r"['’ʼ](?<=[^\W_].)s(?![^\W_])")  # a mark comes first, which is quick to look for
_STEMMER = Stemmer.Stemmer("english")
_STEMMER.maxCacheSize = 0  # the cache below remembers


def fold(text: str) -> str:
    """Lower case without accents; compatibility forms (² ﬁ µ) as their plain letters."""
    if text.isascii():
        return text.lower()
    return _FOREIGN.sub(_unaccented, text).lower()  # a page with one ≥ in it is not taken apart letter by letter


def _unaccented(found: re.Match[str]) -> str:
    decomposed = unicodedata.normalize("NFKD", found[0].translate(_MARKS))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def unpossessed(text: str) -> str:
    """Fold a text and drop its possessives: what its words are cut out of."""
    folded = fold(text)
    if "'" in folded or "’" in folded or "ʼ" in folded:
        folded = _POSSESSIVE.sub("", folded)
    return folded


def words(text: str) -> list[str]:
    """Folded words of a text in order, not stemmed."""
    return _WORD.findall(unpossessed(text))


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """Stem one folded word."""
    stemmed: str = _STEMMER.stemWord(word)
    return stemmed


def terms(text: str) -> list[str]:
    """Terms of a text in order: what an index holds and what a query asks for."""
    return [stem(word) for word in words(text)]


def side_by_side(part: Sequence[str], whole: Sequence[str]) -> bool:
    """Tell whether terms stand next to each other, in order, among others of the same kind of sequence."""
    return any(whole[at : at + len(part)] == part for at in range(len(whole) - len(part) + 1))


def spans(text: str, wanted: frozenset[str]) -> list[tuple[int, int]]:
    """Where in a text (characters from, to) stand words whose term is wanted."""
    parted = not wanted or (not text.isascii() and _ACCENTS.search(text))
    words = _SPELLED if parted else _beginning("".join(sorted({term[0] for term in wanted})))
    return [match.span() for match in words.finditer(text) if not wanted.isdisjoint(_terms_of(match[0]))]


@lru_cache(maxsize=1000)
def _beginning(initials: str) -> re.Pattern[str]:
    """Words, as written in one piece, that may have a stem with one of the initials: it begins as all its words do.

    A first letter comes first in the pattern, which is quick to look for; that it is one is seen when it is found.
    """
    others = "".join(letter for letter in map(chr, range(128)) if letter.lower() not in initials)
    return re.compile(rf"[^{re.escape(others)}](?<=[^\W_])(?<![^\W_].)[^\W_]*")


@lru_cache(maxsize=100_000)
def _terms_of(word: str) -> frozenset[str]:
    return frozenset(terms(word))


class _WordNumbers(dict[str, int]):
    """Numbers of words; an unknown one is learned, so that a text is looked up without a line of Python a word.

    What is learned stands here and not in the vocabulary around it: a circle of two would stay in a worker, which has
    no collector, for good.
    """

    def __init__(self) -> None:
        super().__init__()
        self[END] = 0
        self.terms: list[str] = []
        self.words: list[tuple[str, int]] = []
        self.stems = [END]
        self._number_of_term: dict[str, int] = {}

    def __missing__(self, word: str) -> int:
        stemmed = stem(word)
        term = self._number_of_term.setdefault(stemmed, len(self.terms))
        if term == len(self.terms):
            self.terms.append(stemmed)
        self.words.append((word, term))
        self.stems.append(stemmed)
        number = self[word] = len(self.words)
        return number


class Vocabulary:
    """Words ↔ numbers while an index is built: every distinct word is stemmed once.

    `terms` lists the stems by number; `surfaces` tells how each is written most often.
    """

    def __init__(self) -> None:
        self._numbers = _WordNumbers()
        self.terms = self._numbers.terms

    def word_numbers(self, texts: Sequence[str]) -> list[int]:
        """Numbers of the texts' words in order, from 1; each text's are followed by a 0."""
        if not texts:
            return []
        joined = _BETWEEN.join(texts) + _BETWEEN
        if joined.count(END) != len(texts):
            joined = _BETWEEN.join(text.replace(END, " ") for text in texts) + _BETWEEN
        plain = unpossessed(joined)
        cut = plain.translate(_SPACED).split() if plain.isascii() else _WORD_OR_END.findall(plain)
        return list(map(self._numbers.__getitem__, cut))

    def spelled(self, word_numbers: Sequence[int]) -> list[str]:
        """Terms of the texts that numbers were made of, each between spaces, a text a string."""
        return " ".join(map(self._numbers.stems.__getitem__, word_numbers)).split(END)[:-1]

    @property
    def term_of_word(self) -> list[int]:
        """Number of the term of each word, the first being that of word number 1."""
        return [term for _, term in self._numbers.words]

    def surfaces(self, word_counts: list[int]) -> list[str]:
        """For each term, the word that was written most often for it."""
        best = [("", -1)] * len(self.terms)
        for (word, term), count in zip(self._numbers.words, word_counts, strict=True):
            if count > best[term][1]:
                best[term] = (word, count)
        return [word for word, _ in best]
