import os
import secrets
import sys
import threading
import time

_WATCH_SECONDS = 0.25


def main() -> None:
    """Serve the provider to the engine that started this process; ends when the engine does."""
    _end_with_parent()
    # pulumi's provider host takes a third of a second to import: only after the watch is on.
    from pulumi.provider.experimental.server import main as serve  # noqa: PLC0415

    from infra.local.folder import StackFolder  # noqa: PLC0415
    from infra.local.provider.kinds import all_kinds  # noqa: PLC0415
    from infra.local.provider.provider import LocalProvider  # noqa: PLC0415
    from infra.naming import PROVIDER_VERSION  # noqa: PLC0415

    provider = LocalProvider(lambda folder: all_kinds(StackFolder(folder), secrets.token_hex))
    serve(sys.argv[1:], PROVIDER_VERSION, provider)


def _end_with_parent() -> None:
    # The engine does not end its providers when it is killed. A parent-death signal would come too early: it fires when
    # the engine's *thread* that started us ends.
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_WATCH_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, daemon=True, name="watch-engine").start()


if __name__ == "__main__":
    main()
