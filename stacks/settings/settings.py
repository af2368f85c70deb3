import json
from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from stacks.settings.alias import Alias
from stacks.settings.backup import Backup
from stacks.settings.budget import Budget
from stacks.settings.chain import configured_chain
from stacks.settings.environment import Environment, Target
from stacks.settings.form import Form
from stacks.settings.gateway import Gateway
from stacks.settings.idle import Idle
from stacks.settings.kubernetes import Kubernetes
from stacks.settings.limits import Limits
from stacks.settings.logs import Logs
from stacks.settings.model import Model
from stacks.settings.names import ModelName, Name
from stacks.settings.objectives import Objectives
from stacks.settings.ollama import Ollama
from stacks.settings.pool import CpuPool, GpuPool
from stacks.settings.ports import Ports
from stacks.settings.problem import StackSettingsError
from stacks.settings.provider import Provider
from stacks.settings.regions import Regions
from stacks.settings.rehearsal import Rehearsal, retargeted
from stacks.settings.rules import RULES
from stacks.settings.secret import inline_secrets
from stacks.settings.section import Section
from stacks.settings.sentences import problems_of
from stacks.settings.serving import Serving
from stacks.settings.spot import Spot
from stacks.settings.topology import Topology

TagKey = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9 +=._:/@-]{1,128}$"),
    Form("a tag key of up to 128 letters, digits and + = . _ : / @ -"),
]
TagValue = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9 +=._:/@-]{0,256}$"), Form("a tag of up to 256 letters, digits and + = . _ : / @ -")
]


class StackSettings(Section):
    """Everything that makes one stack differ from another; environments differ by these data only."""

    environment: Environment = Field(
        description="Which stack this is: local, dev, staging or prod; equals the name in Pulumi.<stack>.yaml."
    )
    target: Target = Field(
        description="Where it is built: local (this machine), aws (costs money) or kubernetes (a cluster of yours)."
    )
    ports: Ports = Field(description="Ports on this machine, for the target local.")
    topology: Topology = Field(default=Topology(), description="How the parts are spread.")
    models: Mapping[ModelName, Model] = Field(
        default={}, max_length=50, description="Models that the stack runs, by the name their server knows."
    )
    aliases: Mapping[ModelName, Alias] = Field(
        min_length=1, max_length=50, description="Public model names, and what each means at each provider."
    )
    serving: Serving = Field(default=Serving(), description="Ray Serve and its applications.")
    ollama: Ollama = Field(default=Ollama(), description="The Ollama server.")
    gateway: Gateway = Field(default=Gateway(), description="The gateway.")
    limits: Limits = Field(default=Limits(), description="What one API key may use.")
    pools: Mapping[Name, GpuPool] = Field(
        default={}, max_length=20, description="GPU node pools by name; not used by the target local."
    )
    cpu_pool: CpuPool = Field(default=CpuPool(), description="The general nodes; not used by the target local.")
    spot: Spot = Field(default=Spot(), description="The notice of spot nodes.")
    idle: Idle = Field(default=Idle(), description="What happens when nobody uses the stack.")
    regions: Regions = Field(default=Regions(), description="AWS regions and zones.")
    kubernetes: Kubernetes = Field(default=Kubernetes(), description="An existing cluster.")
    objectives: Objectives = Field(default=Objectives(), description="What a release must show.")
    budget: Budget = Field(description="What the stack may cost.")
    backup: Backup = Field(default=Backup(), description="Copies against loss.")
    logs: Logs = Field(default=Logs(), description="Logs and how long they are kept.")
    rehearsal: Rehearsal = Field(default=Rehearsal(), description="What `--target local` cuts the stack down to.")
    tags: Mapping[TagKey, TagValue] = Field(
        default={},
        max_length=40,
        description="Tags of every cloud resource; staging and prod need owner and cost-centre.",
    )

    @model_validator(mode="after")
    def _keep_the_rules(self) -> Self:
        problems = tuple(problem for rule in RULES for problem in rule(self))
        if problems:
            raise PydanticCustomError(
                "rules", "{count} rules are broken", {"count": len(problems), "problems": problems}
            )
        return self

    @property
    def chain(self) -> tuple[Provider, ...]:
        """The providers in the order in which they are asked."""
        return self.gateway.chain or configured_chain(self)

    def with_target(self, target: Target | str) -> "StackSettings":
        """Return these settings for another target, checked anew; `local` cuts them down to a rehearsal.

        Raises:
            StackSettingsError: this environment cannot be built there.
        """
        return from_mapping(retargeted(self.model_dump(mode="json"), target))


def _with_text_keys(value: object) -> object:
    # YAML makes numbers, dates and truths of some keys.
    if isinstance(value, Mapping):
        return {str(key): _with_text_keys(item) for key, item in value.items()}
    return [_with_text_keys(item) for item in value] if isinstance(value, list | tuple) else value


def from_mapping(mapping: Mapping[str, object]) -> StackSettings:
    """Return the settings in ``mapping``, the value of ``forebay:settings`` as YAML or JSON gives it.

    Raises:
        StackSettingsError: one problem for each thing that is wrong.
    """
    secrets = inline_secrets(mapping)
    if secrets:
        raise StackSettingsError(secrets)
    try:
        # JSON mode: strict about numbers and booleans, yet a list may become a tuple and a string an enum member.
        return StackSettings.model_validate_json(json.dumps(_with_text_keys(mapping), default=str))
    except ValidationError as error:
        raise StackSettingsError(problems_of(error, StackSettings)) from None
