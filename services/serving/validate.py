import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml
from pydantic import ValidationError

USAGE = "Usage: python -m services.serving.validate FILE   (a Serve deploy configuration, JSON or YAML)"
WRONG_INPUT = 2


def problems(config: Mapping[str, object]) -> list[str]:
    """Return one sentence for each thing that Ray's own schema refuses in a Serve configuration."""
    from ray.serve.schema import ServeDeploySchema  # noqa: PLC0415  # two seconds, spent only when there is a file

    try:
        ServeDeploySchema.model_validate(config)
    except ValidationError as error:
        return [
            f"{'.'.join(str(part) for part in one['loc']) or 'the configuration'}: {one['msg'].rstrip('.')}, "
            f"but it is {json.dumps(one['input'], default=str)[:200]}."
            for one in error.errors(include_url=False, include_context=False)
        ]
    return []


def main(arguments: Sequence[str]) -> int:
    """Validate the file named; 0 it is good, 2 it is not, with one line for each error."""
    if len(arguments) != 1:
        sys.stderr.write(f"{USAGE}\n")
        return WRONG_INPUT
    path = Path(arguments[0])
    try:
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        sys.stderr.write(f"{path} cannot be read: {error.strerror}.\n")
        return WRONG_INPUT
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        sys.stderr.write(f"{path} is neither JSON nor YAML: {' '.join(str(error).split())}.\n")
        return WRONG_INPUT
    found = problems(config) if isinstance(config, dict) else [f"{path} must hold a mapping."]
    sys.stderr.writelines(f"{sentence}\n" for sentence in found)
    if not found:
        sys.stdout.write(f"{path}: valid.\n")
    return WRONG_INPUT if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
