import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler import arrays
from crawler.arrays import ArrayCut, elements

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def cut(text: bytes, first: int = 1) -> list[bytes]:
    return list(elements(text[:first], io.BytesIO(text[first:])))


@given(st.lists(st.dictionaries(st.text(), VALUES, max_size=4), max_size=5), st.booleans(), st.integers(1, 30))
def test_elements_are_what_json_says_byte_for_byte(objects: list[dict[str, object]], pretty: bool, chunk: int) -> None:  # noqa: FBT001 - drawn
    text = json.dumps(objects, ensure_ascii=False, indent=1 if pretty else None).encode("utf-8", "surrogatepass")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(arrays, "CHUNK_BYTES", chunk)
        found = cut(text)
    assert [json.loads(piece.decode("utf-8", "surrogatepass")) for piece in found] == objects
    assert all(piece in text for piece in found)


@pytest.mark.parametrize(
    ("text", "whole", "told"),
    [
        (b'[{"a":1},{"b":', [b'{"a":1}'], "cut short"),
        (b'[{"a":"]}', [], "cut short"),
        (b'[{"a":1}', [b'{"a":1}'], "cut short"),
        (b"[1,2]", [], "something else"),
        (b'[{"a":1}] x', [b'{"a":1}'], "follows"),
    ],
)
def test_a_broken_array_gives_what_was_whole(text: bytes, whole: list[bytes], told: str) -> None:
    pieces = elements(text[:1], io.BytesIO(text[1:]))
    assert [next(pieces) for _ in whole] == whole
    with pytest.raises(ArrayCut, match=told):
        next(pieces)


def test_an_empty_array_has_none() -> None:
    assert cut(b"[ \n ]\n") == []
