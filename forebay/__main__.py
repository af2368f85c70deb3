import os
import sys

_BROKEN_PIPE = 141
"""What a shell shows for a program that SIGPIPE ended."""

_INTERRUPTED = 130


def main() -> None:
    """Run the command line and exit with its code."""
    try:
        # Within the block, so that Ctrl-C during the imports shows no traceback.
        from forebay.cli.app import run  # noqa: PLC0415 - as said above
        from forebay.cli.around import of_this_process  # noqa: PLC0415 - as said above

        code = run(sys.argv[1:], of_this_process())
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = _INTERRUPTED
    except BrokenPipeError:
        # The reader, such as `head`, has gone; Python would complain once more as it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = _BROKEN_PIPE
    sys.exit(code)


if __name__ == "__main__":
    main()
