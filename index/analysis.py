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
_SPELLED = re.compile(r"[^\W_](?:[^\W_]|[\u0300-\u036f])*")  # a word as written: accents may follow their letters
# What decomposition leaves whole: marks that fold to letters they are not, letters that are one with their stroke.
_MARKS = str.maketrans(
    dict.fromkeys("™℠Ⓡ", " ")
    | {"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "ı": "i"}
    | {"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "þ": "th", "Þ": "TH"}
)
_FOREIGN = re.compile(r"[^\x00-\x7f]+")
_POSSESSIVE = re.compile(r"(?<=[^\W_])['’ʼ]s(?![^\W_])")
_STEMMER = Stemmer.Stemmer("english")
_STEMMER.maxCacheSize = 0  # `Vocabulary` and the cache below remember


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
    return [match.span() for match in _SPELLED.finditer(text) if not wanted.isdisjoint(terms(match[0]))]


class Vocabulary:
    """Words ↔ numbers while an index is built: every distinct word is stemmed once.

    `terms` lists the stems by number; `surfaces` tells how each is written most often.
    """

    def __init__(self) -> None:
        self.terms: list[str] = []
        self._number_of_term: dict[str, int] = {}
        self._number_of_word: dict[str, int] = {}
        self._words: list[tuple[str, int]] = []

    def word_numbers(self, text: str) -> list[int]:
        """Numbers of a text's words in order; `term_of_word` maps them to terms."""
        known = self._number_of_word
        numbers = []
        for word in words(text):
            number = known.get(word)
            if number is None:
                number = self._learn(word)
            numbers.append(number)
        return numbers

    def _learn(self, word: str) -> int:
        stemmed: str = _STEMMER.stemWord(word)
        term = self._number_of_term.setdefault(stemmed, len(self.terms))
        if term == len(self.terms):
            self.terms.append(stemmed)
        number = len(self._words)
        self._number_of_word[word] = number
        self._words.append((word, term))
        return number

    @property
    def term_of_word(self) -> list[int]:
        """Number of the term of each word number."""
        return [term for _, term in self._words]

    def surfaces(self, word_counts: list[int]) -> list[str]:
        """For each term, the word that was written most often for it."""
        best = [("", -1)] * len(self.terms)
        for (word, term), count in zip(self._words, word_counts, strict=True):
            if count > best[term][1]:
                best[term] = (word, count)
        return [word for word, _ in best]
