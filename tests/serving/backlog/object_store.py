"""A real server of S3's protocol on this machine, for the tests: the package ``moto``'s."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import boto3
import pytest
from moto.server import ThreadedMotoServer


class Bucket:
    """A bucket of its own on a server that listens at ``host``."""

    def __init__(self, host: str) -> None:
        self.host, self.name = host, f"tickets-{uuid4().hex}"
        self.client: Any = boto3.client(
            "s3", endpoint_url=f"http://{host}", region_name="us-east-1"
        )
        self.client.create_bucket(Bucket=self.name)

    def put(self, key: str, content: bytes = b"") -> None:
        self.client.put_object(Bucket=self.name, Key=key, Body=content)

    def put_folder(self, folder: Path, key: str) -> None:
        """Put every file of a folder under the key."""
        for path in folder.rglob("*"):
            if path.is_file():
                self.put(f"{key}/{path.relative_to(folder).as_posix()}", path.read_bytes())

    def delete(self, key: str) -> None:
        self.client.delete_object(Bucket=self.name, Key=key)

    def deny(self, *actions: str) -> None:
        """Refuse everybody some actions: ``s3:GetObject``."""
        places = [f"arn:aws:s3:::{self.name}", f"arn:aws:s3:::{self.name}/*"]
        rule = {"Effect": "Deny", "Principal": "*", "Action": list(actions), "Resource": places}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [rule]})
        self.client.put_bucket_policy(Bucket=self.name, Policy=policy)

    def url(self, key: str = "", *, user: str = "", bucket: str = "", more: str = "") -> str:
        """Return the URL by which Arrow finds a key, of another ``bucket`` where one is named."""
        return f"s3://{user}{bucket or self.name}/{quote(key)}?{at(self.host)}{more}"


def at(host: str) -> str:
    """Return the parameters of a URL that name a server on this machine."""
    return f"endpoint_override={quote(host, safe='')}&scheme=http&region=us-east-1"


@contextmanager
def object_store(patch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """Run a server; yield a bucket on it. Nothing of this machine's own settings counts."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        patch.delenv(name)
    patch.setenv("AWS_ACCESS_KEY_ID", "testing")
    patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    patch.setenv("AWS_CONFIG_FILE", os.devnull)
    patch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    patch.setenv("NO_PROXY", "127.0.0.1")
    patch.setenv("no_proxy", "127.0.0.1")
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        bucket = Bucket(f"{host}:{port}")
        yield bucket
        bucket.client.close()
    finally:
        server.stop()
