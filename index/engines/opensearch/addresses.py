"""Addresses of a cluster as people write them."""

from urllib.parse import urlsplit

from index.errors import AddressMalformed


def addresses_of(text: str) -> tuple[str, ...]:
    """Split addresses as people write them; AddressMalformed for what is none."""
    found = tuple(part.strip().rstrip("/") for part in text.split(",") if part.strip())
    if not found or not all(_is_address(part) for part in found):
        raise AddressMalformed(text)
    return found


def _is_address(text: str) -> bool:
    try:
        split = urlsplit(text)
        return split.scheme in {"http", "https"} and bool(split.hostname) and split.port != 0
    except ValueError:
        return False


def without_password(address: str) -> str:
    """Return an address as it may be shown and kept."""
    split = urlsplit(address)
    return split._replace(netloc=split.netloc.rpartition("@")[2]).geturl()
