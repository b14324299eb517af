"""A packet as Markdown: to be read by the next team, and pasted into a help desk."""

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta, tzinfo
from typing import Final

from tierline.serving.clock.shown import due_text, instant_text
from tierline.serving.handoff.packet import CheckItem, Packet
from tierline.serving.policy.durations import span_text

#: What Markdown gives a meaning to inside a line; underscores and dots only where they have one.
_MARKS: Final = re.compile(r"([\\`*\[\]<>|~$!]|(?<!\w)_|_(?!\w)|:(?=//)|(?<=www)\.)", re.IGNORECASE)
_BY: Final = {"model": "the model", "person": "a person", None: "nobody"}
_FENCE: Final = re.compile(r"`{3,}")


def markdown(packet: Packet, zone: tzinfo) -> str:
    """Return the packet as Markdown, times in ``zone``.

    Words of customers and agents can't become links, images, mentions or HTML: the report stands
    in a code block, all else has its marks escaped.
    """
    return "\n".join(_lines(packet, zone)) + "\n"


def _lines(packet: Packet, zone: tzinfo) -> Iterator[str]:
    title = f"Hand-off {_safe(packet.id)}" if packet.id else "Hand-off"
    yield f"# {title}: {_moves(packet)}"
    yield ""
    if packet.complete:
        yield "**Complete.** Nothing that the policy requires is missing."
    else:
        yield f"**Not complete.** Missing: {', '.join(m.what for m in packet.missing)}."
    yield from _facts(packet, zone)
    yield from _section("Reported", _fenced(packet.reported) if packet.reported else [])
    yield from _section("Tried so far", _listed(packet.tried))
    if packet.reproduction:
        yield from _section("How to reproduce it", _fenced(packet.reproduction))
    yield from _section(f"Why tier {packet.tier}", _reasons(packet))
    yield from _section("Try next", _listed(packet.try_next))
    yield from _section("Open questions", _listed(packet.open_questions))
    yield from _section("Checklist", (_check(item, zone) for item in packet.checklist))
    yield ""
    yield f"Policy {packet.policy_version}, model {packet.model_version or 'none'}."


def _moves(packet: Packet) -> str:
    here = _safe(packet.from_team) if packet.from_team else ""
    if packet.from_tier is not None:
        here = f"tier {packet.from_tier}" + (f" ({here})" if here else "")
    there = f"tier {packet.tier} ({_safe(packet.team)})"
    return f"{here} → {there}" if here else f"to {there}"


def _facts(packet: Packet, zone: tzinfo) -> Iterator[str]:
    customer = packet.customer
    waited = customer.waited_minutes
    told = {
        "Severity": packet.severity and f"{packet.severity} (by {_BY[packet.severity_by]})",
        "Issue type": packet.issue_type,
        "Product": packet.product,
        "Lane": packet.lane,
        "Answer by": due_text(packet.respond_by, zone),
        "Resolve by": due_text(packet.resolve_by, zone),
        "Customer": customer.customer,
        "Customer tier": customer.tier,
        "Sentiment": customer.sentiment,
        "Waited": None if waited is None else span_text(timedelta(minutes=waited)),
        "Attempts": None if packet.attempts is None else str(packet.attempts),
        "Channel": customer.channel,
        "Language": customer.language,
        "Contact": customer.contact,
        "Owner": packet.team,
        "Owner may": "; ".join(packet.authority) or "no decisions of its own",
        "Tell": ", ".join(packet.notify) or "nobody else",
    }
    yield ""
    yield "| | |"
    yield "|---|---|"
    for name, value in told.items():
        yield f"| {name} | {'not known' if value is None else _safe(value)} |"


def _reasons(packet: Packet) -> Iterator[str]:
    for reason in packet.why:
        quotes = ", ".join(f"“{_safe(words)}”" for words in reason.evidence)
        yield f"- {_safe(reason.text)}" + (f": {quotes}" if quotes else "") + f" (`{reason.rule}`)"


def _check(item: CheckItem, zone: tzinfo) -> str:
    if item.at is None:
        return f"- [ ] {_safe(item.text)}"
    return f"- [x] {_safe(item.text)} ({_safe(item.by or '')}, {instant_text(item.at, zone)})"


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    yield ""
    yield f"## {title}"
    yield ""
    some = list(lines)
    yield from some or ["Nothing noted."]


def _listed(items: Iterable[str]) -> Iterator[str]:
    return (f"- {_safe(item)}" for item in items)


def _fenced(text: str) -> list[str]:
    """Return a code block that its content can't close."""
    longest = max((len(run) for run in _FENCE.findall(text)), default=2)
    fence = "`" * (longest + 1)
    return [f"{fence}text", text, fence]


def _safe(text: str) -> str:
    """Return one line in which no mark means anything, and no @ mentions anybody."""
    return _MARKS.sub(r"\\\1", " ".join(text.split()).replace("@", "＠"))
