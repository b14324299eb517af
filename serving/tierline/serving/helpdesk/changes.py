"""What a help desk should set on a ticket, in its own words.

Each answer names every tag of Tierline's own, to be added or removed: setting it twice, or after
another answer, leaves the ticket as setting it once.

Zendesk: https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#update-many-tickets,
Jira: https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/,
Freshdesk: https://developers.freshdesk.com/api/#update_ticket
"""

from typing import Any, Final

from tierline.data.helpdesk import Format
from tierline.data.helpdesk.desk import LOCK_TAG, TIER_TAG
from tierline.data.helpdesk.shapes import Record, names
from tierline.data.labels import Severity
from tierline.serving.policy import TIERS, Policy
from tierline.serving.routing.recommendation import Recommendation

_PREFIX: Final = "tierline_"
_SAFETY: Final = f"{_PREFIX}safety"
_REVIEW: Final = f"{_PREFIX}review"
_MOST_TAGS: Final = 200


def changes(desk: Format, policy: Policy, answer: Recommendation, record: Record) -> dict[str, Any]:
    """Return the fields and tags to set on a ticket, for one of the desks that have hooks."""
    return _CHANGES[desk](policy, answer, record)


def _zendesk(policy: Policy, answer: Recommendation, record: Record) -> dict[str, Any]:
    desk = policy.helpdesk.zendesk
    added, removed = _tags(policy, answer)
    severity = _severity(policy, answer)
    return {
        **({} if severity is None else {"priority": desk.priorities[severity]}),
        "additional_tags": added,
        "remove_tags": removed,
        **_group(desk.groups, answer),
    }


def _jira(policy: Policy, answer: Recommendation, record: Record) -> dict[str, Any]:
    desk = policy.helpdesk.jira
    added, removed = _tags(policy, answer)
    severity = _severity(policy, answer)
    fields: dict[str, Any] = {}
    if severity is not None:
        fields["priority"] = {"name": desk.priorities[severity]}
    if desk.owner_field:
        fields[desk.owner_field] = {"value": str(_group_of(desk.groups, answer))}
    labels = [{"add": tag} for tag in added] + [{"remove": tag} for tag in removed]
    return {"fields": fields, "update": {"labels": labels}}


def _freshdesk(policy: Policy, answer: Recommendation, record: Record) -> dict[str, Any]:
    """Freshdesk replaces all tags, so those that the ticket has are repeated."""
    desk = policy.helpdesk.freshdesk
    added, removed = _tags(policy, answer)
    kept = [t for t in names(record.get("tags")) if t not in added + removed and _sendable(t)]
    severity = _severity(policy, answer)
    return {
        **({} if severity is None else {"priority": desk.priorities[severity]}),
        "tags": list(dict.fromkeys(kept))[:_MOST_TAGS] + added,
        **_group(desk.groups, answer),
    }


def safety_mark(desk: Format, answer: Recommendation, record: Record) -> dict[str, Any]:
    """Return what to set on a ticket that a person has locked: that it is an incident, if it is.

    The mark moves nothing: tier, priority and group stay as the person left them.
    """
    if not answer.is_incident:
        return {}
    if desk is Format.ZENDESK:
        return {"additional_tags": [_SAFETY]}
    if desk is Format.JIRA:
        return {"update": {"labels": [{"add": _SAFETY}]}}
    kept = [tag for tag in names(record.get("tags")) if tag != _SAFETY and _sendable(tag)]
    return {"tags": [*list(dict.fromkeys(kept))[:_MOST_TAGS], _SAFETY]}


_CHANGES: Final = {
    Format.ZENDESK: _zendesk,
    Format.JIRA: _jira,
    Format.FRESHDESK: _freshdesk,
}


def _tags(policy: Policy, answer: Recommendation) -> tuple[list[str], list[str]]:
    """Return Tierline's own tags: those that the ticket has now, and all the others."""
    lanes = {_lane(trigger.lane) for trigger in policy.triggers if trigger.lane}
    every = [*(f"{TIER_TAG}{n}" for n in TIERS), _SAFETY, _REVIEW, *sorted(lanes)]
    now = {f"{TIER_TAG}{answer.tier}", _lane(answer.lane)}
    if answer.is_incident:
        now.add(_SAFETY)
    if answer.needs_review:
        now.add(_REVIEW)
    every = [tag for tag in every if tag != LOCK_TAG]
    return [tag for tag in every if tag in now], [tag for tag in every if tag not in now]


def _lane(lane: str) -> str:
    return f"{_PREFIX}{lane}".replace(" ", "_")


def _severity(policy: Policy, answer: Recommendation) -> Severity | None:
    """Return the severity that sets the priority: the policy's own at least for safety hits.

    Without a model there is none, and the priority stays as it is.
    """
    found = policy.severity_of(answer.severity)
    if not answer.is_incident:
        return found
    floor = Severity(policy.safety.respond_as)
    return floor if found is None else min(found, floor)


def _group_of(groups: dict[str, int | str], answer: Recommendation) -> int | str:
    """Return the team's group, that of its tier's owner where only this is known, or its name."""
    return groups.get(answer.team, groups.get(answer.owner, answer.team))


def _group(groups: dict[str, int | str], answer: Recommendation) -> dict[str, Any]:
    """Return the group as a field: by number where the policy knows it, else by name."""
    group = _group_of(groups, answer)
    return {"group_id" if isinstance(group, int) else "group": group}


def _sendable(tag: str) -> bool:
    try:
        tag.encode()
    except UnicodeEncodeError:
        return False
    return True
