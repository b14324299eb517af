"""Logs as files: columns, times, names; the ready mapping; and what is refused."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tierline.data.columns import parse_map
from tierline.data.errors import InputError, RowError
from tierline.data.rows import BadRow
from tierline.serving.history import events as events_module
from tierline.serving.history.desk import read_desk
from tierline.serving.history.events import Event, EventFile, Names
from tierline.serving.history.formats import FIELDS, format_named
from tierline.serving.history.promises import Promises
from tierline.serving.history.times import DateOrder, time_reader, zone_named
from tierline.serving.policy import load_policy

from .logs import NOW, event_file, written

SERVICENOW = (
    "number,incident_state,reassignment_count,reopen_count,sys_mod_count,made_sla,caller_id,"
    "opened_at,sys_updated_at,contact_type,category,priority,assignment_group,resolved_at\n"
)


def read(file: EventFile) -> list[Event]:
    found = list(file)
    assert not [row for row in found if isinstance(row, BadRow)]
    return [row for row in found if not isinstance(row, BadRow)]


def seconds(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=UTC).timestamp())  # type: ignore[arg-type, misc]


def test_the_servicenow_mapping(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(
        SERVICENOW + "INC045,Resolved,1,0,3,true,Caller 7,29/2/2016 01:16,1/3/2016 09:14,Phone,"
        "Category 55,3 - Moderate,?,29/2/2016 11:29\n"
        "47,New,0,0,0,False,2403,29/2/2016 04:40,29/2/2016 04:57,Phone,40.0,3,70,\n"
    )
    first, second = read(event_file(path, "servicenow"))
    assert first == Event(
        ticket="INC045", at=seconds(2016, 3, 1, 9, 14), order=3, team=None, state="Resolved",
        priority="3 - Moderate", type="Category 55", channel="Phone",
        created=seconds(2016, 2, 29, 1, 16), resolved=seconds(2016, 2, 29, 11, 29),
        moves=1, reopened=0, sla=True,
    )  # fmt: skip
    assert (second.team, second.priority, second.sla) == ("Group 70", "P3", False)
    assert second.resolved is None
    assert "Caller 7" not in repr(first)


def test_numbers_in_a_parquet_log_read_like_the_same_names_in_csv(tmp_path: Path) -> None:
    columns = {
        "ticket": pa.array([45, 46]),
        "at": pa.array([datetime(2025, 3, 3, 8), datetime(2025, 3, 3, 9)], pa.timestamp("ns")),
        "team": pa.array([70.0, None]),
        "sla": pa.array([True, False]),
    }
    pq.write_table(pa.table(columns), tmp_path / "log.parquet")
    first, second = read(event_file(tmp_path / "log.parquet"))
    assert first == Event("45", seconds(2025, 3, 3, 8), team="70", sla=True)
    assert (second.team, second.sla) == (None, False)


def test_json_lines_may_lack_fields(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"id": "a", "at": "2025-03-03T08:00Z", "team": "Desk"},
        {"id": "a", "at": "2025-03-03T09:00Z", "state": "Done", "sla": True},
    ]
    _, second = read(event_file(written(tmp_path, rows), mapping={"ticket": "id"}))
    assert (second.team, second.state, second.sla) == (None, "Done", True)


@pytest.mark.parametrize(
    ("order", "text", "moment"),
    [
        (DateOrder.ISO, "2025-03-04 05:06:07", (2025, 3, 4, 5, 6, 7)),
        (DateOrder.DAY_FIRST, "4/3/2025 05:06", (2025, 3, 4, 5, 6)),
        (DateOrder.DAY_FIRST, "04.03.2025", (2025, 3, 4)),
        (DateOrder.MONTH_FIRST, "03/04/2025, 05:06:07", (2025, 3, 4, 5, 6, 7)),
        (DateOrder.MONTH_FIRST, "2025-03-04T05:06+02:00", (2025, 3, 4, 3, 6)),
        (DateOrder.DAY_FIRST, "29/2/2024 00:00", (2024, 2, 29)),
    ],
)
def test_times(order: DateOrder, text: str, moment: tuple[int, ...]) -> None:
    assert time_reader(order, UTC, NOW)(text) == seconds(*moment)


def test_a_time_without_a_zone_is_of_the_zone_given() -> None:
    lisbon = time_reader(DateOrder.ISO, ZoneInfo("Europe/Lisbon"), NOW)
    assert lisbon("2025-07-01T12:00") == seconds(2025, 7, 1, 11)
    assert lisbon(date(2025, 1, 1)) == seconds(2025, 1, 1)
    # The clock goes from 1:59 back to 1:00: the first of the two 1:30s is meant.
    assert lisbon("2025-10-26T01:30") == seconds(2025, 10, 26, 0, 30)


@pytest.mark.parametrize("cell", ["30/2/2025", "1/2/25", "", "noon", "2027-01-01", "0001-01-01", 5])
def test_what_is_no_time_that_has_been_is_refused(cell: object) -> None:
    with pytest.raises(RowError, match="expected a time"):
        time_reader(DateOrder.DAY_FIRST, UTC, NOW)(cell)


@pytest.mark.parametrize(
    ("zone", "cell", "year"),
    [
        ("UTC", "0001-01-01T00:00:00+02:00", 1),
        ("UTC", "9999-12-31T23:59:59-05:00", 9999),
        ("Asia/Tokyo", "0001-01-01", 1),
        ("America/New_York", datetime(9999, 12, 31, 23, 59), 9999),
    ],
)
def test_a_time_that_is_none_in_utc_is_refused_like_others(
    zone: str, cell: object, year: int
) -> None:
    with pytest.raises(RowError, match=f"between 1990 and now; found the year {year}$"):
        time_reader(DateOrder.ISO, ZoneInfo(zone), NOW)(cell)


def test_zones_are_named() -> None:
    assert zone_named("UTC") is UTC
    with pytest.raises(InputError, match="Europe/Lisbon"):
        zone_named("Mars/Base")


@pytest.mark.parametrize("name", ["right/Europe/Berlin", "posixrules", "localtime", "../UTC", ""])
def test_what_only_this_machine_calls_a_zone_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="Europe/Lisbon"):
        zone_named(name)


def test_names_show_nobody() -> None:
    names = Names("Group")
    assert names("70") == names(70.0) == "Group 70"
    assert names(" Night\n shift ") == "Night shift"
    ada, bob = names("ada@example.com"), names("bob@example.com")
    assert "@" not in ada + bob
    assert ada != bob
    assert names("ada@example.com") == ada


def test_a_column_of_texts_is_no_column_of_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events_module, "MOST_NAMES", 3)
    names = Names()
    for name in "abca":
        names(name)
    with pytest.raises(InputError, match="texts or people"):
        names("d")


def test_missing_columns_are_named_with_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("number,when\n1,2025-01-01\n")
    with pytest.raises(InputError, match=r"ticket, at, team or tier; found: number, when.*--map"):
        list(event_file(path))
    with pytest.raises(InputError, match="lacks: group"):
        list(event_file(path, mapping={"team": "group"}))


def test_a_field_of_events_may_be_left_unread(tmp_path: Path) -> None:
    rows = [{"ticket": "a", "at": "2025-03-03T08:00Z", "team": "Desk", "tier": "gold"}]
    (event,) = read(event_file(written(tmp_path, rows), mapping={"tier": ""}))
    assert (event.team, event.tier) == ("Desk", None)
    path = tmp_path / "log.csv"
    path.write_text("ticket,at,team,tier\na,2025-03-03T08:00Z,Desk,gold\n")
    assert read(event_file(path, mapping={"tier": ""})) == [event]
    with pytest.raises(InputError, match="team or tier; found: ticket, at, team"):
        list(event_file(path, mapping={"tier": "", "team": ""}))


def test_a_map_names_fields_of_events() -> None:
    assert parse_map("ticket=number, team = group", FIELDS) == {"ticket": "number", "team": "group"}
    for wrong in ("body=text", "team", "body="):
        with pytest.raises(InputError, match="--map"):
            parse_map(wrong, FIELDS)
    with pytest.raises(InputError, match="servicenow"):
        format_named("jira")


def test_tiers_come_from_the_policys_owners_and_a_file(tmp_path: Path) -> None:
    path = tmp_path / "tiers.toml"
    path.write_text('[tiers]\n"Group 70" = 1\n[states]\nParked = "waiting"\n')
    desk = read_desk(load_policy(), path)
    assert (desk.tier_of("group 70"), desk.tier_of("Senior-Engineers")) == (1, 3)
    assert (desk.tier_of("Group 9"), desk.tier_of(None)) == (None, None)
    assert desk.phase_of("parked") == "waiting"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('[tiers]\n"Group 70" = 9\n', "tiers.group 70"),
        ('[states]\nParked = "sleeping"\n', "states.parked"),
        ("[teams]\nx = 1\n", "teams"),
        ("[tiers", "expected TOML"),
    ],
)
def test_a_bad_tiers_file_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "tiers.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=complaint):
        read_desk(load_policy(), path)
    with pytest.raises(InputError, match="can't be read"):
        read_desk(load_policy(), tmp_path / "none.toml")


def test_the_policy_reads_a_logs_priorities() -> None:
    promises = Promises(load_policy())
    read_as = {name: promises.severity(name) for name in ("P2", "2", "4 - Low", "High", "P5")}
    assert read_as == {"P2": "P2", "2": "P2", "4 - Low": "P4", "High": None, "P5": None}
    assert promises.path("P1", "anything") == (3, 4)
    assert promises.path("P3", "access") == (1, 2, 3)
    assert promises.path("P3", "anything") is None
    assert promises.path(None, None) is None
