"""Calendars in a policy file: every mistake is named with its key."""

from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tierline.data.errors import PolicyError
from tierline.serving.clock.gaps import closed_hours, unserved_hours
from tierline.serving.commands import app
from tierline.serving.policy import Policy, load_policy
from tierline.serving.policy.places import holidays_of
from tierline.serving.policy.prose import prose

from ..fakes import NOW, POLICY

SAMPLE = Path(__file__).parents[3] / "serving" / "samples" / "office_hours.toml"
HOURS = '[calendars.office.hours]\nmonday = ["09:00-17:00"]\n'


def load(folder: Path, toml: str) -> Policy:
    path = folder / "own.toml"
    path.write_text(toml, encoding="utf-8")
    return load_policy(path)


def refusal(folder: Path, toml: str) -> str:
    with pytest.raises(PolicyError) as caught:
        load(folder, toml)
    return str(caught.value).split("\n  ", 1)[1]


def office(keys: str = "", hours: str = HOURS) -> str:
    return f"[calendars.office]\n{keys}\n{hours}"


def test_by_default_somebody_is_always_there() -> None:
    assert {tier.calendar for tier in POLICY.tiers.values()} == {"always"}
    assert POLICY.calendars["always"].always
    assert list(unserved_hours(POLICY, NOW)) == []


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        (office('time_zone = "Berlin"'), "calendars.office.time_zone: expected an IANA time zone"),
        (office('time_zone = "../UTC"'), "calendars.office.time_zone: expected an IANA time zone"),
        (office('holidays = "XX"'), "calendars.office.holidays: expected a country"),
        (office('holidays = ["DE", "DE-ZZ"]'), "calendars.office.holidays: expected a country"),
        (office('closed = ["02-30"]'), "calendars.office.closed.0: expected a date"),
        (office('closed = ["2025-02-29"]'), "calendars.office.closed.0: expected a date"),
        (office("closed = [2025-01-01T00:00:00]"), "calendars.office.closed.0: expected a date"),
        (office("opens = 9"), "calendars.office.opens: unknown key"),
        (office("", ""), "calendars.office: it never opens"),
        (office('holiday_hours = ["09:00-10:00"]', ""), "calendars.office: it never opens"),
        (office("always = true"), "calendars.office: always = true is open at every hour"),
        (office('cover = "night"'), "calendars.office.cover: expected one of"),
        (office('cover = "office"'), "a calendar can't cover itself: office by office"),
        (office('cover = "b"') + '[calendars.b]\ncover = ["office"]',
         "calendars.b.cover: a calendar can't cover itself: office by b by office"),
        ('[tiers.2]\ncalendar = "office"', "tiers.2.calendar: expected one of ['always']"),
        ('[calendars."of fice"]\nalways = true', "calendars.of fice: "),
    ],
)  # fmt: skip
def test_mistakes_are_named_with_their_key(tmp_path: Path, toml: str, said: str) -> None:
    assert said in refusal(tmp_path, toml)


@pytest.mark.parametrize(
    ("ranges", "said"),
    [
        ('["17:00-09:00"]', "monday.0: expected an end after the start; found '17:00-09:00'"),
        ('["22:00-06:00"]', 'one to "24:00", one from "00:00" on the next day'),
        ('["09:00-09:00"]', "monday.0: expected an end after the start"),
        ('["09:00-12:00", "11:00-17:00"]', "monday: expected hours that don't overlap; found "
         "09:00-12:00 and 11:00-17:00"),
        ('["24:00-24:00"]', "monday.0: expected hours such as"),
        ('["9-17"]', "monday.0: expected hours such as"),
        ('["09:00-17:60"]', "monday.0: expected hours such as"),
        ("[9]", "monday.0: expected hours such as"),
        ('"09:00-17:00"', "monday: "),
    ],
)  # fmt: skip
def test_hours_that_are_none(tmp_path: Path, ranges: str, said: str) -> None:
    found = refusal(tmp_path, f"[calendars.office.hours]\nmonday = {ranges}")
    assert found.startswith("calendars.office.hours.monday")
    assert said in found


