"""How a server answers: what `create_app` takes beyond policy, model and keys."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tierline.models.runtime.predictor import Predictor
from tierline.serving.live.limits import Limits
from tierline.serving.live.traces import Traces


@dataclass(frozen=True)
class Live:
    """What is taken on, and what runs beside.

    ``threads``: those that compute (None: as many as cores). ``poll``: seconds between looks
    whether the model has moved (None: never). ``shadow``: where a challenger comes from that
    answers the same tickets unseen. ``advice_only``: nobody acts on the answers.
    """

    limits: Limits = field(default_factory=Limits)
    threads: int | None = None
    poll: float | None = None
    shadow: Callable[[], Predictor] | None = None
    advice_only: bool = False
    traces: Traces | None = None
