"""`overshoot serve` with settings of a file and of the command line, in a process of its own."""

from __future__ import annotations

import json
import signal
import urllib.request
from pathlib import Path

from cli.test_serve import serve


def test_a_file_and_the_command_line_together(tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").write_text('strict = true\nprefixes = ["/live"]\n')
    running = serve(
        tmp_path, "--config", "gateway.toml", "--public-address", "192.0.2.7",
        "--udp-ports", "50000", "50009", "--allow-origin", "https://app.example.org",
    )  # fmt: skip
    try:
        assert running.stdout is not None
        url = next(line for line in running.stdout if line.startswith("listening")).split()[1]
        assert url.endswith("/live")
        headers = {"Origin": "https://app.example.org"}
        asked = urllib.request.Request(url + "/openapi.json", headers=headers)  # noqa: S310 - ours
        with urllib.request.urlopen(asked, timeout=20) as answer:  # noqa: S310 - the same
            clip = json.loads(answer.read())["components"]["schemas"]["ClipProcessingConfig"]
        assert clip["required"] == ["clip_length_seconds", "delay_seconds"]
        running.send_signal(signal.SIGINT)
        _, faults = running.communicate(timeout=30)
    finally:
        running.kill()
        running.communicate()
    assert (running.returncode, faults) == (0, "")


def test_a_setting_that_is_none_is_told_before_anything_listens(tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").write_text("stict = true\n")
    running = serve(tmp_path, "--config", "gateway.toml")
    said, faults = running.communicate(timeout=30)
    assert running.returncode != 0
    assert "'stict' is no setting of a gateway" in " ".join((said + faults).split())
    assert "Traceback" not in faults


def test_where_actions_are_kept_and_where_people_look(tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").write_text("[evidence]\npost_roll_seconds = 1\n")
    running = serve(
        tmp_path, "--config", "gateway.toml", "--store", "sqlite:///actions.db",
        "--evidence", "clips",
    )  # fmt: skip
    try:
        assert running.stdout is not None
        page = next(line for line in running.stdout if line.startswith("console")).split()[1]
        with urllib.request.urlopen(page, timeout=20) as answer:  # noqa: S310 - ours
            said = answer.read().decode()
        assert "<html" in said
        assert "key-of-the-gateway" not in page + said
        running.send_signal(signal.SIGINT)
        _, faults = running.communicate(timeout=30)
    finally:
        running.kill()
        running.communicate()
    assert (running.returncode, faults) == (0, "")
    assert (tmp_path / "actions.db").exists()


def test_no_page_where_none_is_wanted_and_no_start_without_a_store(tmp_path: Path) -> None:
    running = serve(tmp_path, "--no-console")
    try:
        assert running.stdout is not None
        heading = [next(running.stdout) for _ in range(3)]
        assert not any("console" in line for line in heading)
    finally:
        running.kill()
        running.communicate()
    running = serve(tmp_path, "--store", "mysql://x:secret@h/d")
    said, faults = running.communicate(timeout=30)
    assert running.returncode == 2
    assert "mysql:// is no address of a store" in " ".join((said + faults).split())
    assert "secret" not in said + faults
