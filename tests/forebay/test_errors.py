import re

import pytest

from forebay import errors
from forebay.errors import ForebayError, error_classes, exit_codes


def test_the_tree_in_the_docstring_is_the_tree_of_classes() -> None:
    drawn = re.findall(r"^([│ ├└─]*)(\w+Error)\s+(\d+)", errors.__doc__ or "", re.MULTILINE)

    assert {(name, int(code)) for _, name, code in drawn} == {
        (error.__name__, error.exit_code) for error in error_classes() if error.__module__ == errors.__name__
    }


@pytest.mark.parametrize("error", error_classes())
def test_every_error_has_a_code_that_a_shell_can_tell_from_success(error: type[ForebayError]) -> None:
    assert issubclass(error, ForebayError)
    assert 0 < error.exit_code < 256
    assert error.meaning


def test_the_table_has_each_code_once_in_order() -> None:
    codes = [line.code for line in exit_codes()]

    assert codes == sorted(set(codes))
    assert codes[0] == 0
    assert set(codes) == {0} | {error.exit_code for error in error_classes()}


def test_usage_errors_are_two_as_everywhere() -> None:
    assert errors.UsageError.exit_code == 2
