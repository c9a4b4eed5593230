"""Pure: signs that other search boxes know and this language does not → a sentence each, so that nobody is misled."""

import re
from collections.abc import Iterator

_QUOTED = re.compile(r'"[^"]*"|\[[^\]]*\]')
_WORD = re.compile(r"[^\s()\",]+")
_TAKEN_AWAY = re.compile(r"[-!](?=[^\W\d_])")
_WILD = re.compile(r"\w[*]|[*]\w|\w[?]\w")
_CAPITALS = {"or": "OR", "not": "NOT", "|": "OR", "||": "OR"}


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
        return f"{word!r} is {how}; the operator is {_CAPITALS[word]}, in capitals."
    if _TAKEN_AWAY.match(word):
        return f"{word!r} takes nothing away here; write NOT {word[1:]}."
    if _WILD.search(word):
        return f"{word!r} is no pattern here: a word is found in its forms, not by a part of it."
    return None
