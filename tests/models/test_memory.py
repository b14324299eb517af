"""A model that nobody holds any more is gone at once, so that swaps don't add up in memory."""

import gc
from pathlib import Path

from tierline.data.ticket import Ticket
from tierline.models.runtime import Predictor

ROOMS = ("tierline", "onnxruntime", "tokenizers", "numpy")


def test_a_model_goes_with_its_last_holder(fast_bundle: Path) -> None:
    """What is in a cycle waits for the collector, which doesn't see how large a model is."""
    answer(fast_bundle)  # what is only made once is made now
    gc.collect()
    gc.disable()
    try:
        answer(fast_bundle)
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        left = {type(one) for one in gc.garbage}
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
    assert [kind for kind in left if kind.__module__.partition(".")[0] in ROOMS] == []


def answer(bundle: Path) -> None:
    predictor = Predictor.load(bundle, threads=2)
    predictor.predict([Ticket(body="the invoice charged my card twice"), Ticket(body="please")])
    predictor.close()
