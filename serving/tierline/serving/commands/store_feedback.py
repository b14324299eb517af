"""Corrections in and out of the store."""

from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from tierline.data.errors import InputError, RowError
from tierline.data.feedback import read_feedback
from tierline.data.label_book import read_label_book
from tierline.data.quarantine import Quarantine
from tierline.data.rows import BadRow, check_labels
from tierline.serving.backlog.scoring import quarantine_path
from tierline.serving.commands.recording import opened
from tierline.serving.commands.shared import (
    LabelsOption,
    PolicyOption,
    StoreOption,
    app,
    clock_at,
    console,
)
from tierline.serving.policy import load_policy
from tierline.serving.problems import problems_of
from tierline.serving.progress import ShareProgress
from tierline.serving.routing.known_labels import correct_labels

feedback_app = typer.Typer(no_args_is_help=True, help="Corrections by people, for retraining.")
app.add_typer(feedback_app, name="feedback", rich_help_panel="Store")


@feedback_app.command("import")
def feedback_import(
    file: Annotated[Path, typer.Argument(help="Corrections: id or text, labels, origin.")],
    policy: PolicyOption = None,
    labels: LabelsOption = None,
    store: StoreOption = None,
) -> None:
    """Store the corrections of a file; bad rows are quarantined, known ones come once.

    Labels are those of the vocabulary, the policy and the labels file; others are bad rows.
    """
    from tierline.serving.store.feedback import form_of

    allowed = correct_labels(load_policy(policy), book=read_label_book(labels))
    new = known = 0
    with opened(store) as there, Quarantine(quarantine_path(file)) as quarantine:
        corrections = read_feedback([file], quarantine)
        with ShareProgress(console, "importing") as progress:
            for i, correction in enumerate(corrections):
                try:
                    form, answered = form_of(correction)
                    check_labels(form.labels, allowed)
                except (ValidationError, RowError) as error:
                    quarantine.add(BadRow(correction.row.number, _reason(error)), file)
                    continue
                _, fresh = there.put_correction(form, answered)
                new, known = new + fresh, known + (not fresh)
                progress.update((i + 1) / len(corrections), f"{i + 1:,} corrections")
    console.print(f"{new:,} corrections stored, {known:,} known before", markup=False)
    if quarantine.waiting:
        console.print(f"{quarantine.waiting:,} rows of a blind sample have no label yet")
    if quarantine.count:
        where = quarantine_path(file)
        console.print(f"{quarantine.count:,} rows quarantined, with reasons: {where}", markup=False)
        if not new + known:
            raise InputError(f"expected corrections; all rows of {file} are unusable, see {where}")


@feedback_app.command("export")
def feedback_export(
    file: Annotated[Path, typer.Argument(help="File to write: .jsonl.")],
    since: Annotated[
        str | None, typer.Option(help="Corrections received from here on, ISO 8601.")
    ] = None,
    store: StoreOption = None,
) -> None:
    """Write the stored corrections as 'tierline retrain --feedback FILE' reads them."""
    from tierline.serving.store.feedback import export

    if file.suffix.lower() != ".jsonl":
        raise InputError(f"expected a file ending in .jsonl; found {file.name}")
    start = clock_at(since, "--since") if since else None
    with opened(store) as there, there.database.reading() as connection:
        count = export(connection, file, start)
    console.print(f"{count:,} corrections: {file}", markup=False)


def _reason(error: ValidationError | RowError) -> str:
    """Return what is wrong, without the input that was found."""
    if isinstance(error, RowError):
        return str(error)
    return "; ".join(problems_of(error))
