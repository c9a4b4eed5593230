from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.pages import Listed, listed_ids

RELATED = Path(__file__).parent / "fixtures" / "related.html"


def listed(html: str) -> list[tuple[str, str]]:
    return [(found.nct_id, found.heading) for found in listed_ids(html.encode())]


def test_the_ids_of_a_trials_page_stand_under_their_sections() -> None:
    title = "A Study Evaluating the Efficacy and Safety of Baricitinib in Systemic Sclerosis"
    related = "Related Clinical Trials"
    assert listed_ids(RELATED.read_bytes()) == [
        Listed("NCT05300932", title),
        Listed("NCT06936215", related),
        Listed("NCT00853788", related),
        Listed("NCT04440592", related),
        Listed("NCT03274076", related),
        Listed("NCT02339441", related),
        Listed("NCT00004563", "Detailed Description"),
    ]


@pytest.mark.parametrize(
    ("html", "heading"),
    [
        ("<p>NCT00000401</p>", ""),
        ("NCT00000401", ""),
        ("<p>NCT00000401</p><h2>Later</h2>", ""),
        ("<h1>Page</h1><p>NCT00000401", "Page"),
        ("<h1>Page</h1><h2>Part</h2><ul><li>NCT00000401</ul>", "Part"),
        ("<h2>Part</h2><h3>Card</h3><h4>Small</h4><p>NCT00000401", "Part"),
        ("<h3>Card</h3><p>NCT00000401", ""),
        ("<section><h2>One</h2></section><section><h2>Two</h2><p>NCT00000401</section>", "Two"),
        ("<h2>One</h2><h1>Page</h1><p>NCT00000401", "Page"),
        ("<h2>About NCT00000401</h2>", "About NCT00000401"),
        ("<h2>See <a href='/NCT00000401'>this <b>one</b></a></h2>", "See this one"),
        ("<h2>  On\n two\t lines </h2><p>NCT00000401", "On two lines"),
        ("<h2></h2><p>NCT00000401", ""),
        ("<h2>Søk &amp; finn</h2><p>NCT00000401", "Søk & finn"),
        (f"<h2>{'x' * 200}</h2><p>NCT00000401", "x" * 120),
    ],
)
def test_an_id_stands_under_the_nearest_heading_of_a_section_before_it(html: str, heading: str) -> None:
    assert listed(html) == [("NCT00000401", heading)]


@pytest.mark.parametrize(
    "html",
    [
        "<a href='/trials/NCT00000401'>a trial</a>",
        "<a href='https://clinicaltrials.gov/study/NCT00000401?term=x&rank=1'>a trial</a>",
        "<a href='#nct00000401'>a trial</a>",
        "<a href='/trials/NCT00000401'>NCT00000401</a> NCT00000401",
        "<td>nct00000401</td>",
        "<p>NCT 00000401</p>",
        "<p>NCT: 00000401</p>",
        "<p>NCT-00000401</p>",
        "<p>(NCT00000401), see there</p>",
        "<p>NCT&#48;0000401</p>",
        "<p>NCT00000401/NCT00000401</p>",
    ],
)
def test_an_id_is_found_in_text_and_links_however_it_is_written_and_once(html: str) -> None:
    assert listed(html) == [("NCT00000401", "")]


@pytest.mark.parametrize(
    "html",
    [
        "",
        "<html></html>",
        "<p>NCT123 NCT0000040 NCT000004011 NCT00000000</p>",
        "<p>XNCT00000401 NCTO0000401 NCT_00000401 NCT0000 0401 00000401</p>",
        "<script>var id = 'NCT00000401'</script>",
        "<style>.NCT00000401 {}</style>",
        "<template><p>NCT00000401</p></template>",
        "<!-- NCT00000401 -->",
        "<head><title>NCT00000401</title><meta content='NCT00000401'></head><body>nothing</body>",
        "<p title='NCT00000401' data-id='NCT00000401'><img alt='NCT00000401'></p>",
        "<p>NCT０００００４０１</p>",
    ],
)
def test_what_is_no_id_or_what_nobody_reads_is_left_out(html: str) -> None:
    assert listed(html) == []


def test_an_id_that_stands_twice_belongs_to_the_first_place() -> None:
    html = "<h2>A</h2>NCT00000417 <h2>B</h2>NCT00000401 NCT00000417 <h2>C</h2><a href='/NCT00000401'>x</a>"
    assert listed(html) == [("NCT00000417", "A"), ("NCT00000401", "B")]


@pytest.mark.parametrize("page", [b'{"id": "NCT00000401"}', b"\xff\xfe\xe9 NCT00000401 \xe9", b"<p><b>NCT00000401</i>"])
def test_a_page_that_is_hardly_html_is_read_all_the_same(page: bytes) -> None:
    assert [found.nct_id for found in listed_ids(page)] == ["NCT00000401"]


@given(st.binary())
def test_any_bytes_are_read(page: bytes) -> None:
    assert listed_ids(page) == listed_ids(page)


@given(st.lists(st.tuples(st.integers(1, 99_999_999), st.sampled_from(["h1", "h2", "p", "li", "h3"])), max_size=20))
def test_ids_come_once_in_the_order_of_the_page(places: list[tuple[int, str]]) -> None:
    html = "".join(f"<{tag}>NCT{number:08d}</{tag}>" for number, tag in places)
    assert [found.nct_id for found in listed_ids(html.encode())] == list(
        dict.fromkeys(f"NCT{number:08d}" for number, _ in places)
    )
