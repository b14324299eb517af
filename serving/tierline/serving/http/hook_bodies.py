"""What help desks send to the hooks: the vendors' layouts, as far as they are read.

Sources: see `tierline.serving.helpdesk.events`.
"""

from typing import Any, Final

_ANY: Final = {"type": "object", "additionalProperties": True}


def _body(text: str, example: dict[str, Any], **properties: str) -> dict[str, Any]:
    fields = {name: _ANY | {"description": said} for name, said in properties.items()}
    schema = {"type": "object", "description": text, "properties": fields, "examples": [example]}
    return {"required": True, "content": {"application/json": {"schema": schema}}}


#: By the hook's path.
BODIES: Final = {
    "/v1/hooks/zendesk": _body(
        "A ticket event of version 2022-11-06 (type, time, detail), or a JSON body that you write "
        "in a trigger. Signed in X-Zendesk-Webhook-Signature.",
        {
            "ticket": {
                "id": "35439",
                "subject": "Where is my parcel?",
                "description": "The tracking page hasn't moved for ten days.",
                "tags": "shipping vip",
            }
        },
        ticket="In a trigger's own body: the ticket, by the API's names.",
        detail="In an event: the ticket as Zendesk describes it.",
    ),
    "/v1/hooks/jira": _body(
        "jira:issue_created or jira:issue_updated; other events are ignored. Signed in "
        "X-Hub-Signature.",
        {
            "timestamp": 1795504330123,
            "webhookEvent": "jira:issue_created",
            "issue": {
                "key": "SUP-53",
                "fields": {
                    "summary": "Nobody in the warehouse can log in",
                    "description": "Since this morning nobody can log in.",
                    "created": "2026-11-24T08:12:10.123+0100",
                    "labels": ["sso"],
                },
            },
        },
        issue="The issue with its fields, as in the REST API v2 or v3.",
    ),
    "/v1/hooks/freshdesk": _body(
        "An automation's default body, or {\"ticket\": {…}} by the API's names. The secret comes "
        "in X-Tierline-Secret.",
        {
            "freshdesk_webhook": {
                "ticket_id": 4101,
                "ticket_subject": "Charged twice",
                "ticket_description": "<div>You charged my card twice.</div>",
                "ticket_source": "Email",
                "ticket_tags": "smb, tier_1",
            }
        },
        freshdesk_webhook="The automation's placeholders, each named ticket_….",
        ticket="The ticket by the API's names.",
    ),
}
