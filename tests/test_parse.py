import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from index.errors import QueryError
from index.query.grammar import DEEPEST
from index.query.parse import parse
from index.query.tree import All, Any, Days, Enrollment, Missing, Node, Not, Value, Words

A, B, C = Words(("a",)), Words(("b",)), Words(("c",))
STARTED_2020 = Days("start", 20200101, 20201231)


@pytest.mark.parametrize(
    ("query", "tree"),
    [
        ("a", A),
        ("a b", All((A, B))),
        ("a AND b", All((A, B))),
        ("a, b\tAND\nc", All((A, B, C))),
        ("a OR b", Any((A, B))),
        ("a b OR c", Any((All((A, B)), C))),
        ("a (b OR c)", All((A, Any((B, C))))),
        ("(a b) c", All((All((A, B)), C))),
        ("((a))", A),
        ("NOT a", Not(A)),
        ("NOT a b", All((Not(A), B))),
        ("NOT (a b)", Not(All((A, B)))),
        ("NOT NOT a", A),
        ("NOT NOT NOT a", Not(A)),
        ("a AND NOT b", All((A, Not(B)))),
        ("a OR NOT b c", Any((A, All((Not(B), C))))),
        # operators are written large; in small letters, in quotes or within a word they are words
        ("and or not", All((Words(("and",)), Words(("or",)), Words(("not",))))),
        ('"a AND b"', Words(("a", "and", "b"))),
        ("NOTCH", Words(("notch",))),
        ("ORAL", Words(("oral",))),
        ("MISSING", Words(("miss",))),
    ],
)
def test_words_are_anded_and_operators_bind_not_and_or(query: str, tree: Node) -> None:
    assert parse(query) == tree


@pytest.mark.parametrize(
    ("query", "tree"),
    [
        ('"systemic sclerosis"', Words(("system", "sclerosi"))),
        ("COVID-19", Words(("covid", "19"))),
        ('"severe COVID-19"', Words(("sever", "covid", "19"))),
        ("IL-6/IL-6R", Words(("il", "6", "il", "6r"))),
        ("Sjögren's", Words(("sjogren",))),
        ("Humira™", Words(("humira",))),
        ("-a", A),
        ("http://a.b", Words(("http", "a", "b"))),
        # what has no letter or digit asks for nothing
        ("a !!! b", All((A, B))),
        ("a OR +", A),
        ("a NOT -", A),
        ('a ""', A),
    ],
)
def test_a_word_of_several_parts_is_the_phrase_of_them(query: str, tree: Node) -> None:
    assert parse(query) == tree


@pytest.mark.parametrize(
    ("query", "tree"),
    [
        ("cond:a", Words(("a",), "ConditionSearch")),
        ("COND:a", Words(("a",), "ConditionSearch")),
        ('cond:"a b" c', All((Words(("a", "b"), "ConditionSearch"), C))),
        ("cond:(a OR b) c", All((Any((Words(("a",), "ConditionSearch"), Words(("b",), "ConditionSearch"))), C))),
        ("NOT cond:a", Not(Words(("a",), "ConditionSearch"))),
        ("cond:(a NOT title:b)", All((Words(("a",), "ConditionSearch"), Not(Words(("b",), "TitleSearch"))))),
        ("cond:title:a", Words(("a",), "TitleSearch")),
        ("term:a", A),
        ("intr:a", Words(("a",), "InterventionSearch")),
        ("outc:a", Words(("a",), "OutcomeSearch")),
        ("spons:a", Words(("a",), "SponsorSearch")),
        ("loc:a", Words(("a",), "LocationSearch")),
        ("elig:a", Words(("a",), "EligibilitySearch")),
        ("id:NCT05300932", Words(("nct05300932",), "IdSearch")),
        ("AREA[ConditionSearch]a", Words(("a",), "ConditionSearch")),
        ("AREA[BasicSearch]a", A),
        ("AREA[BriefTitle]a", Words(("a",), "BriefTitle")),
        ("area_of a", All((Words(("area", "of")), A))),
        ("AREA [ brieftitle ] (a b)", All((Words(("a",), "BriefTitle"), Words(("b",), "BriefTitle")))),
        ('AREA[LocationCountry]"South Korea"', Words(("south", "korea"), "LocationCountry")),
        ("BriefTitle:a", Words(("a",), "BriefTitle")),
    ],
)
def test_a_name_says_where_to_look(query: str, tree: Node) -> None:
    assert parse(query) == tree


