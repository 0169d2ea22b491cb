"""`overshoot serve` as it is seen from outside: its log, its metrics, its traces."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from cli.test_serve import DETECTORS, serve


@pytest.mark.timeout(120)
def test_a_log_for_machines_open_metrics_and_a_collector_that_is_gone(tmp_path: Path) -> None:
    (tmp_path / "detectors.py").write_text(DETECTORS)
    process = serve(
        tmp_path,
        *("--backend", "detectors:Silent", "--log-format", "json"),
        *("--metrics", "open", "--otel"),
        OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9",
    )
    try:
        assert process.stdout is not None
        url = ""
        while not url:
            line = process.stdout.readline()
            assert line, process.communicate()
            url = line.removeprefix("listening").strip() if line.startswith("listening") else ""
        root = url.partition("/api/")[0]
        with urllib.request.urlopen(root + "/metrics", timeout=20) as answer:  # noqa: S310 - ours
            assert b'overshoot_build_info{version="' in answer.read()
        wrong = urllib.request.Request(  # noqa: S310 - the same
            url + "/models",
            headers={"Authorization": "Bearer ovs_wrong", "X-Request-Id": "from-outside"},
        )
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(wrong, timeout=20)  # noqa: S310 - the same
        assert refused.value.headers["X-Request-Id"] == "from-outside"
        refused.value.close()
    finally:
        process.terminate()
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    lines = [json.loads(line) for line in errors.splitlines()]
    assert list(lines[0])[:4] == ["time", "level", "logger", "event"]
    (request,) = [line for line in lines if line.get("request_id") == "from-outside"]
    assert (request["event"], request["operation"], request["status"]) == ("request", "models", 401)
    assert any(line["logger"].startswith("opentelemetry") for line in lines)
    assert "key-of-the-gateway" not in errors
    assert "ovs_wrong" not in errors
