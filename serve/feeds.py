"""News of watches as a Markdown digest, an Atom feed and a JSON Feed. Foreign text can't act in any of them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from uuid import NAMESPACE_URL, uuid5

from crawler.config import HOME
from crawler.watches import Item, News, Told
from serve.terminal import clean

STUDY = "https://clinicaltrials.gov/study/"  # where people read a record
_TITLE = "trialkin: news of watches"
_MARKDOWN = re.compile(r"([\\`*_\[\]<>#|!])")
_LISTS = ("entered", "left", "changed")


@dataclass(frozen=True)
class Entry:
    """One trial of one piece of news. `id` stays the same for ever."""

    id: str
    title: str
    url: str
    told_at: str
    text: str


def _items(news: News) -> Iterator[tuple[str, Item]]:
    for name in _LISTS:
        for item in getattr(news, name):
            yield name, item


def entries(told: Iterable[Told]) -> list[Entry]:
    """Entries of kept news, in their order."""
    return [_entry(one, word, item) for one in told for word, item in _items(one.news)]


def _entry(told: Told, word: str, item: Item) -> Entry:
    key = f"{HOME}/watch/{told.news.name}/{told.told_at}/{told.number}/{word}/{item.nct_id}"
    verb = "changed in" if word == "changed" else word
    title = f"{item.nct_id} {verb} “{told.news.name}”: {item.title or 'no title'}"
    data = f"Data of {told.news.data_timestamp or 'files'}."
    text = f"{'; '.join(item.reasons)} ({item.severity}). {data}"
    return Entry(uuid5(NAMESPACE_URL, key).urn, clean(title), f"{STUDY}{item.nct_id}", told.told_at, clean(text))


def atom(told: list[Told]) -> str:
    """Write an Atom feed."""
    updated = told[0].told_at if told else "1970-01-01T00:00:00Z"
    feed_id = uuid5(NAMESPACE_URL, f"{HOME}/watch").urn
    parts = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<feed xmlns="http://www.w3.org/2005/Atom">',
        f"  <title>{_TITLE}</title>\n  <id>{feed_id}</id>\n  <updated>{updated}</updated>",
        "  <author><name>trialkin</name></author>",
    ]
    for entry in entries(told):
        parts += [
            f"  <entry>\n    <title>{escape(entry.title)}</title>\n    <id>{entry.id}</id>",
            f'    <link href="{escape(entry.url)}"/>\n    <updated>{entry.told_at}</updated>',
            f"    <content>{escape(entry.text)}</content>\n  </entry>",
        ]
    return "\n".join([*parts, "</feed>\n"])


def json_feed(told: list[Told]) -> dict[str, object]:
    """Make a JSON Feed (version 1.1)."""
    return {
        "version": "https://jsonfeed.org/version/1.1",
        "title": _TITLE,
        "home_page_url": HOME,
        "items": [
            {
                "id": entry.id,
                "title": entry.title,
                "url": entry.url,
                "date_published": entry.told_at,
                "content_text": entry.text,
            }
            for entry in entries(told)
        ],
    }


def digest(news: News) -> str:
    """Write one watch's news in Markdown."""
    data = f"data of {news.data_timestamp}" if news.data_timestamp else "data from files"
    if news.error is not None:
        return f"## {_plain(news.name)}\n\nThis watch failed: {_plain(news.error)}\n"
    head = f"## {_plain(news.name)}\n\n{news.members:,} trials, {data}.\n"
    if news.baseline:
        return f"{head}\nThis is the baseline; news come from the next run on.\n"
    if not news.any:
        return f"{head}\nNothing new.\n"
    parts = [head]
    for name in _LISTS:
        items: list[Item] = getattr(news, name)
        if items:
            lines = "\n".join(f"- {_told(item)}" for item in items)
            parts.append(f"### {len(items):,} {name}\n\n{lines}\n")
    return "\n".join(parts)


def _told(item: Item) -> str:
    reasons = "; ".join(map(_plain, item.reasons))
    return f"[{item.nct_id}]({STUDY}{item.nct_id}) {_plain(item.title or 'no title')} ({item.severity}): {reasons}"


def _plain(text: str) -> str:
    """Return a text that Markdown shows as it is."""
    return _MARKDOWN.sub(r"\\\1", clean(text))
