"""Text → words of the tree: what a query without any syntax is made of."""

from index import analysis
from index.query.tree import All, Any, Node, Words


def words(text: str, area: str) -> Words | None:
    """One word or quoted text in an area; several terms are a phrase; None where it holds no letter and no digit."""
    terms = analysis.terms(text)
    return Words(tuple(terms), area) if terms else None


def joined(parts: list[Node], kind: type[All] | type[Any]) -> Node | None:
    """Put parts together; one stands for itself, none asks for nothing."""
    if len(parts) < 2:  # noqa: PLR2004 - a pair
        return parts[0] if parts else None
    return kind(tuple(parts))
