from typing import Annotated

from pydantic import Field

from stacks.settings.form import Form
from stacks.settings.quantity import Ratio
from stacks.settings.section import Section

MailAddress = Annotated[
    str, Field(pattern=r"^[^@\s]{1,64}@[^@\s]{1,190}$"), Form("a mail address, such as team@example.org")
]


class Budget(Section):
    """What the stack may cost; a plan whose price is above it is refused."""

    monthly_usd: float = Field(ge=0, le=10_000_000, description="US dollars a month; 0 allows only what costs nothing.")
    alert_at: tuple[Annotated[Ratio, Field(ge=0.01, le=2.0)], ...] = Field(
        default=(0.5, 0.8, 1.0),
        min_length=1,
        max_length=10,
        description="Shares of the budget at which people are told.",
    )
    notify: tuple[MailAddress, ...] = Field(default=(), max_length=10, description="Mail addresses that are told.")
    usd_per_million_tokens: float | None = Field(
        default=None,
        gt=0,
        le=10_000,
        description="Price of a million tokens above which the gate fails; none: not gated.",
    )
