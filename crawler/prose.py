"""A record's long texts → paragraphs and lists, as their writers meant them: the registry's are a plain Markdown.

Only the shape is read: no text becomes markup here, and none is left out.
"""

import re
from dataclasses import dataclass, field

_ITEM = re.compile(r"([ \t]*)(?:[*•◦‣·-]|((?:\d{1,3}|[A-Za-z]|[ivx]{1,4})[.)]))[ \t]+(\S.*)")
_ESCAPED = re.compile(r"\\([\\<>\[\]()*_^~#`+=|-])")
_TAB = "    "
DEEPEST = 4  # lists within lists; deeper ones stand at this depth


@dataclass(frozen=True)
class Item:
    """A point of a list; `mark` is its number as written, empty for a bullet."""

    mark: str
    lines: list[str]
    items: list["Item"] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Its own text, without the points below it."""
        return " ".join(self.lines)


@dataclass(frozen=True)
class Block:
    """A paragraph (`lines`) or a list (`items`)."""

    lines: list[str] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)

    @property
    def text(self) -> str:
        """A paragraph's text with its line ends."""
        return "\n".join(self.lines)

    @property
    def is_heading(self) -> bool:
        """Whether it announces what follows: one short line with a colon at its end."""
        return len(self.lines) == 1 and len(self.lines[0]) < 80 and self.lines[0].endswith(":")  # noqa: PLR2004


class _Reader:
    """Reads line by line; `_open` holds the items that a deeper one would belong to, with their indents."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self._open: list[tuple[int, Item]] = []
        self._broken = True  # whether a blank line stands before this one

    def line(self, line: str) -> None:
        """Take the next line."""
        found = _ITEM.fullmatch(line)
        if not line.strip():
            self._broken = True
            return
        if found is not None:
            self._item(len(found[1].replace("\t", _TAB)), Item(found[2] or "", [_plain(found[3])]))
        elif self._open and (line[0] in " \t" or not self._broken):
            self._open[-1][1].lines.append(_plain(line))
        elif self._broken or not self.blocks:
            self._open = []
            self.blocks.append(Block(lines=[_plain(line)]))
        else:
            self.blocks[-1].lines.append(_plain(line))
        self._broken = False

    def _item(self, indent: int, item: Item) -> None:
        while self._open and (self._open[-1][0] >= indent or len(self._open) >= DEEPEST):
            self._open.pop()
        if self._open:
            self._open[-1][1].items.append(item)
        else:
            if not self.blocks or not self.blocks[-1].items:
                self.blocks.append(Block())
            self.blocks[-1].items.append(item)
        self._open.append((indent, item))


def _plain(line: str) -> str:
    return _ESCAPED.sub(r"\1", line.strip())


def prose(text: str) -> list[Block]:
    """Read a text into its blocks, in order."""
    reader = _Reader()
    for line in text.splitlines():
        reader.line(line.rstrip())
    return reader.blocks
