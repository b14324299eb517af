"""One process that answers stretches for a scoring job: `python -m` this, run by `Processes`.

It ends when the job does, however that ends: its input is closed then.
"""

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from tierline.models.runtime.predictor import Predictor
from tierline.serving.backlog.answering import Answering
from tierline.serving.backlog.wire import (
    Told,
    chunk_parts,
    receive,
    send,
    stretch_from,
    told_from,
)
from tierline.serving.backlog.writers import answer_codec
from tierline.serving.policy.load import policy_from
from tierline.serving.routing.router import Router
from tierline.serving.store.versions import backlog_version


def serve(asked: BinaryIO, answered: BinaryIO) -> None:
    """Answer stretches until there are no more; a message without parts says that it failed.

    Raises:
        EOFError: when the job is gone.
        SystemExit: when code, policy or model aren't those that the job goes by.
    """
    (first,) = receive(asked)
    told = told_from(first)
    answering = _answering(told)
    send(answered, b"ready")
    while True:
        (found,) = receive(asked)
        parts: tuple[bytes, ...] = ()
        # What fails here the job answers itself, and meets the error where it can be told.
        with suppress(Exception):
            chunk = answering(stretch_from(found))
            # Where a model fails the rules answer alone, and it may fail in this process only.
            if not (told.bundle and chunk.summary.modes["rules_only"]):
                parts = chunk_parts(chunk)
        send(answered, *parts)


def _answering(told: Told) -> Answering:
    policy = policy_from(told.policy, "policy")
    bundle = Path(told.bundle) if told.bundle else None
    predictor = Predictor.load(bundle, threads=1, device=told.device) if bundle else None
    model = predictor.version if predictor else None
    if told.versions != (backlog_version(), policy.version, model):
        raise SystemExit(1)
    router = Router(policy, predictor)
    router.what_if = told.what_if
    return Answering(router, told.now, answer_codec(Path(told.out)))


def main() -> None:
    """Talk over standard input and output; nothing else may write to the latter."""
    # Ctrl-C reaches every process of a terminal: the job decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answered = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    try:
        serve(sys.stdin.buffer, answered)
    except (EOFError, OSError):
        os._exit(0)


if __name__ == "__main__":
    main()
