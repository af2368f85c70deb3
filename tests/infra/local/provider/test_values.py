from hypothesis import given
from hypothesis import strategies as st

from infra.local.provider.values import UNKNOWN, contains_unknown, from_python, to_python

_leaves = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text()
_values = st.recursive(_leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@given(st.dictionaries(st.text(), _values))
def test_values_come_back_as_they_went(values: dict[str, object]) -> None:
    assert to_python(from_python(values)) == values


def test_an_unknown_is_found_at_any_depth() -> None:
    assert contains_unknown({"a": [{"b": UNKNOWN}]})
    assert not contains_unknown({"a": [{"b": "known"}]})