def test_a_day_that_is_none(tmp_path: Path) -> None:
    found = refusal(tmp_path, '[calendars.office.hours]\nmondy = ["09:00-10:00"]')
    assert found.startswith("calendars.office.hours.mondy: unknown key")


def test_what_is_read(tmp_path: Path) -> None:
    hours = '[calendars.office.hours]\nmonday = ["13:00-24:00", " 00:00 - 12:30"]\n'
    own = load(tmp_path, office('closed = [2025-05-02, "02-29"]\nholidays = "DE"', hours))
    calendar = own.calendars["office"]
    assert calendar.hours.monday == ((0, 750), (780, 1440))
    assert (calendar.closed, calendar.holidays) == (("2025-05-02", "02-29"), ("DE",))
    again = Policy.model_validate(own.model_dump(mode="json"))
    assert (again, again.version) == (own, own.version)


def test_hours_that_come_from_a_library_make_its_release_part_of_the_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def versions() -> tuple[str, str]:
        return load_policy().version, load(tmp_path, office('holidays = "DE"')).version

    before = versions()
    monkeypatch.setattr("importlib.metadata.version", lambda _: "0.1")
    after = versions()
    assert before[0] == after[0]
    assert before[1] != after[1]


def test_a_missing_library_is_named_with_its_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(name: str) -> Any:
        raise ImportError(name)

    holidays_of.cache_clear()
    monkeypatch.setattr("tierline.serving.policy.places.import_module", absent)
    assert "pip install 'tierline[calendars]'" in refusal(tmp_path, office('holidays = "DE"'))
    monkeypatch.setattr("tierline.serving.policy.places.import_module", import_module)
    assert load(tmp_path, office('holidays = "DE"'))


def test_the_sample_is_read_and_leaves_no_hour_unserved() -> None:
    own = load_policy(SAMPLE)
    assert list(unserved_hours(own, NOW)) == []
    said = prose(own)
    assert "(office hours), about 10% go further" in said
    assert "thursday 09:00-12:00 and 13:00-17:00" in said
    assert "public holidays of DE-BE: 10:00-14:00; open too in the hours of boston" in said
    assert "on_call takes what can't wait when it is closed" in said


def test_hours_at_which_nobody_serves_what_can_not_wait_are_told() -> None:
    own = load_policy(SAMPLE)
    calendars = own.model_dump(mode="json")["calendars"]
    calendars["office"]["on_call"] = None
    bare = Policy.model_validate(own.model_dump(mode="json") | {"calendars": calendars})
    found = list(unserved_hours(bare, datetime(2025, 3, 14, 12, tzinfo=UTC)))
    # Tier 2 is closed too, but P1 and safety hits never go there.
    assert [line.partition(":")[0] for line in found] == ["tiers.3.calendar", "tiers.4.calendar"]
    first = "2025-03-14 17:00 Europe/Berlin until 2025-03-17 09:00 Europe/Berlin"
    assert f"nobody serves tier 3 (senior engineers) from {first}, though P1" in found[0]
    assert "is 2025-12-23 17:00 Europe/Berlin until 2025-12-29 09:00 Europe/Berlin" in found[0]


@pytest.mark.parametrize(
    ("entry", "tiers"),
    [
        ('[[entry]]\nid="entry.a"\ntext="x"\npath=[1]\nwhen={severity=["P1"]}\n', [1, 3, 4]),
        ('[[entry]]\nid="entry.a"\ntext="x"\npath=[1]\nwhen={severity=["P2"]}\n', [1, 2, 3, 4]),
        ('[[entry]]\nid="entry.a"\ntext="x"\npath=[2]\nwhen={channel=["chat"]}\n', [1, 2, 3, 4]),
    ],
)
def test_only_tiers_that_p1_can_reach_must_be_served(
    tmp_path: Path, entry: str, tiers: list[int]
) -> None:
    rest = '[[entry]]\nid="entry.rest"\ntext="x"\npath=[]\n'
    used = "".join(f'[tiers.{n}]\ncalendar = "office"\n' for n in range(1, 5))
    own = load(tmp_path, office() + used + entry + rest)
    found = [int(line[6]) for line in unserved_hours(own, NOW)]
    assert found == tiers


