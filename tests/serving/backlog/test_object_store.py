"""Tickets in an object store, read from a real server of S3's protocol; Ray isn't needed here."""

import json
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import fs

from tierline.data.errors import InputError, JobError
from tierline.data.readers import TicketFile
from tierline.serving.backlog import inputs
from tierline.serving.backlog.inputs import Backlog
from tierline.serving.backlog.job_state import unfinished
from tierline.serving.backlog.sources import Source, Sources

from ..fakes import BREACH, CALM
from .object_store import Bucket, at
from .test_ray_engine import RESUMED, locally, on_ray, stop, without_cluster, written

#: What names may hold that means something in a URL, in S3's own language or on a command line.
ODD_NAMES = (
    "1 2.jsonl",
    "%41 100%.jsonl",
    "who?what=1.jsonl",
    "a+b&c=d#e.jsonl",
    "größe 票 🎫.jsonl",
    'it\'s "so".jsonl',
    "me@x:y.jsonl",
    "back\\slash.jsonl",
    "<a>;,~!*().jsonl",
)
LINE = json.dumps({"id": "t1", "body": CALM}).encode() + b"\n"
TABLE = {
    "id": ["1", "2", "3"],
    "body": [CALM, 'größe, "quoted"\n票', BREACH],
    "attempts": [1, -1, 3],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files of each kind, in folders, with odd names, and what is no ticket."""
    found = tmp_path / "backlog"
    (found / "Z" / "deep er").mkdir(parents=True)
    rows = [dict(zip(TABLE, values, strict=True)) for values in zip(*TABLE.values(), strict=True)]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    for name in ("a.jsonl", "Z/b.ndjson", "Z/deep er/c.jsonl", "z.jsonl", *ODD_NAMES):
        (found / name).write_text(lines)
    pq.write_table(pa.table(TABLE), found / "Z" / "b.parquet")
    text = '"id","body","attempts"\n1,words,2\n2,"a\n""line"" more",x\n3,"left open\n'
    (found / "c.csv").write_text(text)
    (found / "c.TSV").write_text("id\tbody\n1\twords, more\n")
    hidden = ("_SUCCESS", ".a.crc", "_tmp/x.jsonl", ".git/x.jsonl", "Z/_x.jsonl")
    for name in (*hidden, "notes.txt", "Z/old.jsonl.gz"):
        (found / name).parent.mkdir(exist_ok=True)
        (found / name).write_bytes(LINE)
    return found


@pytest.fixture
def placed(bucket: Bucket, folder: Path) -> Bucket:
    """The bucket, with the folder in it, as consoles and others leave one."""
    bucket.put("in/")
    bucket.put_folder(folder, "in/backlog")
    for marker in ("in/backlog/", "in/backlog/Z/", "in/backlog/empty/"):
        bucket.put(marker)
    bucket.put("in/backlog.jsonl", LINE)
    bucket.put("in/backlog2/other.jsonl", LINE)
    return bucket


def rows_of(file: Source) -> list[Any]:
    with file.opened({}) as opened:
        return list(opened)


@pytest.mark.parametrize("key", ["in/backlog", "in/backlog/"])
def test_the_files_and_rows_of_the_same_folder(placed: Bucket, folder: Path, key: str) -> None:
    found, wanted = Sources.of(placed.url(key), {}), Backlog.of(folder, {})
    assert [source.name for source in found.files] == list(wanted.files)
    assert len(found.files) == 7 + len(ODD_NAMES)
    assert found.left_out == wanted.left_out == ["Z/old.jsonl.gz", "notes.txt"]
    assert found.folder
    assert found.root is None
    for source in found.files:
        assert source.size == (folder / source.name).stat().st_size
        assert rows_of(source) == list(wanted.files[source.name])
    kinds = {type(row).__name__ for source in found.files for row in rows_of(source)}
    assert kinds == {"Row", "BadRow"}


def test_a_whole_bucket(placed: Bucket) -> None:
    inside = [
        f"in/backlog/{source.name}" for source in Sources.of(placed.url("in/backlog"), {}).files
    ]
    names = [source.name for source in Sources.of(placed.url(), {}).files]
    assert names == ["in/backlog.jsonl", *inside, "in/backlog2/other.jsonl"]
    bare = placed.url().replace("/?", "?")
    assert [source.name for source in Sources.of(bare, {}).files] == names


@pytest.mark.parametrize("name", ["a.jsonl", "_one.jsonl", *ODD_NAMES])
def test_one_object(bucket: Bucket, tmp_path: Path, name: str) -> None:
    local = tmp_path / name
    local.write_bytes(LINE)
    bucket.put(f"in/{name}", LINE)
    bucket.put(f"in/{name}.jsonl", LINE + LINE)
    found = Sources.of(bucket.url(f"in/{name}"), {})
    (source,) = found.files
    assert (source.name, found.folder, list(found.left_out)) == (name, False, [])
    assert rows_of(source) == list(TicketFile(local))


def test_a_name_longer_than_a_file_may_have(bucket: Bucket) -> None:
    name = "票" * 200 + ".jsonl"
    bucket.put(f"in/{name}", LINE)
    (source,) = Sources.of(bucket.url("in"), {}).files
    assert source.name == name
    assert len(rows_of(source)) == 1


def test_a_name_that_arrow_cannot_ask_for(bucket: Bucket) -> None:
    bucket.put("in/a.jsonl", LINE)
    bucket.put("in//_hidden.jsonl", LINE)
    bucket.put("in//a.txt", LINE)
    assert [source.name for source in Sources.of(bucket.url("in"), {}).files] == ["a.jsonl"]
    bucket.put("in//a.jsonl", LINE)
    with pytest.raises(InputError, match=r"without an empty part at .*found '/a.jsonl'"):
        Sources.of(bucket.url("in"), {})


def test_places_where_no_tickets_are(bucket: Bucket) -> None:
    bucket.put("other/notes.txt", LINE)
    bucket.put("marked/")
    for key in ("", "other", "other/notes.txt", "marked", "marked/", "none", "none/a.jsonl"):
        with pytest.raises(InputError, match=r"expected tickets .*; found none"):
            Sources.of(bucket.url(key), {})
    for key in ("", "in", "in/a.jsonl"):
        with pytest.raises(InputError, match=r"s3://nowhere.*; found none: see that the bucket"):
            Sources.of(bucket.url(key, bucket="nowhere"), {})


def test_a_store_that_lets_nobody_list(placed: Bucket) -> None:
    placed.deny("s3:*")
    for key in ("in/backlog", "in/backlog/a.jsonl"):
        with pytest.raises(InputError, match=r"ACCESS_DENIED.* this user may read it"):
            Sources.of(placed.url(key), {})


def test_a_store_that_lets_nobody_read(placed: Bucket) -> None:
    placed.deny("s3:GetObject")
    (source, *_) = Sources.of(placed.url("in/backlog"), {}).files
    with pytest.raises(InputError, match=r"%41 100%\.jsonl at s3://.* ACCESS_DENIED"):
        rows_of(source)


def closed_port() -> str:
    with socket.socket() as gone:
        gone.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{gone.getsockname()[1]}"


def test_a_store_that_is_away_is_told_within_seconds(bucket: Bucket) -> None:
    start = time.monotonic()
    with pytest.raises(InputError, match=r"can't be read: .*NETWORK_CONNECTION.* See that it is"):
        Sources.of(f"s3://me:secret@{bucket.name}/in?{at(closed_port())}", {})
    # Arrow tries for 6 seconds.
    assert time.monotonic() - start < 30


def test_an_object_that_is_gone(bucket: Bucket) -> None:
    bucket.put("in/a.jsonl", LINE)
    bucket.put("in/b.jsonl", LINE)
    first, second = Sources.of(bucket.url("in"), {}).files
    bucket.delete("in/a.jsonl")
    with pytest.raises(InputError, match=r"a\.jsonl at s3://.*/in can't be read"):
        rows_of(first)
    assert len(rows_of(second)) == 1


def same_size(content: bytes) -> bytes:
    return content.replace(b"t1", b"t2")


def test_an_object_that_was_changed_before_it_is_read(bucket: Bucket) -> None:
    bucket.put("in/a.jsonl", LINE)
    (source,) = Sources.of(bucket.url("in"), {}).files
    # Within the second, as a rule: S3 tells no time apart that is nearer.
    bucket.put("in/a.jsonl", same_size(LINE))
    with pytest.raises(InputError, match=r"expected a\.jsonl at s3://.*/in as it was when the job"):
        rows_of(source)
    bucket.put("in/a.jsonl", LINE)
    assert len(rows_of(source)) == 1


def test_an_object_that_is_changed_while_it_is_read(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put("in/a.jsonl", LINE)
    (source,) = Sources.of(bucket.url("in"), {}).files
    copy: Callable[..., None] = fs.copy_files

    def changed_meanwhile(*args: Any, **kwargs: Any) -> None:
        copy(*args, **kwargs)
        bucket.put("in/a.jsonl", same_size(LINE))

    monkeypatch.setattr(fs, "copy_files", changed_meanwhile)
    with pytest.raises(InputError, match="it was changed since"):
        rows_of(source)


def test_a_store_without_etags_goes_by_time(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes(LINE)
    (source,) = Sources.of(file.as_uri(), {}).files
    assert len(rows_of(source)) == 1
    file.write_bytes(LINE + LINE)
    with pytest.raises(InputError, match="it was changed since"):
        rows_of(source)


def test_a_job_goes_on_with_the_same_objects_only(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "_MAX_RECORDS", 4)
    without_cluster(monkeypatch)
    folder = tmp_path / "backlog"
    folder.mkdir()
    for name, body in {"a": CALM, "b": BREACH, "c": CALM}.items():
        (folder / f"{name}.jsonl").write_text((json.dumps({"body": body}) + "\n") * 9)
    bucket.put_folder(folder, "in")
    whole, out = tmp_path / "whole.csv", tmp_path / "out.csv"
    locally(folder, whole)
    url = bucket.url("in")
    with pytest.raises(KeyboardInterrupt):
        on_ray(url, out, progress=stop)
    was = (folder / "a.jsonl").read_bytes()
    bucket.put("in/a.jsonl", was.replace(b"page", b"pane"))
    with pytest.raises(InputError, match=r"a\.jsonl isn't the file that it was"):
        on_ray(url, out, RESUMED)
    bucket.put("in/a.jsonl", was)
    listed = Sources.of(url, {})
    bucket.put("in/c.jsonl", was.replace(b"page", b"pane"))
    with monkeypatch.context() as patch:
        patch.setattr(Sources, "of", lambda *_: listed)
        with pytest.raises(JobError, match=r"c\.jsonl at .* changed since\. 18 rows are done"):
            on_ray(url, out, RESUMED)
    bucket.put("in/c.jsonl", was)
    on_ray(url, out, RESUMED)
    assert unfinished(out) is None
    assert out.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize(
    "user",
    [
        "AKIA:pass-word@",
        "AKIA:pass%2Fword@",
        "AKIA:pass/word@",
        "AKIA:pass?word@",
        "AKIA:pass#word@",
        "AKIA:pass@word@",
        "AKIA:a/pass@b/word@",
        "AKIA:pass word@",
    ],
)
def test_no_message_holds_credentials(bucket: Bucket, user: str) -> None:
    bucket.deny("s3:ListBucket")
    for url in (
        bucket.url("in", user=user),
        bucket.url("in/a.jsonl", user=user, bucket="nowhere"),
        bucket.url("in", user=user, more="&secret_key=pass"),
        bucket.url("in", more="&session_token=pass-word"),
    ):
        with pytest.raises(InputError) as refused:
            Sources.of(url, {})
        assert "s3://" in str(refused.value)
        assert not [secret for secret in ("AKIA", "pass", "word") if secret in str(refused.value)]


@pytest.mark.parametrize("gone", [True, False])
def test_no_message_about_reading_holds_credentials(bucket: Bucket, gone: bool) -> None:
    bucket.put("in/a.jsonl", LINE)
    (source,) = Sources.of(bucket.url("in", user="AKIA:pass%2Fword@"), {}).files
    if gone:
        bucket.delete("in/a.jsonl")
    else:
        bucket.put("in/a.jsonl", same_size(LINE))
    with pytest.raises(InputError, match=f"s3://{bucket.name}/in ") as refused:
        rows_of(source)
    assert "pass" not in str(refused.value)


def test_a_url_whose_name_is_not_escaped(bucket: Bucket) -> None:
    bucket.put("in/1 2.jsonl", LINE)
    bucket.put("in/100%.jsonl", LINE)
    for name in ("1 2.jsonl", "100%.jsonl"):
        with pytest.raises(InputError, match="See that it is a URL, with %20"):
            Sources.of(f"s3://{bucket.name}/in/{name}?{at(bucket.host)}", {})


def test_the_same_bytes_as_the_local_engine(
    placed: Bucket, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_cluster(monkeypatch)
    local, out = tmp_path / "local.jsonl", tmp_path / "ray.jsonl"
    told = on_ray(placed.url("in/backlog"), out)
    assert told == locally(folder, local)
    assert written(out) == written(local)
