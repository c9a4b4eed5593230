"""Pure: signs that other search boxes know and this language does not → a sentence each, so that nobody is misled."""

import re
from collections.abc import Iterator

_QUOTED = re.compile(r'"[^"]*"|\[[^\]]*\]')
_WORD = re.compile(r"[^\s()\",]+")
_TAKEN_AWAY = re.compile(r"[-!](?=[^\W\d_])")
_WILD = re.compile(r"\w[*]|[*]\w|\w[?]\w")
_CAPITALS = {"or": "OR", "not": "NOT", "|": "OR", "||": "OR"}

SHOWN_CHARACTERS = 60  # of a word in a sentence


def quoted(word: str) -> str:
    """Write what was typed in quotation marks, the beginning alone of what is long."""
    return repr(_short(word))


def _short(word: str) -> str:
    return word if len(word) <= SHOWN_CHARACTERS else f"{word[: SHOWN_CHARACTERS - 1]}…"


def misread(query: str) -> Iterator[str]:
    """Say of each word that looks like a sign, once, how it is read and what to write; what is quoted is meant."""
    said: dict[str, str] = {}
    for word in _WORD.findall(_QUOTED.sub(" ", query)):
        sentence = _misread(word)
        if sentence is not None:
            said[word] = sentence
    yield from said.values()


def _misread(word: str) -> str | None:
    if word in _CAPITALS:
        how = "looked for as a word" if word.isalpha() else "passed over"
        return f"{quoted(word)} is {how}; the operator is {_CAPITALS[word]}, in capitals."
    if _TAKEN_AWAY.match(word):
        return f"{quoted(word)} takes nothing away here; write NOT {_short(word[1:])}."
    if _WILD.search(word):
        return f"{quoted(word)} is no pattern here: a word is found in its forms, not by a part of it."
    return None
