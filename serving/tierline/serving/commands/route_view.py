"""One answer on a terminal: read in five seconds why a ticket goes where it goes."""

from datetime import datetime

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.text import Text

from tierline.data.labels import HEADS
from tierline.data.normalise import full_text
from tierline.data.redact import redact
from tierline.data.ticket import DIMENSIONS, Ticket
from tierline.serving.clock.shown import due_text
from tierline.serving.policy import Policy
from tierline.serving.policy.team_prose import authority_facts
from tierline.serving.routing.recommendation import Recommendation

_MAX_CHARS = 2_000


def show(ticket: Ticket, answer: Recommendation, policy: Policy, console: Console) -> None:
    """Print the answer: tier, deadlines in its zone, labels, reasons, the words highlighted."""
    tier = policy.tiers[answer.tier]
    head = Text.assemble((f"Tier {answer.tier}", "bold"), f"  {tier.name} ({answer.owner})")
    zone = policy.calendars[policy.calendar_of(answer.team, answer.tier)].zone

    def when(instant: datetime) -> str:
        return due_text(instant, zone)

    climbs = " → ".join(map(str, answer.path))
    console.print(Panel(_highlighted(ticket, answer), title=head, title_align="left"))
    console.print(
        f"respond by [bold]{when(answer.respond_by)}[/]   resolve by {when(answer.resolve_by)}"
        f"   path {climbs}"
        f"   lane {escape(answer.lane)}",
        highlight=False,
    )
    for name in HEADS:
        label, confidence = getattr(answer, name), getattr(answer, f"{name}_confidence")
        if label is not None:
            sure = "by a person" if confidence is None else f"{confidence:.0%}"
            console.print(f"  {name:<10} {escape(label)}  ({sure})", highlight=False)
    console.print(_who(answer, policy), highlight=False)
    console.print("[bold]why[/]")
    for reason in answer.reasons:
        words = ", ".join(f"“{e}”" for e in reason.evidence)
        line = Text.assemble(
            f"  • {reason.text}", (f"  {words}", "yellow"), (f"  {reason.rule}", "dim")
        )
        console.print(line)
    if answer.notify:
        console.print(f"[bold]tell[/] {', '.join(map(escape, answer.notify))}")
    if answer.review_reason is not None:
        console.print(f"[bold yellow]a person should look:[/] {answer.review_reason}")
    for other in answer.alternatives:
        then = "" if other.tier == answer.tier else f", then tier {other.tier}"
        own = getattr(answer, f"{other.head}_confidence") or 0.0
        how = "more likely" if other.confidence > own else "may as well be"
        said = f"  {other.head:<10} {how} {other.label}  ({other.confidence:.0%}){then}"
        console.print(escape(said), highlight=False)
    console.print(_assessed(answer), highlight=False)
    for change in answer.would_change:
        console.print(f"  would be {escape(change.text)}", highlight=False)
    if answer.next_review_at is not None:
        console.print(f"ask again at {when(answer.next_review_at)}", highlight=False)
    by = " by its n-grams alone" if answer.stage == "ngrams" else ""
    versions = (
        f"{answer.mode}, model {answer.model_version or 'none'}{by}, policy {answer.policy_version}"
    )
    console.print(versions, style="dim", highlight=False)


def _who(answer: Recommendation, policy: Policy) -> str:
    """Return the team with what it may decide."""
    authority = policy.teams[answer.team].authority
    may = ", ".join(authority_facts(authority, policy.currency))
    return f"team [bold]{escape(answer.team)}[/]" + (f"   may {escape(may)}" if may else "")


def _assessed(answer: Recommendation) -> str:
    """Return the levels above 0 and those set by hand, with what gave them."""
    lines = [f"[bold]assessment[/] {answer.assessment.total} of 12"]
    for name in DIMENSIONS:
        level = getattr(answer.assessment, name)
        if level.evidence:
            why = escape(", ".join(level.evidence))
            lines.append(f"  {name.replace('_', ' '):<20} {level.level}  ({why})")
    return "\n".join(lines)


def _highlighted(ticket: Ticket, answer: Recommendation) -> Text:
    # Terminals are recorded too: in build logs, in screenshots, in shared sessions.
    text = redact(full_text(ticket))
    shown = Text(text[:_MAX_CHARS] + (" …" if len(text) > _MAX_CHARS else ""))
    for reason in answer.reasons:
        style = "bold red" if reason.is_safety else "bold yellow"
        for words in reason.evidence:
            shown.highlight_words([words], style, case_sensitive=False)
    return shown
