"""NCT ids: read from people, found in text."""

import re
from collections.abc import Iterable, Iterator

from crawler.errors import IdMalformed

_ID = re.compile(r"NCT0*(?=\d{1,8}$)(?!0+$)(\d{1,8})", re.IGNORECASE | re.ASCII)
_MENTION = re.compile(r"(?<![A-Za-z0-9])NCT[ :#-]{0,2}(\d{8})(?!\d)", re.IGNORECASE | re.ASCII)
_LIKELY = re.compile(rb"nct[ :#-]{0,2}\d{8}")  # all that `_MENTION` finds in a text, in lower case, and some more


def nct_id(text: str) -> str:
    """Return the id in its one written form (`nct5300932 ` → NCT05300932); IdMalformed otherwise."""
    found = _ID.fullmatch(text.strip())
    if found is None:
        raise IdMalformed(text)
    return id_of(int(found[1]))


def id_of(number: int) -> str:
    """Return the id of a number."""
    return f"NCT{number:08d}"


def number_of(nct_id: str) -> int:
    """Return the number of an id in its one written form."""
    return int(nct_id[3:])


def is_nct_id(text: str) -> bool:
    """Tell whether a text as a whole is an NCT id."""
    return _ID.fullmatch(text.strip()) is not None


def may_mention(texts: Iterable[str]) -> bool:
    """Tell quickly whether any text can mention an NCT id, for of most records none does."""
    return _LIKELY.search("\n".join(texts).encode(errors="replace").lower()) is not None


def mentions(text: str) -> Iterator[tuple[str, int]]:
    """Yield each well-formed NCT id mentioned in a text, with the offset where it stands."""
    if "nct" not in text.lower():  # as nearly all texts; it takes a tenth of the expression's time
        return
    for found in _MENTION.finditer(text):
        if int(found[1]):
            yield f"NCT{found[1]}", found.start()
