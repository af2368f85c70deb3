from typing import Literal

from pydantic import Field

from stacks.settings.quantity import Size
from stacks.settings.section import Section

_KIB = 2**10


class Limits(Section):
    """What one API key may use unless the key says otherwise, and what a request may be."""

    requests_per_minute: int = Field(default=600, ge=1, le=10_000_000, description="Requests of a key in a minute.")
    tokens_per_minute: int = Field(
        default=200_000, ge=1, le=10**10, description="Prompt and answer tokens of a key in a minute."
    )
    concurrency: int = Field(default=64, ge=1, le=100_000, description="Requests of a key in progress at once.")
    on_store_loss: Literal["local_share", "closed"] = Field(
        default="local_share",
        description="When the store is gone: local_share lets each gateway grant its part, closed refuses all.",
    )
    body: Size = Field(
        default=1024 * _KIB, ge=1 * _KIB, le=64 * 1024 * _KIB, description="Largest request body, 1KiB to 64MiB."
    )
    max_tokens: int = Field(default=4096, ge=1, le=1_048_576, description="Longest answer that a request may ask for.")
