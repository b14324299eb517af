"""The policy as people read it: plain sentences, one rule a line."""

from collections.abc import Iterator, Sequence

from tierline.data.labels import Severity
from tierline.serving import safety
from tierline.serving.policy import TIERS, Condition, GatePolicy, Policy, duration_text
from tierline.serving.policy.calendar_prose import calendar_lines, counted_in
from tierline.serving.policy.handing_prose import handing_lines
from tierline.serving.policy.queue_prose import queue_lines
from tierline.serving.policy.team_prose import guideline_lines, team_lines
from tierline.serving.routing.caution import CAUTION_P1


def prose(policy: Policy) -> str:
    """Return the whole policy as text."""
    return "\n".join(_lines(policy))


def _lines(policy: Policy) -> Iterator[str]:
    yield f"Policy {policy.version}"
    yield from _tiers(policy)
    yield "\nHours that these times count in"
    yield from calendar_lines(policy)
    yield from _safety(policy)
    yield from _entry(policy)
    yield from _triggers(policy)
    yield from team_lines(policy)
    yield from guideline_lines(policy)
    yield from handing_lines(policy)
    yield from queue_lines(policy)
    yield from _labels(policy)
    yield "\nWhat the hooks set in help desks"
    yield from _helpdesk(policy)
    yield "\nWhen a retrained model replaces the champion: all of this holds"
    yield from _gate(policy.gate)


def _tiers(policy: Policy) -> Iterator[str]:
    yield "\nTiers"
    for number in TIERS:
        tier = policy.tiers[number]
        yield (
            f"  {number}  {tier.name} ({tier.owner}) owns {', '.join(tier.owns) or 'nothing'}; "
            f"resolves within {duration_text(tier.resolve_within)}{counted_in(policy, tier)}, "
            f"{_escalations(tier.expected_escalation)} go further"
        )
    yield "\nFirst response"
    for severity in Severity:
        yield f"  {severity} within {duration_text(policy.respond_within[severity])}"


def _safety(policy: Policy) -> Iterator[str]:
    yield "\nSafety, always on and not in any file"
    yield (
        f"  data loss or a security breach goes to tier {safety.SAFETY_TIER} at least, "
        f"is answered as {policy.safety.respond_as} at the slowest, and on-call is told"
    )
    yield (
        f"  what the model can't rule out as P1 goes to tier {safety.SAFETY_TIER} at least, from "
        f"the threshold on that its certificate names  [{CAUTION_P1}]"
    )


def _entry(policy: Policy) -> Iterator[str]:
    yield "\nWhere a ticket enters: the first that fits"
    for rule in policy.entry:
        tiers = " then ".join(map(str, rule.path))
        path = f"tier {tiers}" if tiers else "the owner's, then up to tier 3"
        yield f"  {rule.text}: {path}  [{rule.id}]"
        if rule.when != (Condition(),):
            yield f"      when {_conditions(rule.when)}"


def _triggers(policy: Policy) -> Iterator[str]:
    yield "\nWhat raises it: all that fit, in this order"
    for trigger in policy.triggers:
        yield f"  {trigger.text}  [{trigger.id}]"
        yield f"      when {_conditions(trigger.when)}"
        effects = [f"tier {trigger.raise_to} at least"] if trigger.raise_to else []
        effects += [f"{trigger.raise_by} tier up"] if trigger.raise_by else []
        effects += [f"{trigger.lane} lane"] if trigger.lane else []
        effects += [f"tell {who}" for who in trigger.notify]
        yield f"      then {', '.join(effects) or 'nothing'}"


def _labels(policy: Policy) -> Iterator[str]:
    retired = [
        f"{h} {name}" for h, names in policy.retired_labels.by_head().items() for name in names
    ]
    if retired:
        yield "\nRetired labels: never given, another that remains stands"
        yield f"  {', '.join(retired)}"
    fallback = policy.fallback
    yield "\nWhen the model can't say"
    yield f"  an unowned or unknown issue type enters at tier {fallback.tier}"
    yield f"  an unknown severity is answered as {fallback.severity}"


def _helpdesk(policy: Policy) -> Iterator[str]:
    desks = policy.helpdesk
    for name, desk in (
        ("Zendesk", desks.zendesk),
        ("Jira", desks.jira),
        ("Freshdesk", desks.freshdesk),
    ):
        said = ", ".join(f"{severity} is {word}" for severity, word in desk.priorities.items())
        yield f"  {name}: priority {said}; tags tier_1 to tier_4, tierline_safety, tierline_review"


def _gate(gate: GatePolicy) -> Iterator[str]:
    yield (
        f"  no head loses more than {gate.margin:g} macro-F1, by the lower end of the paired 95% "
        f"interval, on {gate.least_tickets} held-out tickets at least"
    )
    yield f"  the decisions cost at most {gate.cost_margin:g} more per ticket"
    yield f"  at most {gate.most_relabelled:.0%} of known labels changed without a correction"
    lacking = "is refused" if gate.need_certificate else "passes where the champion has none either"
    yield (
        "  the held-out tickets don't disprove its promise on P1, data-loss and breach tickets "
        f"with {gate.confidence:.0%} confidence; a model without a promise {lacking}"
    )
    yield (
        "  every incident of the safety suite that the champion raises to tier 3 is raised; "
        f"without a champion {gate.least_raised:.0%} of them are, and every head "
        "is surely right more often than by chance"
    )
    yield (
        f"  at most {gate.latency_ratio:g} times the champion's time per ticket, "
        f"{gate.size_ratio:g} times its size and {gate.memory_ratio:g} times its memory"
    )
    yield "  the policy knows every label, and no label of the champion is gone"


def _escalations(share: float) -> str:
    return f"about {share:.0%}" if share else "few"


def _conditions(conditions: Sequence[Condition]) -> str:
    return ", or ".join(" and ".join(_parts(c)) or "always" for c in conditions)


def _parts(condition: Condition) -> Iterator[str]:
    for name in ("severity", "issue_type", "sentiment", "channel", "customer_tier"):
        values = getattr(condition, name)
        if values is not None:
            yield f"{name.replace('_', ' ')} is {' or '.join(values)}"
    if condition.waited_over is not None:
        yield f"waited more than {duration_text(condition.waited_over)}"
    if condition.attempts_over is not None:
        yield f"more than {condition.attempts_over} attempts"
    if condition.order_value_over is not None:
        yield f"order value above {condition.order_value_over:g}"
    if condition.sites_over is not None:
        yield f"more than {condition.sites_over} sites affected"
    if condition.phrases is not None:
        quoted = ", ".join(f'"{phrase}"' for phrase in condition.phrases)
        yield f"the text has one of {quoted}"
