"""Where a query's words stand in what is shown of a hit, found when it is shown, by the analyser itself."""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from index import analysis
from index.document import Card
from index.query.tree import Node, positive_words

SNIPPET_CHARACTERS = 240


class Highlight(msgspec.Struct, frozen=True):
    """A piece of a field's text and the words in it (characters from, to) that the query asks for."""

    field: str
    text: str
    spans: list[tuple[int, int]]

    @property
    def ellipses(self) -> tuple[str, str]:
        """What is to stand before and behind the text to show that it is a piece of a longer one."""
        return "…" if self.text[:1].islower() else "", "…" if len(self.text) == SNIPPET_CHARACTERS else ""


@dataclass(frozen=True)
class Highlighter:
    """Marks the terms of one query."""

    terms: frozenset[str]

    @classmethod
    def of(cls, node: Node) -> "Highlighter":
        """Take the terms that a hit may hold."""
        return cls(frozenset(term for words in positive_words(node) for term in words.terms))

    def highlights(self, card: Card) -> list[Highlight]:
        """Mark title, conditions, interventions and summary; fields without a marked word are left out."""
        if not self.terms:
            return []
        texts = [("title", card.title)]
        texts += [("condition", condition) for condition in card.conditions]
        texts += [("intervention", intervention) for intervention in card.interventions]
        if card.brief_summary is not None:
            texts.append(("brief_summary", card.brief_summary))
        marked = (_marked(field, text, spans) for (field, text), spans in zip(texts, self._spans(texts), strict=True))
        return [highlight for highlight in marked if highlight is not None]

    def _spans(self, texts: list[tuple[str, str]]) -> Iterator[list[tuple[int, int]]]:
        """Where the words stand in each text: looked for in all at once, with what is in no word between."""
        spans = analysis.spans(analysis.END.join(text for _, text in texts), self.terms)
        begin = at = 0
        for _, text in texts:
            end, first = begin + len(text), at
            while at < len(spans) and spans[at][1] <= end:
                at += 1
            yield [(start - begin, stop - begin) for start, stop in spans[first:at]]
            begin = end + 1


def _marked(field: str, text: str, spans: list[tuple[int, int]]) -> Highlight | None:
    if not spans:
        return None
    begin = 0 if len(text) <= SNIPPET_CHARACTERS else max(0, spans[0][0] - SNIPPET_CHARACTERS // 4)
    if begin:  # at a word's beginning, where one is near: some languages leave no spaces
        nearest = max(0, begin - SNIPPET_CHARACTERS // 8)
        begin = text.rfind(" ", nearest, begin) + 1 or (begin if nearest else 0)
    end = min(len(text), begin + SNIPPET_CHARACTERS)
    shown = [(start - begin, stop - begin) for start, stop in spans if start >= begin and stop <= end]
    return Highlight(field, text[begin:end], shown)
