"""How servers take tickets: Tierline, and the servers that it is compared with."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

Tickets = Sequence[Mapping[str, Any]]
#: Returns the path and the JSON body of one request for some tickets.
Api = Callable[[Tickets], tuple[str, Any]]


def tierline(tickets: Tickets) -> tuple[str, Any]:
    """Tierline's own API."""
    if len(tickets) == 1:
        return "/v1/route", tickets[0]
    return "/v1/route/batch", {"tickets": list(tickets)}


def mlflow(tickets: Tickets) -> tuple[str, Any]:
    """``mlflow models serve`` of a registered Tierline model, which routes tickets too."""
    return "/invocations", {"dataframe_records": [{"body": text} for text in _texts(tickets)]}


def litserve(tickets: Tickets) -> tuple[str, Any]:
    """LitServe with an API that takes ``{"texts": [...]}``."""
    return "/predict", {"texts": _texts(tickets)}


def infinity(tickets: Tickets) -> tuple[str, Any]:
    """infinity-emb's classifier, served under the name ``tierline``."""
    return "/classify", {"model": "tierline", "input": _texts(tickets)}


def _texts(tickets: Tickets) -> list[str]:
    return ["\n".join(filter(None, (t.get("subject"), t.get("body")))) for t in tickets]


APIS: Final[Mapping[str, Api]] = {
    "tierline": tierline,
    "mlflow": mlflow,
    "litserve": litserve,
    "infinity": infinity,
}
