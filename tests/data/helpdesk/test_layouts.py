"""The sample exports become the tickets that their customers wrote, and nothing of the agents."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tierline.data.errors import RowError
from tierline.data.helpdesk import LAYOUTS, Desk, Format, export_map
from tierline.data.helpdesk.export import Export
from tierline.data.readers import TicketFile
from tierline.data.rows import BadRow, Row
from tierline.data.ticket import CustomerTier, Ticket

SAMPLES = Path(__file__).parents[3] / "serving" / "samples" / "helpdesk"


ADF_2 = {"type": "doc", "version": 2, "content": []}


def read(name: str, desk: Desk | None = None, **pairs: str) -> list[Row]:
    source = Format(name.split("_", maxsplit=1)[0])
    rows = list(TicketFile(SAMPLES / name, export_map(pairs, source, desk)))
    assert not [row for row in rows if isinstance(row, BadRow)]
    return [row for row in rows if isinstance(row, Row)]


def tickets(name: str, desk: Desk | None = None, **pairs: str) -> list[Ticket]:
    return [row.ticket for row in read(name, desk, **pairs)]


def one(source: Format, record: dict[str, Any], desk: Desk | None = None) -> Ticket:
    return Export(LAYOUTS[source], desk or Desk()).row(1, record, {}).ticket


def test_zendesk_pages_with_what_is_side_loaded() -> None:
    breach, parcel, renewal = tickets("zendesk_tickets.json")
    assert (breach.id, breach.channel, breach.attempts) == ("35436", "email", 2)
    assert (breach.customer_tier, breach.current_tier) == (CustomerTier.ENTERPRISE, 1)
    assert breach.body.startswith("Since this morning our account")
    assert breach.created_at is not None
    assert breach.created_at.isoformat() == "2026-11-24T08:12:00+00:00"
    assert (parcel.channel, parcel.customer_tier, parcel.current_tier) == ("social", None, None)
    assert (renewal.customer_tier, renewal.locked_by_human) == (CustomerTier.SMB, True)


def test_zendesk_leaves_out_what_agents_wrote() -> None:
    renewal = tickets("zendesk_tickets.json")[2]
    assert renewal.body.startswith("We would rather cancel.")
    assert renewal.subject == ""  # an agent's, too
    # Two messages with but a private note between them are one contact.
    assert renewal.attempts == 1
    for word in ("offer", "churn", "anybody"):
        assert word not in renewal.body


def test_zendesk_keeps_what_was_noted_on_the_phone() -> None:
    comments = [{"author_id": 7, "body": "Caller: VPN is down"}, {"author_id": 1, "body": "News?"}]
    noted = one(
        Format.ZENDESK,
        {"id": 1, "subject": "Call", "description": "Caller: VPN is down", "requester_id": 1,
         "via": {"channel": "voice"}, "comments": comments},
    )  # fmt: skip
    assert (noted.body, noted.channel, noted.subject) == ("Caller: VPN is down", "phone", "Call")


def test_zendesk_csv_has_subjects() -> None:
    deleted, how_to = tickets("zendesk_tickets.csv")
    assert (deleted.id, deleted.body, deleted.channel) == ("35440", "", "email")
    assert (deleted.attempts, deleted.current_tier) == (3, 2)
    assert (how_to.channel, how_to.attempts) == ("web_form", 1)


def test_a_private_message_on_a_network_is_no_public_post() -> None:
    via = {"channel": "twitter", "source": {"rel": "direct_message"}}
    assert one(Format.ZENDESK, {"id": 1, "subject": "x", "via": via}).channel == "chat"


def test_more_fields_by_map_and_by_the_desk() -> None:
    rows = read(
        "zendesk_tickets.json",
        Desk(fields={"order_value": "custom_fields.360013"}),
        issue_type="custom_fields.360012",
        severity="priority",
    )
    assert rows[0].ticket.order_value == 1890.5
    assert rows[0].labels == {"issue_type": "billing", "severity": "high"}
    assert rows[2].labels == {}


def test_groups_and_customers_have_the_companys_own_names() -> None:
    desk = Desk({"care": 2, "98738": 4}, {"Kessler & Sons": CustomerTier.ENTERPRISE})
    breach, parcel, renewal = tickets("zendesk_tickets.json", desk)
    assert (breach.current_tier, parcel.current_tier, renewal.current_tier) == (4, 2, 2)
    assert renewal.customer_tier is CustomerTier.ENTERPRISE  # the highest that is said


def test_jira_issues() -> None:
    login, dark = tickets("jira_issues.json", Desk(customers={"nordwind logistics": "smb"}))  # type: ignore[dict-item]
    assert (login.id, login.channel, login.attempts) == ("SUP-53", "portal", 2)
    assert (login.customer_tier, login.current_tier) == (CustomerTier.SMB, 2)
    assert login.body == (
        "Since 06:00 nobody in the warehouse can log in.\nThe page says:\n"
        "SSO error 403: audience mismatch\n40 people, two sites\nasked @Dana already"
    )
    assert (dark.body, dark.attempts) == ("", 1)


def test_jira_requests_and_csv() -> None:
    (export,) = tickets("jira_requests.json")
    assert (export.id, export.subject) == ("SUP-55", "Export stops at 90%")
    printer, mailbox = tickets("jira_issues.csv")
    assert (printer.id, printer.customer_tier) == ("SUP-60", CustomerTier.SMB)
    assert printer.created_at is not None
    assert printer.created_at.isoformat() == "2026-11-24T13:18:00+00:00"
    assert "On my way" not in printer.body
    assert mailbox.body.startswith("There are logins")


def test_jira_labels_by_map() -> None:
    rows = read("jira_issues.json", None, severity="fields.priority", industry="fields.issuetype")
    assert rows[0].labels == {"severity": "High"}
    assert rows[0].extra == {"industry": "[System] Incident"}


def test_freshdesk_tickets() -> None:
    charged, server = tickets(
        "freshdesk_tickets.json", None, order_value="custom_fields.cf_order_value"
    )
    assert (charged.id, charged.channel, charged.attempts) == ("4101", "email", 2)
    assert (charged.order_value, charged.customer_tier) == (129.9, CustomerTier.SMB)
    # An agent began this one: only the answer is the customer's.
    assert (server.subject, server.attempts) == ("", 1)
    assert server.body == "Since the update the server has been down for everybody."
    reset, backup = tickets("freshdesk_tickets.csv")
    assert (reset.channel, reset.customer_tier, reset.current_tier) == (
        "portal",
        CustomerTier.SMB,
        1,
    )
    assert (backup.attempts, backup.current_tier) == (3, 3)


def test_freshdesk_html_becomes_text() -> None:
    ticket = one(
        Format.FRESHDESK, {"id": 1, "description": "<p>It is <b>down</b></p>", "source": 9}
    )
    assert (ticket.body, ticket.channel) == ("It is down", "web_form")


def test_intercom_conversations() -> None:
    logout, campaign = tickets("intercom_conversations.json")
    assert (logout.id, logout.channel, logout.attempts) == ("147", "chat", 2)
    assert logout.body == "Hi, the app logs me out every few minutes since the update."
    assert logout.customer_tier is CustomerTier.CONSUMER
    assert logout.created_at is not None
    assert logout.created_at.isoformat() == "2026-11-24T06:00:00+00:00"
    assert (campaign.subject, campaign.body) == ("", "Please take me off this list.")
    assert campaign.channel == "email"


def test_a_note_among_agents_is_no_answer() -> None:
    mine = {"incoming": True, "private": False}
    note = {"incoming": False, "private": True, "body_text": "zebrafish"}
    ticket = {"id": 1, "subject": "x", "source": 1, "conversations": [note, mine, note, mine]}
    assert one(Format.FRESHDESK, ticket).attempts == 1
    user, admin = {"type": "user"}, {"type": "admin"}
    parts = [
        {"part_type": "note", "body": "zebrafish", "author": admin},
        {"part_type": "comment", "body": "still", "author": user},
    ]
    source = {"body": "down", "author": user}
    conversation = {"id": 1, "source": source, "conversation_parts": {"conversation_parts": parts}}
    assert one(Format.INTERCOM, conversation).attempts == 1
    parts[0]["part_type"] = "comment"
    assert one(Format.INTERCOM, conversation).attempts == 2


@pytest.mark.parametrize(
    ("source", "record"),
    [
        (Format.FRESHDESK, {"id": 1, "subject": "zebrafish", "source": 10, "conversations": []}),
        (
            Format.INTERCOM,
            {"id": "1", "source": {"body": "zebrafish", "author": {"type": "admin"}}},
        ),
    ],
)
def test_without_a_word_of_the_customer_there_is_no_ticket(
    source: Format, record: dict[str, Any]
) -> None:
    with pytest.raises(RowError, match="an agent began this") as caught:
        one(source, record)
    assert "zebrafish" not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "record", "says"),
    [
        (Format.ZENDESK, {"nice_id": 1, "subject": "zebrafish"}, "Zendesk API v2"),
        (Format.JIRA, {"fields": {"summary": {"value": "zebrafish"}}}, "older version"),
        (Format.JIRA, {"fields": {"summary": "", "description": ADF_2}}, "version 1"),
        (Format.FRESHDESK, {"helpdesk_ticket": {"subject": "zebrafish"}}, "version 1"),
        (Format.INTERCOM, {"id": "1", "conversation_message": {"body": "zebrafish"}}, "version 1"),
    ],
)  # fmt: skip
def test_other_versions_are_named(source: Format, record: dict[str, Any], says: str) -> None:
    with pytest.raises(RowError, match=says) as caught:
        one(source, record)
    assert "zebrafish" not in str(caught.value)


WORDS = st.sampled_from(
    "id key subject description description_text tags via channel source created_at comments"  # noqa: SIM905
    " public author_id requester_id fields summary labels comment reporter accountId type version"
    " content text doc conversations incoming private conversation_parts part_type author body"
    " requestFieldValues fieldId value name organization group metric_set reopens company"
    " custom_fields statistics count_reopens properties request.channel.type statistics".split()
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.text(max_size=8)
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=6),
    max_leaves=20,
)  # fmt: skip
STARTS: dict[Format, dict[str, Any]] = {
    Format.ZENDESK: {"id": 1, "subject": "x"},
    Format.JIRA: {"key": "A-1", "fields": {"summary": "x"}},
    Format.FRESHDESK: {"id": 1, "subject": "x"},
    Format.INTERCOM: {"id": 1, "source": {"author": {"type": "user"}, "body": "x"}},
}


@pytest.mark.parametrize("source", list(Format))
@settings(max_examples=60, deadline=None)
@given(st.dictionaries(WORDS, ANYTHING, max_size=8))
def test_whatever_a_record_holds_it_is_a_row_or_a_reason(
    source: Format, extra: dict[str, Any]
) -> None:
    start = STARTS[source]
    inner = {"fields": {**extra, **start["fields"]}} if source is Format.JIRA else {}
    for record in (extra, {**extra, **start, **inner}, {**start, **extra}):
        try:
            found = Export(LAYOUTS[source]).row(1, json.loads(json.dumps(record)), {})
        except RowError:
            continue
        assert isinstance(found, Row)
