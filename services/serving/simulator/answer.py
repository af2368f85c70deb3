import hashlib
import re
from dataclasses import dataclass
from typing import Literal

# A token is up to 16 characters of a word with the space before it: near enough to real tokenizers, and reversible.
TOKEN = re.compile(r"\s*\S{1,16}")
WORDS = ("water", "gate", "level", "turbine", "flow", "basin", "surge", "spill", "weir", "race", "head", "sluice")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model will say, token by token; joined, the tokens are the text."""

    tokens: tuple[str, ...]
    finish_reason: Literal["stop", "length"]


def tokenize(text: str) -> list[str]:
    """Split a text into tokens whose concatenation is the text without trailing white space."""
    return TOKEN.findall(text)


def answer_to(message: str, filler_tokens: int, max_tokens: int | None, *, ignore_end: bool = False) -> Answer:
    """Repeat a message, then add filler words chosen by its digest: the same message always gives the same answer.

    Args:
        message: what is echoed, so that a nonce in it comes back.
        filler_tokens: words after the echo, if there is room.
        max_tokens: bound of the answer; none means that it ends by itself.
        ignore_end: go on to `max_tokens` exactly, as vLLM's `ignore_eos` does.
    """
    echo = tokenize(message)
    natural = max(1, len(echo) + filler_tokens)
    wanted = max_tokens if max_tokens is not None and (ignore_end or max_tokens < natural) else natural
    digest = hashlib.sha256(message.encode()).digest()
    filler = (f" {WORDS[digest[i % len(digest)] % len(WORDS)]}" for i in range(max(0, wanted - len(echo))))
    tokens = (*echo[:wanted], *filler)
    return Answer(tokens, "stop" if wanted == natural and not ignore_end else "length")
