"""The shape of a query, by lark's LALR parser, and the place of a mistake in it."""

import re
from functools import cache
from pathlib import Path

from lark import Lark, Token, Tree, UnexpectedEOF, UnexpectedInput, UnexpectedToken

from index.errors import QueryError

DEEPEST = 40  # brackets within brackets; people write three, and Python's stack holds some sixty
_BRACKETS = 'AREA[Field] or quotation marks around text with brackets, such as "[x]"'
_BEFORE_BRACKET = re.compile(r"\b(RANGE|area|search|expansion|coverage|range)\s*$")
_INSTEAD_OF = {'"': "a closing quotation mark", "[": _BRACKETS, "]": _BRACKETS}


@cache
def _parser() -> Lark:
    grammar = Path(__file__).with_name("grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", propagate_positions=True, maybe_placeholders=False)


def shape(text: str) -> Tree[Token]:
    """Parse a query; QueryError points at a mistake."""
    _check_depth(text)
    try:
        return _parser().parse(text)
    except UnexpectedInput as error:
        raise QueryError(text, *_expected(text, error)) from None


def _check_depth(text: str) -> None:
    depth, quoted = 0, False
    for position, letter in enumerate(text):
        if letter == '"':
            quoted = not quoted
        elif not quoted:
            depth += (letter == "(") - (letter == ")")
            if depth > DEEPEST:
                raise QueryError(text, position, f"at most {DEEPEST} brackets within each other")


def _expected(text: str, error: UnexpectedInput) -> tuple[int, str]:
    """Place of a mistake and what would have been right there."""
    ended = isinstance(error, UnexpectedEOF) or (isinstance(error, UnexpectedToken) and error.token.type == "$END")
    if ended:
        may_close = isinstance(error, UnexpectedToken) and "RPAR" in error.accepts
        unclosed = _unclosed(text) if may_close else None
        wanted = "a word, a phrase or an area"
        return len(text), wanted if unclosed is None else f"a closing bracket for the one at character {unclosed + 1}"
    position = error.pos_in_stream or 0
    if text[position] == ")" and _unclosed(text[:position]) is None:
        return position, "no closing bracket, for none is open"
    operator = _BEFORE_BRACKET.search(text[:position])
    if text[position] == "[" and operator is not None:
        return operator.start(), _bracketed(operator[1])
    return position, _INSTEAD_OF.get(text[position], "a word, a phrase or an area")


def _bracketed(operator: str) -> str:
    """What was expected where an operator with square brackets was meant."""
    if operator.upper() == "RANGE":
        return "AREA[Field]RANGE[from,to], where MIN and MAX leave an end open"
    return f"{operator.upper()}[…] in capitals"


def _unclosed(text: str) -> int | None:
    opened, quoted = [], False
    for position, letter in enumerate(text):
        if letter == '"':
            quoted = not quoted
        elif letter == "(" and not quoted:
            opened.append(position)
        elif letter == ")" and not quoted and opened:
            opened.pop()
    return opened[-1] if opened else None
