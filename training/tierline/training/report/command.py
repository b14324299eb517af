"""What ``tierline evaluate`` does: read, measure, compare, print, write."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tierline.data.corpus import read_rows
from tierline.data.digest import sha256
from tierline.data.errors import InputError
from tierline.data.label_book import Relabelling, read_label_book
from tierline.data.quarantine import Quarantine
from tierline.data.readers import TicketFile
from tierline.data.rows import BadRow, Row
from tierline.data.ticket import Ticket
from tierline.models.runtime.certificate import Certificate
from tierline.models.runtime.predictor import Predictor
from tierline.serving.backlog.scoring import quarantine_path
from tierline.serving.page.path import refuse_odd_page
from tierline.serving.policy import Policy, load_policy
from tierline.serving.progress import ShareProgress
from tierline.training.answers import TIER
from tierline.training.evaluate import INTERVALS, Evaluation, evaluate
from tierline.training.report.build import Inputs, Report, build_report
from tierline.training.report.compare import Comparison
from tierline.training.report.costs import Costs, check_costs, read_costs
from tierline.training.report.duplicates import training_part
from tierline.training.report.page import write_report
from tierline.training.routing import TIER_LABELS


@dataclass(frozen=True)
class EvaluateJob:
    """What to evaluate, and what to say of it.

    ``html`` is where the page goes, its JSON beside it. ``trained_on`` names files to look for
    near-duplicates in; of files with a split column only the train part counts. ``labels`` is the
    labels file by which old labels are read. ``foreign`` names files of texts that the bundle
    isn't for.
    """

    bundle: Path
    file: Path
    mapping: Mapping[str, str]
    policy: Path | None = None
    html: Path | None = None
    costs: Path | None = None
    against: Path | None = None
    trained_on: Sequence[Path] = ()
    foreign: Sequence[Path] = ()
    as_json: bool = False
    labels: Path | None = None

    @property
    def in_full(self) -> bool:
        """Whether anything is asked for that the plain figures don't have."""
        return any((self.html, self.costs, self.against, self.trained_on))


def run(job: EvaluateJob, console: Console, errors: Console) -> None:
    """Measure a bundle, print the figures, and write the report where one is asked for.

    Raises:
        TierlineError: when the bundle, a file or an option is unusable.
    """
    predictor, policy = Predictor.load(job.bundle), load_policy(job.policy)
    costs = _costs(job, predictor)
    if job.html is not None:
        refuse_odd_page(job.html)
    with Quarantine(quarantine_path(job.html or job.file)) as quarantine:
        book = read_label_book(job.labels)
        rows, relabelling = book.rewrite(read_rows([job.file], job.mapping, quarantine))
        trained = read_rows(job.trained_on, job.mapping, quarantine) if job.trained_on else None
        foreign = {path.stem: _texts(path, quarantine) for path in job.foreign}
    # Standard output is for the figures; with --json, progress goes only to a person's terminal.
    progress = console
    if job.as_json:
        progress = errors if errors.is_terminal else Console(quiet=True)
    evaluation = _evaluate(job, rows, predictor, policy, progress, foreign)
    report = None
    if job.in_full:
        against = _other(job, rows, policy, progress)
        part = None if trained is None else training_part(trained)
        digest = sha256(job.file)
        given = Inputs(rows, evaluation, predictor.manifest, digest, costs, part, against)
        with ShareProgress(progress, "report") as shown:
            report = build_report(given, shown.update)
    _print(job, evaluation, report, predictor.manifest.certificate, console)
    _write(job, report, progress)
    _tell(evaluation, report, quarantine, relabelling, errors)


def _costs(job: EvaluateJob, predictor: Predictor) -> Costs:
    costs = read_costs(job.costs)
    labels = {h.name: h.labels for h in predictor.manifest.heads}
    check_costs(costs, labels | {TIER: TIER_LABELS})
    return costs


