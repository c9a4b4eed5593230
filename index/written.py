"""Whether words stand in a value just as asked: stemmed or as written, anywhere in it, at an end of it, or all of it.

The analyser's answer, without taking a whole value apart where a look at a piece of it is enough.
"""

import re
from functools import lru_cache

from index import analysis
from index.query.tree import Words

_NO_LETTER_BEFORE, _NO_LETTER_AFTER = r"(?<![^\W_])", r"(?![^\W_])"
_BETWEEN = r"[\W_]+"
_plain = lru_cache(maxsize=1000)(analysis.unpossessed)  # several tests of one record look at the same texts
_WORD_BYTES = 32  # characters looked at for each word wanted, and doubled while they hold too few words


def stands(words: Words, text: str) -> bool:
    """Tell whether a value of a field holds the words; which field, and which area, is the caller's matter."""
    if words.written:
        return _is_written(words, _plain(text))
    if words.coverage == "Contains":
        if not _has_first(words.terms[0], text):
            return False
        return len(words.terms) == 1 or analysis.side_by_side(words.terms, tuple(analysis.terms(text)))
    return _is_at_an_end(words, text)


# -- as written --------------------------------------------------------------------------------------------------------


def _is_written(words: Words, plain: str) -> bool:
    return words.written[0] in plain and _pattern(words).search(plain) is not None


@lru_cache(maxsize=1000)
def _pattern(words: Words) -> re.Pattern[str]:
    phrase = _BETWEEN.join(map(re.escape, words.written))
    begin = r"\A[\W_]*" if words.coverage in {"FullMatch", "StartsWith"} else _NO_LETTER_BEFORE
    end = r"[\W_]*\Z" if words.coverage in {"FullMatch", "EndsWith"} else _NO_LETTER_AFTER
    return re.compile(begin + phrase + end)


# -- in any form -------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1000)
def _initial(letter: str) -> re.Pattern[str]:
    return re.compile(rf"{_NO_LETTER_BEFORE}{re.escape(letter)}[^\W_]*")


def _has_first(term: str, text: str) -> bool:
    """Tell whether some word has this stem; a stem begins as all its words do."""
    return any(analysis.stem(word) == term for word in _initial(term[0]).findall(_plain(text)))


def _is_at_an_end(words: Words, text: str) -> bool:
    wanted = words.terms
    held = _outer_words(text, len(wanted), last=words.coverage == "EndsWith")
    if words.coverage == "FullMatch" and len(held) != len(wanted):
        return False
    outer = held[-len(wanted) :] if words.coverage == "EndsWith" else held[: len(wanted)]
    return tuple(map(analysis.stem, outer)) == wanted


@lru_cache(maxsize=1000)
def _outer_words(text: str, number: int, *, last: bool) -> list[str]:
    """Words at the beginning of a text, or at its end: one more than a number of them, or all there are."""
    ample = _WORD_BYTES * (number + 1)
    while ample < len(text):
        cut = text.rfind(" ", 0, len(text) - ample) if last else text.find(" ", ample)
        if cut < 0:
            break
        held = analysis.words(text[cut + 1 :] if last else text[:cut])
        if len(held) > number:
            return held
        ample *= 2
    return analysis.words(text)
