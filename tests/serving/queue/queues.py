"""Entries and policies made by hand, and strategies for them."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from tierline.data.labels import LABELS, Severity
from tierline.data.ticket import CustomerTier
from tierline.serving.policy import Policy
from tierline.serving.queue.entry import Entry

from ..fakes import NOW, POLICY, default_dict

LANGUAGES = ("de", "fr", "es")


def entry(name: str = "a", due: float = 4.0, **fields: Any) -> Entry:
    """An open P3 ticket of general support that is due in ``due`` hours."""
    known: dict[str, Any] = {
        "tier": 1,
        "team": "general-support",
        "severity": Severity.P3,
        "age": timedelta(0),
    }
    return Entry(name, respond_by=NOW + timedelta(hours=due), **(known | fields))


def policy_with_queue(teams: dict[str, Any], **changed: Any) -> Policy:
    """The default policy with keys of some teams and of the queue replaced."""
    raw = default_dict()
    for name, keys in teams.items():
        raw["teams"][name] = raw["teams"].get(name, {"tier": 1}) | keys
    queue = raw["queue"] | {k: v for k, v in changed.items() if k != "calendars"}
    calendars = raw["calendars"] | changed.get("calendars", {})
    return Policy.model_validate(raw | {"queue": queue, "calendars": calendars})


@st.composite
def entries(draw: st.DrawFn, name: str = "a", teams: tuple[str, ...] = ()) -> Entry:
    """An entry with any field; its tier is its team's."""
    team = draw(st.sampled_from(teams or tuple(POLICY.teams)))
    severity = draw(st.sampled_from(Severity))
    first = "P1" if severity is Severity.P1 else draw(st.sampled_from([None, None, "safety"]))
    needed = draw(st.sampled_from([None, None, *LANGUAGES]))
    return Entry(
        id=name,
        tier=POLICY.teams[team].tier,
        team=team,
        respond_by=NOW + timedelta(minutes=draw(st.integers(-3_000, 3_000))),
        severity=severity,
        severity_said=severity,
        first=first,
        may_be_p1=draw(st.booleans()),
        sentiment=draw(st.none() | st.sampled_from([*LABELS["sentiment"], "own label"])),
        customer_tier=draw(st.none() | st.sampled_from(CustomerTier)),
        attempts=draw(st.none() | st.integers(0, 9)),
        order_value=draw(st.none() | st.floats(0, 20_000)),
        age=draw(st.timedeltas(timedelta(0), timedelta(days=40))),
        dated=draw(st.booleans()),
        needs=frozenset([("language", (needed,))] if needed else []),
        never=draw(st.frozensets(st.sampled_from(teams or ("order-desk",)), max_size=1)),
        locked=draw(st.sampled_from([False, False, True])),
    )


@st.composite
def backlogs(draw: st.DrawFn, teams: tuple[str, ...] = (), most: int = 12) -> list[Entry]:
    """Entries with different ids."""
    return [draw(entries(f"t{n}", teams)) for n in range(draw(st.integers(0, most)))]
