from collections.abc import Sequence


def columns(rows: Sequence[Sequence[str]], indent: str = "") -> tuple[str, ...]:
    """The rows as lines with their cells under each other; the last cell may be as long as it likes."""
    if not rows:
        return ()
    widths = [max(map(len, column)) for column in zip(*(row[:-1] for row in rows), strict=True)]
    padded = ([*(cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=True)), row[-1]] for row in rows)
    return tuple((indent + "  ".join(row)).rstrip() for row in padded)
