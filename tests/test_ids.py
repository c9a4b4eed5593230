import pytest

from crawler.errors import IdMalformed
from crawler.ids import is_nct_id, may_mention, mentions, nct_id

MALFORMED = [
    "",
    "NCT",
    "NCT0",
    "NCT00000000",
    "NCT123456789",
    "NCT 05300932",
    "NCT05300932x",
    "xNCT05300932",
    "NCT-05300932",
    "NCT0530093２",  # a full-width digit
    "NCT05300932 NCT03817424",
    "05300932",
]


@pytest.mark.parametrize(
    ("text", "ident"),
    [
        ("NCT05300932", "NCT05300932"),
        ("nct05300932", "NCT05300932"),
        (" \tNct05300932\n", "NCT05300932"),
        ("nct5300932", "NCT05300932"),
        ("NCT1", "NCT00000001"),
        ("NCT0000000000000001", "NCT00000001"),
        ("NCT99999999", "NCT99999999"),
    ],
)
def test_an_id_has_one_written_form(text: str, ident: str) -> None:
    assert is_nct_id(text)
    assert nct_id(text) == ident


@pytest.mark.parametrize("text", MALFORMED)
def test_what_is_no_id_is_refused_and_named(text: str) -> None:
    assert not is_nct_id(text)
    with pytest.raises(IdMalformed) as refused:
        nct_id(text)
    assert str(refused.value) == (
        f"{text!r} is no NCT id; one is the letters NCT and eight digits, such as NCT05300932."
    )
    assert refused.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("roll-over of NCT01234567.", [("NCT01234567", 13)]),
        ("NCT01234567", [("NCT01234567", 0)]),
        ("(nct01234567)", [("NCT01234567", 1)]),
        (
            "NCT 01234567, NCT: 01234568, NCT#01234569, NCT-01234570",
            [
                ("NCT01234567", 0),
                ("NCT01234568", 14),
                ("NCT01234569", 29),
                ("NCT01234570", 43),
            ],
        ),
        ("NCT01234567 and again NCT01234567", [("NCT01234567", 0), ("NCT01234567", 22)]),
        ("https://clinicaltrials.gov/study/NCT01234567?term=x", [("NCT01234567", 33)]),
        ("NCT01234567A", [("NCT01234567", 0)]),
    ],
)
def test_mentions_are_found_with_their_offsets(text: str, found: list[tuple[str, int]]) -> None:
    assert list(mentions(text)) == found
    assert may_mention(["", text, "no id here"])


def test_texts_that_mention_no_id_are_told_quickly() -> None:
    assert not may_mention([])
    assert not may_mention(["a function", "NCT", "01234567", "NCT0123456", "NCT٠١٢٣٤٥٦٧"])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no id here",
        "NCT0123456 has seven digits",
        "NCT012345678 has nine",
        "NCT00000000 is nobody's",
        "XNCT01234567 is another registry's",
        "3NCT01234567 is another registry's",
        "NCT no. 01234567",
        "NCT٠١٢٣٤٥٦٧ is not how the registry writes digits",
    ],
)
def test_what_only_looks_like_a_mention_is_none(text: str) -> None:
    assert list(mentions(text)) == []
