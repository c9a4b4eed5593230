"""A web page → the NCT ids that it lists, each under its section's heading. selectolax lives here."""

from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser

from crawler.ids import mentions

# A page's sections; the deeper headings are those of the cards in a section, each a trial's own title.
_SECTIONS = {"h1", "h2"}
_HEADING_CHARACTERS = 120


@dataclass(frozen=True)
class Listed:
    """An id on a page; `heading` is that of the section it stands in, empty where there is none."""

    nct_id: str
    heading: str


def listed_ids(html: bytes) -> list[Listed]:
    """Find every well-formed NCT id in a page's text and links, once, under the section it first stands in."""
    tree = LexborHTMLParser(html)
    tree.strip_tags(["script", "style", "template"])
    found: dict[str, Listed] = {}
    heading = ""
    root = tree.body
    for node in root.traverse(include_text=True) if root is not None else ():
        if node.tag in _SECTIONS:
            heading = " ".join(node.text().split())[:_HEADING_CHARACTERS]
        text = node.text(deep=False) if node.tag == "-text" else (node.attributes or {}).get("href") or ""
        for nct_id, _ in mentions(text):
            found.setdefault(nct_id, Listed(nct_id, heading))
    return list(found.values())
