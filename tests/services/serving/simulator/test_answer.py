from hypothesis import given
from hypothesis import strategies as st

from services.serving.simulator.answer import answer_to, tokenize


@given(st.text(max_size=200))
def test_tokens_joined_are_the_text_without_trailing_space(text: str) -> None:
    assert "".join(tokenize(text)) == text.rstrip() or not text.strip()


@given(
    message=st.text(max_size=200),
    filler=st.integers(0, 20),
    bound=st.one_of(st.none(), st.integers(1, 64)),
    ignore_end=st.booleans(),
)
def test_an_answer_respects_its_bound_and_says_why_it_ended(
    message: str, filler: int, bound: int | None, *, ignore_end: bool
) -> None:
    answer = answer_to(message, filler, bound, ignore_end=ignore_end)
    natural = max(1, len(tokenize(message)) + filler)
    assert len(answer.tokens) >= 1
    if bound is not None and (ignore_end or bound < natural):
        assert (len(answer.tokens), answer.finish_reason) == (bound, "length")
    else:
        assert len(answer.tokens) == natural


def test_a_nonce_comes_back_and_the_same_message_gives_the_same_answer() -> None:
    answer = answer_to("say 6f9619ff-8b86-d011-b42d-00cf4fc964ff", 8, 64)
    assert "6f9619ff-8b86-d011-b42d-00cf4fc964ff" in "".join(answer.tokens)
    assert answer == answer_to("say 6f9619ff-8b86-d011-b42d-00cf4fc964ff", 8, 64)
    assert answer.finish_reason == "stop"


def test_an_answer_cut_short_says_length() -> None:
    answer = answer_to("one two three", 8, 2)
    assert ("".join(answer.tokens), answer.finish_reason) == ("one two", "length")