def _texts(path: Path, quarantine: Quarantine) -> list[Ticket]:
    """Read texts that need no label."""
    texts: list[Ticket] = []
    for row in TicketFile(path):
        if isinstance(row, BadRow):
            quarantine.add(row, path)
        else:
            texts.append(row.ticket)
    return texts


def _evaluate(
    job: EvaluateJob,
    rows: Sequence[Row],
    predictor: Predictor,
    policy: Policy,
    console: Console,
    foreign: Mapping[str, Sequence[Ticket]] | None = None,
) -> Evaluation:
    name = job.file.stem
    with ShareProgress(console, f"evaluating {predictor.version}") as progress:
        measured = evaluate(
            name, rows, predictor, policy=policy, progress=progress.update, foreign=foreign
        )
    predictor.close()
    return measured


def _other(
    job: EvaluateJob, rows: Sequence[Row], policy: Policy, console: Console
) -> tuple[str, Evaluation] | None:
    if job.against is None:
        return None
    predictor = Predictor.load(job.against)
    return predictor.version, _evaluate(job, rows, predictor, policy, console)


def _print(
    job: EvaluateJob,
    evaluation: Evaluation,
    report: Report | None,
    certificate: Certificate | None,
    console: Console,
) -> None:
    if job.as_json:
        sys.stdout.write(json.dumps((report or evaluation).as_json(), indent=2) + "\n")
        return
    console.print(*evaluation.tables(), sep="\n")
    if certificate:
        console.print(f"certificate: {certificate.statement}", soft_wrap=True)
    if report is not None:
        console.print(_cost_table(report))
        if report.comparison:
            console.print(_difference_table(report.comparison))


def _cost_table(report: Report) -> Table:
    table = Table(title=f"{escape(report.evaluation.name)}: cost of mistakes", caption=INTERVALS)
    for column in ("", "mean per ticket", "best constant answer", "too low", "too high"):
        table.add_column(column)
    for cost in report.costs:
        directions = [str(s) if s else "–" for s in (cost.too_low, cost.too_high)]
        table.add_row(cost.head, str(cost.mean), f"{cost.best_constant:.3f}", *directions)
    return table


def _difference_table(comparison: Comparison) -> Table:
    title = f"{comparison.this} less {comparison.other}"
    table = Table(title=title, caption=f"paired: {INTERVALS}")
    for column in ("head", "figure", "difference", "", "changed"):
        table.add_column(column)
    for d in comparison.differences:
        changed = sum(c.head == d.head for c in comparison.changes)
        table.add_row(d.head, d.figure, str(d.difference), d.verdict, str(changed))
    return table


def _write(job: EvaluateJob, report: Report | None, console: Console) -> None:
    if job.html is None or report is None:
        return
    try:
        data = write_report(report, job.html)
    except OSError as error:
        raise InputError(f"{job.html}: can't be written: {error.strerror}") from None
    console.print(f"report: {job.html} and {data}", soft_wrap=True, highlight=False, markup=False)


def _tell(
    evaluation: Evaluation,
    report: Report | None,
    quarantine: Quarantine,
    relabelling: Relabelling,
    errors: Console,
) -> None:
    """Tell of what the figures alone would hide."""
    for leak in report.leaks if report else ():
        # A telling word is a word of tickets: it stands in the report, not on a terminal's log.
        text = "one word gives a label away, see the report" if leak.kind == "token" else leak.text
        where = f"{leak.head}: " if leak.head else ""
        errors.print(f"[bold yellow]leak warning:[/] {where}{escape(text)}", soft_wrap=True)
    for line in relabelling.lines():
        errors.print(line, markup=False, soft_wrap=True)
    for line in evaluation.unknown_lines():
        errors.print(line)
    if quarantine.waiting:
        errors.print(f"{quarantine.waiting} rows of a blind sample are not labelled yet: skipped")
    if quarantine.count:
        where = f"{quarantine.count} rows quarantined, with reasons: {quarantine.path}"
        errors.print(where, markup=False, soft_wrap=True)