@pytest.mark.parametrize(
    ("query", "tree"),
    [
        ("phase:3", Value("phase", ("PHASE3",))),
        ("AREA[Phase]PHASE3", Value("phase", ("PHASE3",))),
        ("phase:(2 OR 3)", Any((Value("phase", ("PHASE2",)), Value("phase", ("PHASE3",))))),
        ("status:recruiting", Value("status", ("RECRUITING",))),
        ("AREA[OverallStatus]RECRUITING", Value("status", ("RECRUITING",))),
        ('status:"not yet recruiting"', Value("status", ("NOT_YET_RECRUITING",))),
        ('AREA[InterventionType]"dietary supplement"', Value("intervention_type", ("DIETARY_SUPPLEMENT",))),
        ("sex:female", Value("sex", ("FEMALE",))),
        ("age-group:child", Value("age_group", ("CHILD",))),
        ("results:true", Value("results", ("true",))),
        ("NOT country:China", Not(Value("country", ("China",)))),
        ('country:"Korea, Republic of"', Value("country", ("South Korea",))),
        ("country:turkey", Value("country", ("Turkey (Türkiye)",))),
        ("start:2020", STARTED_2020),
        ("start:2020..2022-06", Days("start", 20200101, 20220630)),
        ("start:2020..", Days("start", 20200101, None)),
        ("completed:..2020", Days("completed", None, 20201231)),
        ("AREA[StartDate]2020", STARTED_2020),
        ("AREA[StartDate]RANGE[2020,2020-12]", STARTED_2020),
        ("AREA[StartDate] RANGE [ MIN , 2020-12-31 ]", Days("start", None, 20201231)),
        ("AREA[LastUpdatePostDate]RANGE[2020-01-01,MAX]", Days("updated", 20200101, None)),
        ("AREA[StudyFirstPostDate]RANGE[MIN,MAX]", Days("posted", None, None)),
        ("AREA[CompletionDate]RANGE[,2020]", Days("completed", None, 20201231)),
        ("enrollment:100..500", Enrollment(100, 500)),
        ("AREA[EnrollmentCount]RANGE[100,MAX]", Enrollment(100, None)),
        ("AREA[EnrollmentCount]RANGE[MIN,MAX]", Enrollment(None, None)),
        ("AREA[EnrollmentCount]60", Enrollment(60, 60)),
        ("AREA[Phase]MISSING", Missing("phase")),
        ("AREA[StartDate] MISSING", Missing("start")),
        ("NOT AREA[EnrollmentCount]MISSING a", All((Not(Missing("enrollment")), A))),
        (
            'cond:"systemic sclerosis" phase:3 status:recruiting start:2020..2022 NOT country:China',
            All(
                (
                    Words(("system", "sclerosi"), "ConditionSearch"),
                    Value("phase", ("PHASE3",)),
                    Value("status", ("RECRUITING",)),
                    Days("start", 20200101, 20221231),
                    Not(Value("country", ("China",))),
                )
            ),
        ),
    ],
)
def test_values_ranges_and_what_is_missing(query: str, tree: Node) -> None:
    assert parse(query) == tree


def test_words_without_a_name_look_where_the_caller_says() -> None:
    assert parse("a title:b", "ConditionSearch") == All(
        (Words(("a",), "ConditionSearch"), Words(("b",), "TitleSearch"))
    )


WORD = "a word, a phrase or an area"
SQUARE = 'AREA[Field] or quotation marks around text with brackets, such as "[x]"'


