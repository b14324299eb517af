"""Calls the command in process."""

import pytest
from typer.testing import CliRunner

from tierline.data.errors import TierlineError
from tierline.serving.commands import app

runner = CliRunner()


def output(*arguments: str) -> str:
    result = runner.invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def refusal(kind: type[TierlineError], *arguments: str) -> str:
    with pytest.raises(kind) as caught:
        runner.invoke(app, arguments, catch_exceptions=False)
    return str(caught.value)
