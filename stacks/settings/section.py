from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A part of the settings: frozen, unknown keys refused, no silent conversion between types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True, hide_input_in_errors=True)
