from hypothesis import given, settings, strategies as st
from tests.test_neighbours import *
@settings(max_examples=20000, deadline=None)
@given(st.lists(st.text(alphabet=st.sampled_from("aN A:()[]\",.-_'’²½AND OR NOT RANGE AREA MISSING SEARCH ½\u0301é\u200b{}:~*?^!/\\"),max_size=30),max_size=4))
def test_x(c):
    for asked,_ in queries([seed(1,c,[])],[]):
        for text in asked.values(): parse(text)
@settings(max_examples=10000, deadline=None)
@given(st.lists(st.text(max_size=30),max_size=4))
def test_y(c):
    for asked,_ in queries([seed(1,c,[])],[]):
        for text in asked.values(): parse(text)
