"""Text → words of the tree: what a query without any syntax is made of."""

from index import analysis
from index.query.tree import All, Any, Coverage, Node, Words


def words(text: str, area: str, *, exact: bool = False, coverage: Coverage = "Contains") -> Words | None:
    """One word or quoted text in an area; several terms are a phrase; None where it holds no letter and no digit."""
    folded = analysis.words(text)
    if not folded:
        return None
    terms = tuple(map(analysis.stem, folded))
    return Words(terms, area, tuple(folded) if exact else (), coverage, text.strip())


def joined(parts: list[Node], kind: type[All] | type[Any]) -> Node | None:
    """Put parts together; one stands for itself, none asks for nothing."""
    if len(parts) < 2:  # noqa: PLR2004 - a pair
        return parts[0] if parts else None
    return kind(tuple(parts))
