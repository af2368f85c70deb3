"""`python -m services.gateway [--check]`: exits 2 for an unusable configuration, 1 for an address that is taken."""

import argparse
import json
import os
import sys

from services.gateway.chain_order import configured_chain
from services.gateway.environment import CONFIG_VARIABLE, GatewayConfigError, load_config


def main() -> int:
    """Check or run; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m services.gateway",
        description=f"Runs the gateway. {CONFIG_VARIABLE} names its JSON file; environment variables overlay it.",
    )
    parser.add_argument("--check", action="store_true", help="validate the configuration, print the chain, and exit")
    arguments = parser.parse_args()
    try:
        config = load_config(os.environ)
        # Imported once the configuration holds: a wrong one is told at once.
        from services.gateway.assembly import assemble, system_tools  # noqa: PLC0415 - as said above
        from services.gateway.telemetry.log import json_log  # noqa: PLC0415 - as said above

        events = json_log()
        assembly = assemble(config, system_tools(events))
    except GatewayConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    chain = [name.value for name in configured_chain(config)]
    if arguments.check:
        sys.stdout.write(json.dumps({"chain": chain, "models": sorted(config.models)}) + "\n")
        return 0
    if not any(endpoint.settings.ray for endpoint in assembly.gateway.pipeline.endpoints):
        events.info("llm.ray.disabled", chain=chain)
    import uvloop  # noqa: PLC0415 - not needed for a check

    from services.gateway.server import ListenError, serve  # noqa: PLC0415 - not needed for a check

    try:
        uvloop.run(serve(assembly))
    except ListenError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
