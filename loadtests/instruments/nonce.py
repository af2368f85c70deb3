"""Marks that tie an answer's bytes to the request that asked for them.

A prompt carries one nonce; an instrumented upstream puts it, with a running number, into every chunk
("nonce-0123456789abcdef.0 nonce-0123456789abcdef.1"). Another request's nonce in an answer is a mix-up, a
number that does not rise is a repeated chunk.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

_NONCE = re.compile(r"nonce-[0-9a-f]{16}")
_MARK = re.compile(r"(nonce-[0-9a-f]{16})\.(\d{1,9})")


def new_nonce(random: Random) -> str:
    """A fresh nonce of 64 random bits."""
    return f"nonce-{random.getrandbits(64):016x}"


def nonces_in(text: str) -> tuple[str, ...]:
    """The distinct nonces of a text, in the order of their first appearance."""
    return tuple(dict.fromkeys(_NONCE.findall(text)))


def mark(nonce: str, number: int) -> str:
    """What an upstream writes into its chunk of that number (from 0)."""
    return f"{nonce}.{number} "


def repeated_marks(text: str) -> int:
    """How many numbered marks do not rise above the one before them."""
    numbers = [int(number) for _, number in _MARK.findall(text)]
    return sum(later <= earlier for earlier, later in pairwise(numbers))
