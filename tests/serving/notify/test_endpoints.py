"""Where notifications go: URLs from the environment and a file, never told."""

import logging
from pathlib import Path

import pytest

from tierline.data.errors import InputError
from tierline.serving.notify.endpoints import load_endpoints
from tierline.serving.notify.notifier import Notifier
from tierline.serving.notify.outbox import Outbox
from tierline.serving.notify.sending import is_url
from tierline.serving.policy.rules import TIERS

from ..fakes import NOW, POLICY
from .letters import SECRET, Service, about, urls


def test_urls_come_from_the_environment_and_a_file(tmp_path: Path) -> None:
    file = tmp_path / "notify.toml"
    file.write_text(
        '[audiences]\nmanager = "json://a.example"\nsenior-engineers = ["json://b.example"]\n'
        'on-call = "json://old.example"\n'
    )
    environment = {
        "TIERLINE_NOTIFY_CONFIG": str(file), "TIERLINE_NOTIFY_DIR": "x", "HOME": "/",
        "TIERLINE_NOTIFY_ON_CALL": "json://c.example  json://d.example",
        "TIERLINE_NOTIFY_TIER_1": "",
    }  # fmt: skip
    found = load_endpoints(environment, POLICY)
    assert {name: [e.url for e in group] for name, group in found.items()} == {
        "manager": ["json://a.example"],
        "senior_engineers": ["json://b.example"],
        "on_call": ["json://c.example", "json://d.example"],
    }
    assert "a.example" not in repr(found)
    names = [f"tier_{n}" for n in TIERS]
    assert set(urls(**dict.fromkeys(names, "json://a.example"))) == set(names)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f'[audiences]\non_call = "nonsense://{SECRET}"', r"on_call: URL 1 of 1 is none that Appr"),
        (f'[audiences]\nboss = "json://{SECRET}"', r"boss: expected one of .*manager"),
        (f"[audiences]\non_call = json://{SECRET}", r"expected TOML in UTF-8"),
        ("[audiences]\non_call = 5", r"audiences\.on_call: expected a URL or a list of URLs"),
        ("[audiences]\non_call = []", r"audiences\.on_call: expected a URL or a list of URLs"),
        ("[audiences]\non_call = [5]", r"audiences\.on_call: expected a URL or a list of URLs"),
        ("audience = 1", r"expected a table \[audiences\]"),
        (None, r"can't be read: No such file"),
    ],
)
def test_a_wrong_configuration_is_refused_without_its_secrets(
    tmp_path: Path, text: str | None, said: str
) -> None:
    file = tmp_path / "notify.toml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(InputError, match=said) as caught:
        load_endpoints({"TIERLINE_NOTIFY_CONFIG": str(file)}, POLICY)
    assert SECRET not in str(caught.value)


def test_a_misspelt_variable_is_refused() -> None:
    with pytest.raises(InputError, match="TIERLINE_NOTIFY_MANGER: expected one of"):
        urls(manger=f"json://{SECRET}")


def test_no_url_reaches_a_log(
    service: Service, outbox: Outbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    assert not is_url(f"nonsense://{SECRET}")
    service.failures = 1
    gone = f"json://127.0.0.1:1/{SECRET}"
    notifier = Notifier(urls(on_call=f"{service.url} {gone}"), outbox, pause=0.001)
    notifier.tell(*about(), NOW)
    notifier.close(30)
    assert len(service.got) == len(outbox.dead_letters()) == 1
    assert "for on_call failed" in caplog.text
    assert SECRET not in caplog.text
    assert SECRET not in "".join(p.read_text() for p in outbox.dead.parent.rglob("*.*"))
