"""Query text → tree."""

import re

from index import schema
from index.errors import QueryError
from index.query.areas import Target
from index.query.tree import All, Node
from index.query.words import joined, words

# Without any of the language's signs a query is its words; most are, and need no parser to be imported.
_SYNTAX = re.compile(r'[()\[\]",:]|(?:^|\s)(?:AND|OR|NOT|MISSING)(?!\S)')


def parse(text: str, area: str = schema.BASIC) -> Node:
    """Read a query; words without a name look in `area`. QueryError points at a mistake."""
    if _SYNTAX.search(text) is None:
        parts = (words(word, area) for word in text.split())
        node = joined([part for part in parts if part is not None], All)
    else:
        from index.query.grammar import shape  # noqa: PLC0415 - 40 ms that plain words need not pay
        from index.query.interpret import Interpreter  # noqa: PLC0415

        node = Interpreter(text).node(shape(text), Target("text", area))
    if node is None:
        raise QueryError(text, 0, "a word to look for")
    return node
