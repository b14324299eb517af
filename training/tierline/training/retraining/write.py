"""Write what a retraining came to: the report against the champion, and the verdicts."""

import json
from pathlib import Path
from typing import Final

from rich.console import Console

from tierline.data.errors import InputError
from tierline.data.splitting import SPLITS
from tierline.serving.progress import ShareProgress
from tierline.training.certify import rows_digest
from tierline.training.report.build import Inputs, build_report
from tierline.training.report.page import write_report
from tierline.training.retraining.assembly import Assembled
from tierline.training.retraining.contest import Result
from tierline.training.retraining.outcome import Outcome
from tierline.training.retraining.record import GATE

_REPORT: Final = "report.html"


def write_contest(
    out: Path, result: Result, outcome: Outcome, assembled: Assembled, console: Console
) -> Path:
    """Write report and verdicts into ``out``; return the report's page.

    Raises:
        InputError: when a file can't be written.
    """
    against = None
    if result.champion is not None and result.other is not None:
        against = (result.other, result.champion.evaluation)
    given = Inputs(
        result.rows,
        result.challenger.evaluation,
        result.manifest,
        rows_digest(result.rows),
        costs={},
        trained=assembled.corpus.parts[SPLITS[0]],
        against=against,
    )
    with ShareProgress(console, "report") as progress:
        report = build_report(given, progress.update)
    page = out / _REPORT
    try:
        write_report(report, page, outcome.as_json())
        text = json.dumps(outcome.as_json(), indent=2, ensure_ascii=False)
        (out / GATE).write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{out}: can't be written: {error.strerror}") from None
    console.print(f"report: {page}", soft_wrap=True, highlight=False)
    return page
