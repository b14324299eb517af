"""The server as processes: it stops cleanly under load, and several share a port."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from ..fakes import BREACH
from .process import PATIENCE, ROOT, Server, Start


def test_what_was_taken_is_answered_after_sigterm(start: Start) -> None:
    server = start("--threads", "1")
    began = threading.Barrier(5)
    answered: list[Any] = []

    def send() -> None:
        batch = {"tickets": [{"body": BREACH}] * 100}
        connection = HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
        body = json.dumps(batch)
        connection.request("POST", "/v1/route/batch", body, {"content-type": "application/json"})
        began.wait(PATIENCE)
        response = connection.getresponse()
        answered.append((response.status, json.loads(response.read())["answers"]))
        connection.close()

    senders = [threading.Thread(target=send) for _ in range(4)]
    for sender in senders:
        sender.start()
    began.wait(PATIENCE)
    # The gate has them: the gauge is at most a look behind.
    figure = re.compile(r"^tierline_waiting_tickets (\d+)", re.MULTILINE)
    while not (found := figure.search(server.ask("GET", "/metrics")[1])) or int(found[1]) < 200:
        assert len(answered) < 2
    server.process.send_signal(signal.SIGTERM)
    for sender in senders:
        sender.join(PATIENCE)
    assert [status for status, _ in answered] == [200] * 4
    assert {one["tier"] for _, answers in answered for one in answers} == {3}
    assert server.process.wait(PATIENCE) in {0, -signal.SIGTERM}
    with pytest.raises(ConnectionRefusedError):
        server.ask("GET", "/healthz")
    log = [json.loads(line) for line in server.stop().splitlines()]
    assert sum(line.get("resource") == "/v1/route/batch" for line in log) == 4
    assert not any("error" in line for line in log)


def test_settings_that_cannot_work_are_one_error(tmp_path: Path) -> None:
    bad = tmp_path / "labels.toml"
    bad.write_text("nonsense = 1", encoding="utf-8")
    server = Server(tmp_path / "log", "--workers", "2", "--labels", str(bad))
    try:
        assert server.process.wait(PATIENCE) == 1
    finally:
        log = server.stop()
    assert "error: " in log
    assert "Traceback" not in log


def test_several_processes_share_the_port_and_add_up_their_figures(start: Start) -> None:
    server = start("--workers", "2", "--threads", "1")
    for _ in range(12):
        status, text = server.ask("POST", "/v1/route", {"body": BREACH})
        assert (status, json.loads(text)["tier"]) == (200, 3)
    text = server.ask("GET", "/metrics")[1]
    assert 'tierline_answers_total{mode="rules_only",tier="3"} 12.0' in text
    assert "\ntierline_waiting_tickets 0.0" in text
    assert server.stop().count("Application startup complete") == 2
    assert server.process.returncode == 0


#: A server on which a thread hangs, as a model would.
HANGING = """
import sys, threading
from concurrent.futures import ThreadPoolExecutor
from fastapi import FastAPI
from tierline.serving.commands import running

pool = ThreadPoolExecutor(1)
pool.submit(threading.Event().wait)
running.app_of = lambda settings: FastAPI()
running.run(running.Settings(model=None, port=int(sys.argv[1])))
"""


def test_ctrl_c_ends_a_server_beside_a_thread_that_hangs() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    paths = os.pathsep.join(str(ROOT / room) for room in ("training", "serving", "models", "data"))
    server = subprocess.Popen(
        [sys.executable, "-c", HANGING, str(port)], env={**os.environ, "PYTHONPATH": paths}
    )
    try:
        give_up = time.monotonic() + PATIENCE
        while True:
            assert server.poll() is None
            assert time.monotonic() < give_up
            with socket.socket() as caller:
                if caller.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        server.send_signal(signal.SIGINT)
        assert server.wait(PATIENCE) == -signal.SIGINT
    finally:
        server.kill()
        server.wait()
