"""No message states a time that the policy doesn't give: every variant is read back."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from tierline.data.labels import Sentiment, Severity
from tierline.data.ticket import Ticket
from tierline.serving.messages.compose import compose
from tierline.serving.messages.message import Kind, Message
from tierline.serving.messages.spoken import Speech
from tierline.serving.messages.templates import Templates
from tierline.serving.policy import TIERS, Policy, load_policy
from tierline.serving.routing.recommendation import Recommendation

from ..fakes import CALM, LOSS, NOW, POLICY, answer, default_dict, prediction

MONTHS = {"March": 3, "März": 3, "marzo": 3, "mars": 3, "março": 3}
CLOCK = r"(?P<hour>\d+):(?P<minute>\d\d)"
ZONE = r"\(UTC(?P<zone>[+-]\d+)?\)"
INSTANTS = {
    "en": rf"by (?P<month>\w+) (?P<day>\d+), (?P<year>\d+) at {CLOCK} (?P<half>AM|PM) {ZONE}",
    "de": rf"bis zum (?P<day>\d+)\. (?P<month>\w+) (?P<year>\d+) um {CLOCK} Uhr {ZONE}",
    "es": rf"a más tardar, el (?P<day>\d+) de (?P<month>\w+) de (?P<year>\d+), {CLOCK} h {ZONE}",
    "fr": rf"au plus tard le (?P<day>\d+) (?P<month>\w+) (?P<year>\d+) à {CLOCK} {ZONE}",
    "pt": rf"até (?P<day>\d+) de (?P<month>\w+) de (?P<year>\d+), {CLOCK} {ZONE}",
}
SPANS = {
    "en": r"at least every (?P<count>\d+ )?(?P<unit>hour|minute)s?\b",
    "de": r"mindestens (?:jede|alle) (?P<count>\d+ )?(?P<unit>Stunde|Minute)n?\b",
    "es": r"al menos cada (?P<count>\d+ )?(?P<unit>hora|minuto)s?\b",
    "fr": r"au moins toutes les (?P<count>\d+ )?(?P<unit>heure|minute)s?\b",
    "pt": r"pelo menos a cada (?P<count>\d+ )?(?P<unit>hora|minuto)s?\b",
}
#: Words that would promise a time in no figures.
VAGUE = re.compile(
    r"\b(?:today|tomorrow|tonight|soon|shortly|immediately|promptly|within|hours?|minutes?|days?"
    r"|weeks?|guarantee\w*|heute|morgen|bald|umgehend|sofort|unverzüglich|innerhalb|stunden?"
    r"|minuten?|tage?n?|wochen?|hoy|mañana|pronto|inmediatamente|enseguida|horas?|minutos?|días?"
    r"|semanas?|aujourd|demain|bientôt|immédiatement|rapidement|heures?|jours?|semaines?|hoje"
    r"|amanhã|logo|breve|imediatamente|dias?|garant\w*)\b",
    re.IGNORECASE,
)
CHANNELS = {"email": "long", "chat": "short", "social": "public"}


@pytest.fixture(scope="module")
def templates() -> Templates:
    return Templates.load()


def changed_policy() -> Policy:
    raw = default_dict()
    raw["respond_within"] = {"P1": "20m", "P2": "3h", "P3": "30h", "P4": "90h"}
    within = {"1": "50m", "2": "7h", "3": "95h", "4": "100h"}
    raw["tiers"] = {n: tier | {"resolve_within": within[n]} for n, tier in raw["tiers"].items()}
    every = {"P1": "1m", "P2": "90m", "P3": "1h", "P4": "60h"}
    raw["messages"] |= {"update_every": every, "time_zone": "America/Sao_Paulo"}
    return Policy.model_validate(raw)


def read_instants(text: str, language: str) -> Iterator[datetime]:
    for found in re.finditer(INSTANTS[language], text):
        part = found.groupdict()
        hour = int(part["hour"])
        if "half" in part:
            hour = hour % 12 + 12 * (part["half"] == "PM")
        zone = timezone(timedelta(hours=int(part["zone"] or 0)))
        day = (int(part["year"]), MONTHS[part["month"]], int(part["day"]))
        yield datetime(*day, hour, int(part["minute"]), tzinfo=zone)


def read_spans(text: str, language: str) -> Iterator[timedelta]:
    for found in re.finditer(SPANS[language], text):
        unit = 60 if found["unit"].lower() in {"hour", "stunde", "hora", "heure"} else 1
        yield timedelta(minutes=int(found["count"] or 1) * unit)


def expected(
    kind: Kind, form: str, severity: Severity, tier: int, policy: Policy
) -> tuple[list[datetime], list[timedelta]]:
    """What the policy gives, counted by hand; nothing is stated twice."""
    respond = NOW + policy.respond_within[severity]
    resolve = max(respond, NOW + policy.tiers[tier].resolve_within)
    every = policy.messages.update_every[severity]
    public = form == "public"
    solved = [] if public or resolve == respond else [resolve]
    if kind is Kind.ACKNOWLEDGEMENT:
        return [respond], []
    if kind is Kind.TIMELINE:
        return [respond, *solved], [] if public else [every]
    if kind is Kind.PROGRESS:
        return [NOW + every, *(solved if form == "long" else [])], [] if public else [every]
    return [], []


def ask(
    severity: str, tier: int, channel: str, mood: str, policy: Policy
) -> tuple[Ticket, Recommendation]:
    """A person placed the ticket, so that every tier occurs with every severity."""
    fields: dict[str, Any] = {"body": CALM, "subject": "Export", "id": "T-A", "channel": channel}
    fields |= {"created_at": NOW, "current_tier": tier, "locked_by_human": True}
    return Ticket(**fields), answer(prediction(severity, sentiment=mood), policy, **fields)


def check(made: Message, kind: Kind, severity: Severity, tier: int, policy: Policy) -> None:
    whole = f"{made.subject or ''}\n{made.text}"
    instants, spans = expected(kind, made.form, severity, tier, policy)
    assert list(read_instants(whole, made.language)) == instants
    assert list(read_spans(whole, made.language)) == spans
    rest = re.sub(INSTANTS[made.language], "", whole)
    rest = re.sub(SPANS[made.language], "", rest).replace("Guten Tag,", "")
    assert not re.search(r"\d", rest), rest
    assert not VAGUE.search(rest), rest
    assert sorted(p.at for p in made.promises if p.at) == sorted(instants)
    stated = [timedelta(minutes=p.minutes) for p in made.promises if p.minutes]
    assert stated == spans


@pytest.mark.parametrize("channel", CHANNELS)
def test_every_variant_states_the_policys_times_only(templates: Templates, channel: str) -> None:
    count = 0
    for severity, tier, mood in product(Severity, TIERS, Sentiment):
        ticket, said = ask(severity, tier, channel, mood, POLICY)
        for kind, language in product(Kind, INSTANTS):
            made = compose(kind, ticket, said, POLICY, templates, NOW, language)
            assert made.form == CHANNELS[channel]
            check(made, kind, severity, tier, POLICY)
            count += 1
    assert count == 4 * 4 * 4 * 4 * 5


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_changed_policy_changes_every_message(templates: Templates, channel: str) -> None:
    policy = changed_policy()
    for severity, tier in product(Severity, TIERS):
        ticket, said = ask(severity, tier, channel, "negative", policy)
        for kind, language in product(Kind, INSTANTS):
            made = compose(kind, ticket, said, policy, templates, NOW, language)
            assert made.time_zone == "America/Sao_Paulo"
            check(made, kind, severity, tier, policy)


def test_a_time_that_is_past_is_not_promised(templates: Templates) -> None:
    ticket, said = ask("P2", 2, "email", "neutral", POLICY)
    late = NOW + timedelta(days=3)
    for kind, language in product((Kind.ACKNOWLEDGEMENT, Kind.TIMELINE), INSTANTS):
        made = compose(kind, ticket, said, POLICY, templates, late, language)
        assert [p.what for p in made.promises if p.at] == []
        assert not list(read_instants(made.text, language))
    made = compose(Kind.ACKNOWLEDGEMENT, ticket, said, POLICY, templates, late)
    assert "You should have heard from us before now" in made.text


def test_an_instant_is_rounded_up_so_that_keeping_the_policys_keeps_it() -> None:
    speech = Speech.of("en", "Asia/Kolkata")
    spoken = speech.instant(datetime(2025, 3, 10, 12, 0, 0, 1, tzinfo=UTC))
    assert (spoken.date, spoken.time, spoken.zone) == ("March 10, 2025", "5:31 PM", "UTC+5:30")
    assert speech.instant(NOW).time == "5:30 PM"


def test_the_zones_summer_time_counts() -> None:
    speech = Speech.of("de", "Europe/Berlin")
    assert speech.instant(datetime(2025, 3, 30, 0, 59, tzinfo=UTC)).zone == "UTC+1"
    summer = speech.instant(datetime(2025, 3, 30, 1, 0, tzinfo=UTC))
    assert (summer.time, summer.zone) == ("03:00", "UTC+2")


@pytest.mark.parametrize(
    ("language", "hours", "minutes"),
    [("nl", "4 uur", "90 minuten"), ("ja", "4 時間", "90 分"), ("it", "4 ore", "90 minuti")],
)
def test_a_duration_is_said_in_a_language_of_ones_own(
    language: str, hours: str, minutes: str
) -> None:
    speech = Speech.of(language, "UTC")
    assert speech.span(timedelta(hours=4)).text == hours
    assert speech.span(timedelta(minutes=90)).text == minutes


def test_in_office_hours_only_the_next_update_is_promised(
    templates: Templates, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("policy") / "office.toml"
    file.write_text(
        '[calendars.office]\ntime_zone = "Europe/Berlin"\n[calendars.office.hours]\n'
        'monday = ["09:00-17:00"]\ntuesday = ["09:00-17:00"]\n'
        + "".join(f'[tiers.{n}]\ncalendar = "office"\n' for n in TIERS)
    )
    policy = load_policy(file)
    ticket, said = ask("P2", 2, "email", "neutral", policy)
    made = compose(Kind.PROGRESS, ticket, said, policy, templates, NOW)
    assert made.time_zone == "Europe/Berlin"
    # Monday 13:00 in Berlin: four open hours later it is 17:00.
    assert next(read_instants(made.text, "en")) == datetime(2025, 3, 10, 16, tzinfo=UTC)
    assert not list(read_spans(made.text, "en"))
    ticket, said = ask("P1", 2, "email", "neutral", policy)
    made = compose(Kind.PROGRESS, ticket, said, policy, templates, NOW)
    assert list(read_spans(made.text, "en")) == [timedelta(hours=1)]


def test_a_safety_hit_is_told_as_urgently_as_it_is_treated(templates: Templates) -> None:
    fields: dict[str, Any] = {"body": LOSS, "created_at": NOW}
    said = answer(prediction("P4"), POLICY, **fields)
    made = compose(Kind.TIMELINE, Ticket(**fields), said, POLICY, templates, NOW)
    assert next(read_instants(made.text, "en")) == NOW + POLICY.respond_within[Severity.P2]
    assert list(read_spans(made.text, "en")) == [POLICY.messages.update_every[Severity.P2]]


def test_a_policy_that_tells_no_resolution_has_none_told(templates: Templates) -> None:
    raw = default_dict()
    raw["messages"]["state_resolution"] = False
    policy = Policy.model_validate(raw)
    ticket, said = ask("P2", 3, "email", "neutral", policy)
    made = compose(Kind.TIMELINE, ticket, said, policy, templates, NOW)
    assert [p.what for p in made.promises] == ["respond_by", "update_every"]


def test_an_answered_ticket_is_not_called_late(templates: Templates) -> None:
    ticket, said = ask("P2", 2, "email", "neutral", POLICY)
    late = NOW + timedelta(days=3)
    answered = ticket.model_copy(update={"status": "answered"})
    made = compose(Kind.ACKNOWLEDGEMENT, answered, said, POLICY, templates, late)
    assert "You should have heard from us" not in made.text


def test_a_timeline_without_a_date_refers_to_none(templates: Templates) -> None:
    ticket, said = ask("P1", 3, "chat", "neutral", POLICY)
    made = compose(Kind.TIMELINE, ticket, said, POLICY, templates, NOW + timedelta(days=9))
    assert "Until it is resolved" in made.text


def test_while_nobody_is_there_to_keep_it_no_time_is_promised(
    templates: Templates, tmp_path: Path
) -> None:
    file = tmp_path / "office.toml"
    file.write_text(
        '[calendars.office]\ntime_zone = "UTC"\n[calendars.office.hours]\n'
        'monday = ["09:00-11:00"]\n' + "".join(f'[tiers.{n}]\ncalendar = "office"\n' for n in TIERS)
    )
    policy = load_policy(file)
    ticket, said = ask("P1", 3, "email", "neutral", policy)
    assert "clock.no_cover" in {reason.rule for reason in said.reasons}
    for kind, language in product(Kind, INSTANTS):
        made = compose(kind, ticket, said, policy, templates, NOW, language)
        assert made.promises == ()
        assert not [*read_instants(made.text, language), *read_spans(made.text, language)]
    assert "We will get back to you." in compose(
        Kind.TIMELINE, ticket, said, policy, templates, NOW, "en"
    ).text.replace("\n", " ")
