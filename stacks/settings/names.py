from typing import Annotated

from pydantic import Field

from stacks.settings.form import Form

# A label, a Prometheus value and a path segment alike.
Name = Annotated[
    str,
    Field(pattern=r"^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$"),
    Form("a name of up to 40 lower-case letters, digits and hyphens"),
]
ModelName = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$"),
    Form("a model name of up to 128 letters, digits and . _ : / -, such as deepseek-r1:8b"),
]
