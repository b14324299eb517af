"""Who is let in, and when a server must not start."""

import pytest

from tierline.data.errors import InputError
from tierline.serving.http.keys import ApiKeys, hashed, new_key, require_keys_for


@pytest.mark.parametrize("listing", ["", " ", ",", " , ,"])
def test_no_keys_let_everyone_in(listing: str) -> None:
    keys = ApiKeys.parse(listing)
    assert keys == ApiKeys()
    assert keys.admit(None)
    assert keys.admit("whatever")


@pytest.mark.parametrize("key", ["first", "second"])
def test_each_key_lets_in(key: str) -> None:
    assert ApiKeys.parse(" first , second,").admit(key)


@pytest.mark.parametrize(
    "key", [None, "", " ", "First", "firs", "first ", "first,second", "\ud800"]
)
def test_no_other_key_lets_in(key: str | None) -> None:
    assert not ApiKeys.parse("first,second").admit(key)


def test_keys_beyond_ascii() -> None:
    assert ApiKeys.parse("schlüssel").admit("schlüssel")
    assert not ApiKeys.parse("schlüssel").admit("schlussel")


def test_keys_are_not_kept_as_they_are() -> None:
    keys = ApiKeys.parse("first,second")
    assert "first" not in repr(keys)
    assert [len(d) for d in keys.digests] == [32, 32]


def test_a_hash_stands_for_its_key_and_is_none_itself() -> None:
    key = new_key()
    keys = ApiKeys.parse(f"plain, {hashed(key)}")
    assert keys.admit(key)
    assert keys.admit("plain")
    assert not keys.admit(hashed(key))
    assert not keys.admit(hashed(key).removeprefix("sha256:"))
    assert [keys.place(k) for k in ("plain", key, "other", None)] == [0, 1, None, None]
    assert key not in hashed(key)
    assert len({new_key() for _ in range(100)}) == 100


@pytest.mark.parametrize("bad", ["sha256:", "sha256:abc", f"sha256:{'g' * 64}"])
def test_a_hash_that_is_none_is_refused_without_an_echo(bad: str) -> None:
    with pytest.raises(InputError, match="tierline key --hash") as refused:
        ApiKeys.parse(bad)
    assert "abc" not in str(refused.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_this_machine_needs_no_keys(host: str) -> None:
    require_keys_for(host, ApiKeys(), allow_open=False)


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "::", "192.168.1.2", "example.org", "", "127.0.0.1.example.org"],  # noqa: S104
)
def test_other_addresses_need_keys_or_consent(host: str) -> None:
    with pytest.raises(InputError, match="TIERLINE_API_KEYS"):
        require_keys_for(host, ApiKeys(), allow_open=False)
    require_keys_for(host, ApiKeys.parse("first"), allow_open=False)
    require_keys_for(host, ApiKeys(), allow_open=True)
