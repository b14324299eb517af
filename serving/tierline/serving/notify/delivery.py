"""Deliver one letter: claimed, tried with growing pauses, then sent or dead."""

import logging
import threading
from collections.abc import Callable
from typing import Final

from tierline.data.errors import InputError
from tierline.serving.notify.letter import Letter
from tierline.serving.notify.outbox import Outbox

log = logging.getLogger(__name__)
_MAX_PAUSE: Final = 60.0
_ERASED: Final = "it was erased"
ATTEMPTS: Final = 5


class Deliver:
    """Delivers letters to URLs, up to ``attempts`` times.

    Pauses are exponential with full jitter, ``pause`` seconds at most before the second try and
    twice as long before each further one. ``stopping`` cuts pauses short and ends the tries.
    """

    def __init__(
        self,
        outbox: Outbox,
        send: Callable[[str, str, str], bool],
        stopping: threading.Event,
        pause: float = 1.0,
        attempts: int = ATTEMPTS,
    ) -> None:
        try:
            import tenacity
        except ImportError:
            raise InputError(
                "notifications need tenacity: pip install 'tierline[notify]'"
            ) from None
        self._outbox, self._send = outbox, send
        self._retrying = tenacity.Retrying(
            stop=tenacity.stop_any(
                tenacity.stop_after_attempt(attempts), tenacity.stop_when_event_set(stopping)
            ),
            wait=tenacity.wait_random_exponential(multiplier=pause, max=_MAX_PAUSE),
            retry=tenacity.retry_if_result(lambda problem: problem not in {None, _ERASED}),
            sleep=tenacity.sleep_using_event(stopping),
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
        )

    def __call__(self, url: str, letter: Letter) -> bool:
        """Return whether the letter is delivered: by this call, or by another one before."""
        claimed = True
        try:
            if not self._outbox.claim(letter):
                return True
        except OSError as error:
            claimed = False
            # Rather twice than never: people wait for it, and the disk may be full.
            log.warning("notification %s: %s, sent all the same", letter.key, type(error).__name__)
        retrying = self._retrying.copy()
        problem = retrying(self._try, url, letter, claimed)
        if problem is None:
            self._outbox.sent(letter)
            return True
        if problem == _ERASED or self._is_erased(letter, claimed):
            return False  # and must not come back
        attempts = int(retrying.statistics.get("attempt_number", 1))
        log.warning("notification %s for %s failed: %s", letter.key, letter.audience, problem)
        self._outbox.bury(letter, problem, attempts)
        return False

    def _try(self, url: str, letter: Letter, claimed: bool) -> str | None:
        """Return what went wrong, without the URL, or None."""
        if self._is_erased(letter, claimed):
            return _ERASED
        try:
            taken = self._send(url, letter.title, letter.body)
        except Exception as error:
            return f"sending failed ({type(error).__name__})"
        return None if taken else "the service didn't take it"

    def _is_erased(self, letter: Letter, claimed: bool) -> bool:
        """Return whether the letter was erased since it was made."""
        try:
            return not self._outbox.holds(letter) if claimed else self._outbox.erased(letter)
        except OSError as error:
            log.warning("notification %s: %s, not looked up", letter.key, type(error).__name__)
            return False  # People wait for it.


def retry(
    outbox: Outbox,
    deliver: Deliver,
    url_of: Callable[[Letter], str | None],
    progress: Callable[[float, str], None],
) -> tuple[int, int]:
    """Try the dead letters again; return how many are delivered now, and how many still dead.

    Raises:
        TierlineError: when another process is at it.
    """
    with outbox.alone():
        taken = outbox.take_dead()
        delivered = 0
        for number, letter in enumerate(taken, start=1):
            url = url_of(letter)
            if url is None:
                outbox.bury(letter, "no URL is configured for this audience")
            else:
                delivered += deliver(url, letter)
            progress(number / len(taken), f"{number:,} of {len(taken):,}")
        outbox.forget_taken()
    return delivered, len(taken) - delivered
