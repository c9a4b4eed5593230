from random import Random

from hypothesis import given
from hypothesis import strategies as st

from index.align import Item, aligned

TEXTS = ["mean pain at week 12", "mean pain at week 24", "median pain at week 12", "survival", "quality of life"]


def items(*texts: str) -> list[Item]:
    return [Item(text, text, words=frozenset(text.split())) for text in texts]


def named(name: str, *rests: str) -> list[Item]:
    return [Item(f"{name} {rest}", rest, name) for rest in rests]


def shape(lists: list[list[Item]]) -> list[dict[int, str]]:
    return [{number: item.key for number, item in part.items.items()} for part in aligned(lists)]


def test_the_same_stands_together_and_the_rest_alone() -> None:
    assert shape([items("b", "a"), items("a", "c")]) == [{0: "b"}, {0: "a", 1: "a"}, {1: "c"}]


def test_a_list_is_a_set() -> None:
    assert shape([items("a", "a"), items("a")]) == [{0: "a", 1: "a"}]


def test_forms_of_one_name_stand_together_after_what_is_the_same() -> None:
    assert shape([named("pain", "12", "24"), named("pain", "24", "52")]) == [
        {0: "pain 12", 1: "pain 52"},
        {0: "pain 24", 1: "pain 24"},
    ]


def test_a_third_form_joins_two_that_are_the_same() -> None:
    assert shape([named("pain", "12"), named("pain", "24"), named("pain", "12")]) == [
        {0: "pain 12", 2: "pain 12", 1: "pain 24"}
    ]


def test_texts_of_many_words_in_common_are_forms_of_one() -> None:
    one, two = "disease duration of at most 36 months", "disease duration of at most 60 months"
    assert shape([items(one, "pregnant"), items("smoker", two)]) == [{0: one, 1: two}, {0: "pregnant"}, {1: "smoker"}]


def test_the_likest_stand_together_first() -> None:
    near, nearer, asked = "a b c d x y", "a b c d e x", "a b c d e f"
    assert {0: asked, 1: nearer} in shape([items(asked), items(near, nearer)])


def test_words_that_stand_everywhere_make_little_alike() -> None:
    tail = "within weeks prior to baseline visit"
    one, two = f"use of intravenous immunoglobulin {tail}", f"intravenous corticosteroids {tail}"
    assert {0: one, 1: two} in shape([items(one), items(two)])
    others = [
        f"{first} {second} {third} {tail}"
        for first, second, third in zip("abcdefgh", "ijklmnop", "qrstuvwx", strict=True)
    ]
    assert {0: one} in shape([items(one, *others), items(two)])


lists = st.lists(st.lists(st.sampled_from(TEXTS), max_size=4), min_size=2, max_size=5)


@given(lists, st.randoms())
def test_the_order_of_lists_changes_nothing_but_their_numbers(texts: list[list[str]], random: Random) -> None:
    order = list(range(len(texts)))
    random.shuffle(order)
    plain = shape([items(*of) for of in texts])
    moved = shape([items(*texts[number]) for number in order])
    back = [{order[number]: key for number, key in part.items()} for part in moved]
    assert sorted(map(sorted, map(dict.items, back))) == sorted(map(sorted, map(dict.items, plain)))


@given(lists)
def test_every_item_stands_once(texts: list[list[str]]) -> None:
    parts = shape([items(*of) for of in texts])
    told = sorted((number, key) for part in parts for number, key in part.items())
    assert told == sorted({(number, text) for number, of in enumerate(texts) for text in of})
