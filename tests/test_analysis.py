import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.analysis import Vocabulary, fold, spans, stem, terms, words

# Letters as people write them in records: plain, accented in one piece and in two, Greek, superscripts, marks.
LETTERS = "abcdefgnrstINGSxyz0189éöÉØßøµαβ²⁹ﬁ\u0301\u0308 -/.,()_™®\n"
TEXT = st.text(st.sampled_from(LETTERS), max_size=60)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Sjögren", "sjogren"),
        ("Sjo\u0308gren", "sjogren"),  # the accent as a character of its own
        ("UNIVERSITÀ", "universita"),
        ("İstanbul", "istanbul"),
        ("m²", "m2"),
        ("10⁹", "109"),
        ("ﬁbrosis", "fibrosis"),
        ("Ⅲ", "iii"),
        ("ℌ", "h"),  # a capital only after its form is folded
        ("37℃", "37°c"),
        ("Naïve T-Cells", "naive t-cells"),
        ("硬皮病", "硬皮病"),
    ],
)
def test_fold_leaves_plain_small_letters(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("severe COVID-19", ["severe", "covid", "19"]),
        ("severe COVID 19", ["severe", "covid", "19"]),
        ("IL-6/IL-6Rα, CD4+", ["il", "6", "il", "6rα", "cd4"]),
        ("double\u2011blind", ["double", "blind"]),  # a hyphen that may not break
        ("a_b", ["a", "b"]),
        ("Crohn's disease", ["crohn", "disease"]),
        ("Crohn’s disease", ["crohn", "disease"]),
        ("Crohnʼs", ["crohn"]),
        ("CROHN'S", ["crohn"]),
        ("patients' rights", ["patients", "rights"]),
        ("it's s", ["it", "s"]),
        ("o'clock", ["o", "clock"]),
        ("Humira™ 40 mg", ["humira", "40", "mg"]),
        ("Enbrel®", ["enbrel"]),
        ("5 mg/m² ½", ["5", "mg", "m2", "1", "2"]),
        ("", []),
        (" -- … ", []),
    ],
)
def test_words_end_at_whatever_is_no_letter_or_digit(text: str, found: list[str]) -> None:
    assert words(text) == found


@pytest.mark.parametrize(
    ("word", "stemmed"),
    [
        ("recruiting", "recruit"),
        ("recruits", "recruit"),
        ("patients", "patient"),
        ("biopsies", "biopsi"),
        ("biopsy", "biopsi"),
        ("running", "run"),
        ("trial", "trial"),
        ("nct05300932", "nct05300932"),
        ("the", "the"),
    ],
)
def test_stems_are_those_of_snowball_english(word: str, stemmed: str) -> None:
    assert stem(word) == stemmed


def test_terms_keep_every_word_in_order() -> None:
    assert terms("The Safety of Estrogens in Lupus: the SELENA trials") == [
        "the", "safeti", "of", "estrogen", "in", "lupus", "the", "selena", "trial",
    ]  # fmt: skip


@given(TEXT)
def test_terms_are_the_stems_of_the_words(text: str) -> None:
    assert terms(text) == [stem(word) for word in words(text)]


@given(TEXT)
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(TEXT)
def test_case_and_form_of_accents_make_no_difference(text: str) -> None:
    # ß and ﬁ become two capitals, which is another word only for ß (ss)
    plain = text.replace("ß", "s")
    assert terms(plain.upper()) == terms(plain) == terms(unicodedata.normalize("NFD", plain))


@pytest.mark.parametrize(
    ("text", "wanted", "marked"),
    [
        ("Sjögren's syndrome", "sjogren", ["Sjögren"]),
        ("Sjo\u0308gren syndrome", "sjogren", ["Sjo\u0308gren"]),
        ("Crohnʼs disease", "crohn", ["Crohnʼs"]),
        ("COVID-19 and Covid19", "covid", ["COVID"]),
        ("Trials, a trial (TRIAL-1)", "trial", ["Trials", "trial", "TRIAL"]),
        ("120 mg/m² twice", "m2", ["m²"]),
        ("Humira™", "humira", ["Humira"]),
        ("no such word", "trial", []),
    ],
)
def test_spans_point_at_the_characters_as_written(text: str, wanted: str, marked: list[str]) -> None:
    assert [text[begin:end] for begin, end in spans(text, frozenset([wanted]))] == marked


@given(TEXT)
def test_spans_of_all_terms_are_the_text_s_words_in_order(text: str) -> None:
    found = spans(text, frozenset(terms(text)))
    assert [term for begin, end in found for term in terms(text[begin:end])] == terms(text)
    assert all(begin < end for begin, end in found)
    assert all(before <= begin for (_, before), (begin, _) in pairwise(found))


@given(st.lists(TEXT, max_size=5))
def test_a_vocabulary_gives_the_terms_that_queries_ask_for(texts: list[str]) -> None:
    vocabulary = Vocabulary()
    numbers = vocabulary.word_numbers(texts)
    term_of_word = vocabulary.term_of_word
    told: list[list[str]] = [[]]
    for number in numbers:
        if number:
            told[-1].append(vocabulary.terms[term_of_word[number - 1]])
        else:
            told.append([])
    assert told == [*(terms(text) for text in texts), []]
    assert [spelled.split() for spelled in vocabulary.spelled(numbers)] == [terms(text) for text in texts]
    assert len(set(vocabulary.terms)) == len(vocabulary.terms)


def test_a_vocabulary_numbers_each_word_once_in_order_of_its_coming() -> None:
    vocabulary = Vocabulary()
    assert vocabulary.word_numbers(["Trials of trial", "", "drugs"]) == [1, 2, 3, 0, 0, 4, 0]
    assert vocabulary.word_numbers(["of TRIALS"]) == [2, 1, 0]
    assert vocabulary.terms == ["trial", "of", "drug"]
    assert vocabulary.term_of_word == [0, 1, 0, 2]


def test_a_text_with_the_mark_of_an_end_in_it_is_one_text() -> None:
    vocabulary = Vocabulary()
    assert vocabulary.word_numbers(["lung\0heart", "lung"]) == [1, 2, 0, 1, 0]


def test_the_surface_of_a_term_is_how_it_is_written_most_often_else_first() -> None:
    vocabulary = Vocabulary()
    vocabulary.word_numbers(["trials trial biopsy biopsies"])
    assert vocabulary.surfaces([2, 3, 1, 1]) == ["trial", "biopsy"]


@given(st.lists(st.text(st.characters(max_codepoint=127), max_size=30), max_size=4))
def test_plain_texts_are_cut_as_all_others(texts: list[str]) -> None:
    vocabulary = Vocabulary()
    spelled = vocabulary.spelled(vocabulary.word_numbers(texts))
    assert [text.split() for text in spelled] == [terms(text) for text in texts]
