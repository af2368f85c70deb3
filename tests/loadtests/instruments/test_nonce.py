from __future__ import annotations

from random import Random

from loadtests.instruments.nonce import mark, new_nonce, nonces_in, repeated_marks


def test_nonces_are_found_in_the_text_that_holds_them() -> None:
    one, other = new_nonce(Random(1)), new_nonce(Random(2))
    assert nonces_in(f"{one} and {mark(other, 0)}{one}") == (one, other)


def test_a_mark_that_does_not_rise_is_a_repetition() -> None:
    nonce = new_nonce(Random(1))
    assert repeated_marks("".join(mark(nonce, number) for number in range(5))) == 0
    assert repeated_marks("".join(mark(nonce, number) for number in (0, 1, 1, 2, 0))) == 2
