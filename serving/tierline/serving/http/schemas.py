"""What the API's own resources take and give."""

from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from tierline.data.ticket import Ticket
from tierline.models.runtime.certificate import Certificate
from tierline.serving.http.model_state import Readiness, Reload
from tierline.serving.http.remembering import Routed, StoreState
from tierline.serving.live.explaining import HeadExplanation
from tierline.serving.live.shadow import Agreement
from tierline.serving.store.deciding import StoreMode

MAX_BATCH: Final = 256
_EXAMPLE: Final[JsonDict] = {
    "id": "T-1042",
    "subject": "Export fails",
    "body": "The invoice export stops at 90% for our whole finance team, closing is today.",
    "channel": "email",
    "customer_tier": "enterprise",
    "waited_minutes": 150,
}


class TicketIn(Ticket):
    """One ticket; only the words are needed."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"examples": [_EXAMPLE]}
    )


class Batch(BaseModel):
    """Up to 256 tickets, answered in order."""

    model_config = ConfigDict(
        extra="forbid",
        hide_input_in_errors=True,
        json_schema_extra={"examples": [{"tickets": [_EXAMPLE]}]},
    )

    tickets: list[Ticket] = Field(min_length=1, max_length=MAX_BATCH)


class Explained(Routed):
    """A recommendation with the account of every label, where ``?explain=true`` asks for it.

    ``explanation`` is empty where no model answered.
    """

    explanation: dict[str, HeadExplanation]


class Answers(BaseModel):
    """One recommendation per ticket, in the order of the request.

    ``store`` says of all of them how the store stood. ``decisions`` are their ids there, where
    the server has one.
    """

    answers: list[Explained | Routed]
    store: StoreMode
    decisions: list[str] | None = None


class Ready(BaseModel):
    """What the server can do: ``full``, ``rules_only``, or ``not_ready`` while it loads.

    ``problem`` says why there is no model, or why a newer one was refused. ``store`` is absent
    from a server without one.
    """

    status: Readiness
    problem: str | None = None
    store: StoreState | None = None


class ModelInfo(BaseModel):
    """Which model and policy answer, and what was measured of the model.

    ``shadow`` is how often a challenger agrees, where one runs. ``advice_only`` says that nobody
    acts on the answers.
    """

    mode: Readiness
    model_version: str | None
    policy_version: str
    encoder: str | None = None
    labels: dict[str, tuple[str, ...]] = {}
    metrics: dict[str, Any] = {}
    certificate: Certificate | None = None
    fast: str | None = None
    promise: str | None = None
    shadow: Agreement | None = None
    advice_only: bool = False


class Reloaded(BaseModel):
    """What became of an attempt to load the model, and which one answers now."""

    result: Reload
    model_version: str | None
