"""Erase everything of a ticket, a customer or a time: the one home of what "everything" is.

The store's rows and spool (`tierline.serving.store.purge`), and the letters that are being sent,
were sent or couldn't be (`tierline.serving.notify.outbox`).
"""

from typing import TYPE_CHECKING

from tierline.serving.notify.letter import marks_of
from tierline.serving.store.purge import Doomed, purge

if TYPE_CHECKING:
    from tierline.serving.notify.outbox import Outbox
    from tierline.serving.store.store import Store

LETTERS = "letters"


def erase(store: "Store", outbox: "Outbox | None", doomed: Doomed) -> dict[str, int]:
    """Erase what is doomed; return how much went from where, by name.

    Letters of a customer name the customer. The ``outbox`` is this machine's (None: there is
    none), as the spool is: give the command on each.

    Raises:
        StoreError: when the store is away; then its rows are still there.
    """
    letters = 0
    if outbox is not None and doomed.before is not None:
        letters = outbox.erase_before(doomed.before)
    elif outbox is not None:
        letters = outbox.erase_of(marks_of(doomed.ticket, doomed.customer))
    gone = purge(store.database, store.spool, store.pseudonyms(), doomed)
    return {LETTERS: letters, **gone}
