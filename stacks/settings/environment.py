from enum import StrEnum, unique


@unique
class Environment(StrEnum):
    """Which stack the settings describe."""

    LOCAL = "local"
    DEV = "dev"
    STAGING = "staging"
    PROD = "prod"

    @property
    def is_gated(self) -> bool:
        """Whether a release reaches this environment, or leaves it, through a gate."""
        return self in {Environment.STAGING, Environment.PROD}


@unique
class Target(StrEnum):
    """Where a stack is built."""

    LOCAL = "local"
    AWS = "aws"
    KUBERNETES = "kubernetes"


TARGETS_OF = {
    Environment.LOCAL: (Target.LOCAL,),
    Environment.DEV: (Target.AWS, Target.KUBERNETES, Target.LOCAL),
    Environment.STAGING: (Target.AWS, Target.LOCAL),
    Environment.PROD: (Target.AWS, Target.LOCAL),
}