@pytest.mark.parametrize(
    ("query", "position", "expected"),
    [
        ("", 0, "a word to look for"),
        (" !!! ", 0, "a word to look for"),
        ("NOT -", 0, "a word to look for"),
        ("a OR", 4, WORD),
        ("a AND ", 6, WORD),
        ("NOT", 3, WORD),
        ("(a OR", 5, WORD),
        ("AND a", 0, WORD),
        ("OR a", 0, WORD),
        ("a AND OR b", 6, WORD),
        ("a OR AND b", 5, WORD),
        ("cond:NOT a", 5, WORD),
        ("()", 1, WORD),
        ("a (", 3, WORD),
        ("(a", 2, "a closing bracket for the one at character 1"),
        ("a (b (c)", 8, "a closing bracket for the one at character 3"),
        ('(a "b)"', 7, "a closing bracket for the one at character 1"),
        ("a)", 1, "no closing bracket, for none is open"),
        ('"(" a)', 5, "no closing bracket, for none is open"),
        ('a "b c', 2, "a closing quotation mark"),
        ("a [b]", 2, SQUARE),
        ("a]", 1, SQUARE),
        ("cond:", 5, "a value right after cond:"),
        ("cond: a", 5, "a value right after cond:"),
        ("a phase:", 8, "a value right after phase:"),
        ("AREA[Phase]", 11, WORD),
        ("foo:a", 0, "a known area, not 'foo'"),
        ("a phas:3", 2, "a known area, not 'phas' (did you mean phase?)"),
        ("AREA[Foo]a", 0, "a known area, not 'Foo'"),
        ("title:cnd:a", 6, "a known area, not 'cnd' (did you mean cond?)"),
        ("a sex:femal", 6, "a value of sex (did you mean FEMALE?): FEMALE, MALE, ALL"),
        ("sex:(female OR x)", 15, "a value of sex: FEMALE, MALE, ALL"),
        ("AREA[Sex]x", 9, "a value of sex: FEMALE, MALE, ALL"),
        ("AREA[Phase]RANGE[1,2]", 11, "a field of dates, numbers or ages before RANGE, not phase"),
        ("AREA[TitleSearch]MISSING", 17, "one field before MISSING, not TitleSearch, which looks in several"),
    ],
)
def test_a_mistake_is_pointed_at(query: str, position: int, expected: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(query)
    assert (caught.value.position, caught.value.expected) == (position, expected)


@pytest.mark.parametrize(
    ("query", "position"),
    [
        ("start:soon", 6),
        ("a start:2020-13", 8),
        ("start:2022..2020", 6),
        ("enrollment:many", 11),
        ("enrollment:5..1", 11),
        ("AREA[StartDate]RANGE[2020-13,MAX]", 15),
        ("AREA[StartDate]RANGE[2022,2020]", 15),
        ("AREA[EnrollmentCount]RANGE[few,many]", 21),
    ],
)
def test_a_range_that_can_t_be_read_is_pointed_at(query: str, position: int) -> None:
    with pytest.raises(QueryError, match=r"expected a range such as A\.\.B with") as caught:
        parse(query)
    assert caught.value.position == position


def test_the_caret_stands_under_the_mistake() -> None:
    with pytest.raises(QueryError) as caught:
        parse("lupus\tphas:3")
    assert str(caught.value) == (
        "the query can't be read: expected a known area, not 'phas' (did you mean phase?)\n  lupus phas:3\n        ^"
    )


def test_of_a_long_query_the_surroundings_are_shown() -> None:
    with pytest.raises(QueryError) as caught:
        parse("x" * 200 + " ) " + "y" * 200)
    _, shown, caret = str(caught.value).split("\n")
    assert shown == "  " + "x" * 59 + " ) " + "y" * 38
    assert shown[caret.index("^")] == ")"


@pytest.mark.parametrize("depth", [DEEPEST + 1, 500])
def test_brackets_have_a_depth_that_people_never_reach(depth: int) -> None:
    with pytest.raises(QueryError, match="at most 40 brackets within each other") as caught:
        parse("(" * depth + "a" + ")" * depth)
    assert caught.value.position == DEEPEST


def test_brackets_in_quotes_are_no_brackets() -> None:
    assert parse(f'"{"(" * 500}a"') == A


def test_the_deepest_query_allowed_is_read_whatever_stands_in_it() -> None:
    node = parse("NOT cond:(b OR a " * DEEPEST + "a" + ")" * DEEPEST)
    depth = 0
    while isinstance(node, Not):
        assert isinstance(node.part, Any)
        last = node.part.parts[-1]
        assert isinstance(last, All)
        node, depth = last.parts[-1], depth + 1
    assert depth == DEEPEST


@pytest.mark.parametrize(
    ("query", "tree"),
    [
        ("NOT " * 500 + "a", A),
        ("NOT " * 501 + "a", Not(A)),
        ("cond:" * 2_000 + "a", Words(("a",), "ConditionSearch")),
        ("AREA[BriefTitle]" * 600 + "a", Words(("a",), "BriefTitle")),
        ("a " * 5_000, All((A,) * 5_000)),
        ("a OR " * 2_000 + "a", Any((A,) * 2_001)),
        ("a" * 10_000, Words(("a" * 10_000,))),
        ('""' * 5_000 + "a", A),
    ],
)
def test_long_queries_are_read(query: str, tree: Node) -> None:
    assert parse(query) == tree


PIECES = [
    "a", "lupus", "COVID-19", " ", "  ", ",", "(", ")", '"', "[", "]", ":", "AND", "OR", "NOT", " AND ", " OR ",
    " NOT ", "AREA[", "AREA[Phase]", "AREA[StartDate]", "AREA[BriefTitle]", "RANGE[", "RANGE[MIN,MAX]",
    "RANGE[2020,2021]", "MISSING", "cond:", "phase:", "status:", "start:", "enrollment:", "country:", "3", "recruiting",
    "2020..2021", "..", "SEARCH[Location]", "é", "™", "\t", "\n", "\x00", "𝒳", "-", "NCT05300932",
]  # fmt: skip


def mistake(query: str) -> QueryError | None:
    try:
        parse(query)
    except QueryError as error:
        return error
    return None


@given(st.text() | st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
@example("(" * 10_000)
@example(")" * 10_000)
@example('"' * 9_999)
@example("x:" * 5_000)
@example("AREA[" * 2_000)
@example("(NOT " * 2_000)
@example("cond:(" * 1_600)
def test_any_text_is_read_or_pointed_into(query: str) -> None:
    error = mistake(query)
    if error is not None:
        shown, caret = str(error).split("\n")[-2:]
        assert error.text == query
        assert 0 <= error.position <= len(query)
        assert caret.strip() == "^"
        assert len(caret) <= len(shown) + 1


WORDS_ALONE = st.text(st.sampled_from("abé-'™.;!²_ \t\n\u2003\u200b"), min_size=1, max_size=20)


@given(WORDS_ALONE)
@example("a-b\u00a0c")
@example("ANDY ORAL NOTE MISSINGS and or not")
def test_words_alone_mean_the_same_in_brackets(query: str) -> None:
    assume(mistake(query) is None)
    assert parse(f"({query})") == parse(query)


def written(node: Node) -> str:
    """Write a tree as a query, every part in brackets."""
    match node:
        case Words(terms, area):
            return f'AREA[{area}]"{" ".join(terms)}"'
        case All(parts):
            return " ".join(f"({written(part)})" for part in parts)
        case Any(parts):
            return " OR ".join(f"({written(part)})" for part in parts)
        case Not(part):
            return f"NOT ({written(part)})"
        case Value(key, values):
            return f'{key}:"{values[0]}"'
        case Days(key, begin, end):
            return f"{key}:{_day(begin)}..{_day(end)}"
        case _:
            raise TypeError(node)


def _day(number: int | None) -> str:
    return "" if number is None else f"{number // 10000}-{number // 100 % 100:02d}-{number % 100:02d}"


LEAVES = st.one_of(
    st.builds(
        Words,
        st.lists(st.sampled_from(["lupus", "a", "the", "19", "covid"]), min_size=1, max_size=3).map(tuple),
        st.sampled_from(["BasicSearch", "ConditionSearch", "TitleSearch", "LocationSearch"]),
    ),
    st.builds(Value, st.just("phase"), st.sampled_from([("PHASE1",), ("NA",), ("EARLY_PHASE1",)])),
    st.builds(Value, st.just("country"), st.sampled_from([("South Korea",), ("France",), ("Turkey (Türkiye)",)])),
    st.sampled_from(
        [Days("start", 20200101, 20221231), Days("updated", None, 20200229), Days("posted", 19991031, None)]
    ),
)
TREES: st.SearchStrategy[Node] = st.recursive(
    LEAVES,
    lambda parts: st.one_of(
        st.builds(All, st.lists(parts, min_size=2, max_size=3).map(tuple)),
        st.builds(Any, st.lists(parts, min_size=2, max_size=3).map(tuple)),
        st.builds(Not, parts),
    ),
    max_leaves=8,
)


@given(TREES)
def test_a_tree_written_as_a_query_is_read_as_that_tree(tree: Node) -> None:
    assert parse(written(tree)) == tree