def test_promised_hours_at_which_the_owner_and_its_cover_are_closed_are_told(
    tmp_path: Path,
) -> None:
    own = office() + '[teams.technical-support]\ncalendar = "office"\n'
    found = list(unserved_hours(load(tmp_path, own), datetime(2025, 3, 14, 12, tzinfo=UTC)))
    assert len(found) == 1
    assert found[0].startswith("tiers.2.owner: technical-support is closed and nobody covers it")
    assert "tier 2 (technical support) from 2025-03-14 12:00 UTC until 2025-03-17 09:00" in found[0]
    covered = own + 'cover = "integrations"\n'
    assert list(unserved_hours(load(tmp_path, covered), NOW)) == []
    nobody = covered + "capacity = 0\n[teams.integrations]\ncapacity = 0\n"
    found = list(unserved_hours(load(tmp_path, nobody), NOW))
    assert "technical-support has no capacity" in found[0]
    assert "of 1 such spans" in found[0]


def test_closed_hours_are_one_line_for_each_calendar() -> None:
    found = list(closed_hours(load_policy(SAMPLE), datetime(2025, 3, 14, 12, tzinfo=UTC)))
    assert [line.partition(" from ")[0] for line in found] == [
        "by calendars.front nobody serves tier 1",
        "by calendars.office nobody serves tiers 2, 3, 4",
    ]
    assert "from 2025-03-14 17:00 Europe/Berlin until 2025-03-17 09:00" in found[1]
    assert list(closed_hours(POLICY, NOW)) == []


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ('[tiers.2]\nowner = "tecnical-support"\n', "Is technical-support meant?"),
        ('[tiers.2]\nowner = "zzz"\n', "no team is called 'zzz', so a new one is made. To say"),
        (
            '[[teams.integrations.members]]\nname = "Ada"\n'
            '[[teams.order-desk.members]]\nname = "ada "\n',
            "teams.order-desk and teams.integrations: 'ada' is a member of each",
        ),
        (
            '[[exclusions]]\nfrom_team = "genral-support"\nto_team = "order-desk"\n',
            "exclusions.0.from_team: no team is called 'genral-support'. Is general-support meant?",
        ),
        ('[[exclusions]]\nfrom_team = "General-Support "\nto_team = "order-desk"\n', ""),
        (
            "[helpdesk.zendesk.groups]\norder-desks = 7\n",
            "helpdesk.zendesk.groups: no team is called 'order-desks'. Is order-desk meant?",
        ),
        ("[helpdesk.zendesk.groups]\norder-desk = 7\n", ""),
        (
            '[[triggers]]\nid = "a.b"\ntext = "x"\nlane = "expres"\nwhen = { attempts_over = 1 }\n',
            "triggers a.b.lane: no team takes the lane 'expres'. Is express meant?",
        ),
        ("[teams.integrations]\ncapacity = 0\n", "teams.integrations.capacity: it is 0"),
        (
            '[teams.integrations]\ncapacity = 0\noverflow_to = ["technical-support"]\n',
            "",
        ),
        ('[tiers.2]\nowner = "zzz"\n[teams.zzz]\ntier = 2\n', ""),
        ('[[teams.integrations.members]]\nname = "Ada"\n', ""),
    ],
)
def test_what_is_hardly_meant_is_a_warning(tmp_path: Path, own: str, said: str) -> None:
    path = tmp_path / "own.toml"
    path.write_text(own, encoding="utf-8")
    result = CliRunner().invoke(app, ["policy", "check", str(path)])
    assert (result.exit_code, "good," in result.stdout) == (0, True)
    assert result.stderr.startswith("warning: ") == bool(said)
    assert said in result.stderr


def test_policy_check_warns_and_passes(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(office() + '[tiers.3]\ncalendar = "office"\n', encoding="utf-8")
    result = CliRunner().invoke(app, ["policy", "check", str(path)])
    assert result.exit_code == 0
    assert "good," in result.stdout
    assert result.stderr.startswith("warning: tiers.3.calendar: nobody serves tier 3")
