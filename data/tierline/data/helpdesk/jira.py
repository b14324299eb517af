"""Jira Service Management: issues of the REST API (v2, v3), requests, and the CSV export.

Sources: https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-search/,
https://developer.atlassian.com/cloud/jira/service-desk/rest/api-group-request/,
https://support.atlassian.com/jira-software-cloud/docs/export-your-search-results/
"""

from collections.abc import Mapping
from typing import Any, Final

from tierline.data.helpdesk.adf import text_of
from tierline.data.helpdesk.desk import LOCK_TAG, Desk
from tierline.data.helpdesk.layout import Cells, Layout
from tierline.data.helpdesk.shapes import Record, contacts, dig, items, names
from tierline.data.helpdesk.times import read_time

_PERSON: Final = ("accountId", "key", "name")
_CHANNEL: Final = "properties.request.channel.type"


def _fields(issue: Record, page: Record, desk: Desk) -> dict[str, Any]:
    inner = _inner(issue)
    labels = names(inner.get("labels"))
    organizations = names(_by_name(inner, page, "Organizations"))
    return {
        "id": issue.get("key") or issue.get("issueKey"),
        "subject": inner.get("summary"),
        "body": _text(inner.get("description")),
        "channel": dig(issue, _CHANNEL),
        "created_at": read_time(inner.get("created")),
        "customer_tier": desk.customer_tier([*labels, *organizations]),
        "attempts": _attempts(inner),
        "current_tier": desk.tier_of(names(inner.get("components")), labels),
        "team": desk.team_of(names(inner.get("components"))),
        "locked_by_human": LOCK_TAG in labels,
    }


def _inner(issue: Record) -> Record:
    """Return an issue's fields; those of a service desk's request by the same names."""
    fields = issue.get("fields")
    if isinstance(fields, Mapping):
        return fields
    values = {str(v.get("fieldId")): v.get("value") for v in items(issue.get("requestFieldValues"))}
    created = issue.get("createdDate")
    when = created.get("iso8601") if isinstance(created, Mapping) else None
    return {**values, "created": when, "reporter": issue.get("reporter")}


def _by_name(inner: Record, page: Record, name: str) -> Any:
    """Return a custom field by the name that its page gives it (``expand=names``)."""
    listed = page.get("names")
    found = (i for i, n in listed.items() if n == name) if isinstance(listed, Mapping) else iter(())
    return inner.get(next(found, name))


def _text(description: Any) -> Any:
    return text_of(description) if isinstance(description, Mapping) else description


def _attempts(inner: Record) -> int | None:
    comments = inner.get("comment")
    reporter = _person(inner.get("reporter"))
    if reporter is None or not isinstance(comments, Mapping):
        return None
    public = [c for c in items(comments.get("comments")) if c.get("jsdPublic", True)]
    return contacts([True, *(_person(c.get("author")) == reporter for c in public)])


def _person(value: Any) -> Any:
    """Return what identifies a user: an account in the cloud, a key or a name on a server."""
    if not isinstance(value, Mapping):
        return None
    return next((value[name] for name in _PERSON if value.get(name)), None)


def _problem(issue: Record) -> str | None:
    inner = issue.get("fields")
    if isinstance(inner, Mapping) and "summary" in inner:
        summary = inner["summary"]
        if isinstance(summary, Mapping):
            return "expected issues of Jira's REST API v2 or v3; found those of an older version"
        return None
    if isinstance(issue.get("requestFieldValues"), list):
        return None
    return "expected a Jira issue ('fields' with 'summary') or request ('requestFieldValues')"


def _from_csv(cells: Cells) -> dict[str, Any]:
    """Read a line of the CSV export; columns that come several times are lists.

    Custom fields are named ``Custom field (…)``; components "Component/s" before Jira's cloud
    called them "Components".
    """
    labels = cells.get("labels")
    organizations = cells.get("custom field (organizations)")
    return {
        "key": cells.get("issue key"),
        "fields": {
            "summary": cells.get("summary"),
            "description": cells.get("description"),
            "created": cells.get("created"),
            "labels": names(labels, r"\s") if isinstance(labels, str) else labels,
            "components": cells.get("component/s") or cells.get("components"),
            "Organizations": organizations,
        },
    }


JIRA: Final = Layout(
    title="Jira",
    lists=("issues", "values"),
    single=("issue",),
    fields=_fields,
    problem=_problem,
    columns=("Issue key", "Summary"),
    from_csv=_from_csv,
)
