"""`overshoot watch` and `analyze`: answers as they come, and answers about whole files."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

import pytest

from overshoot import ConfigurationError, InferenceError, SourceError, bootstrap
from overshoot.domain.inference import InferenceRequest
from overshoot.testing.scripted_inference import Line, ScriptedInference
from support.command_line import begun, here, lines
from support.engine_notes import without_engine_notes
from support.videos import write_scene

PEOPLE = {"type": "object", "properties": {"people": {"type": "integer"}}, "required": ["people"]}
needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is a POSIX signal")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[InferenceRequest]:
    """What a scripted backend is asked; told to fail, it does."""
    requests: list[InferenceRequest] = []

    def say(request: InferenceRequest) -> Line:
        requests.append(request)
        if request.prompt == "Fail":
            return InferenceError("the model is broken")
        return {"people": 2} if request.output_schema else f"{len(request.frames)} frames"

    monkeypatch.setattr(bootstrap, "inference_backend", lambda _: ScriptedInference(say))
    return requests


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("videos")
    write_scene(folder / "a.mp4", seconds=2.0)
    write_scene(folder / "b.mp4", seconds=1.0, seed=1)
    (folder / "notes.txt").write_text("not a video")
    return folder


def test_watching_tells_the_start_each_answer_and_the_end(asked: list[InferenceRequest]) -> None:
    done = here(
        "watch", "synthetic", "--seconds", "1.2", "--json", "-p", "People?",
        "--schema", json.dumps(PEOPLE), "--clip-length-seconds", "0.4", "--delay-seconds", "0.4",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    told = lines(done)
    assert [each["type"] for each in (told[0], told[-1])] == ["started", "summary"]
    answers = told[1:-1]
    assert len(answers) >= 2
    assert {each["type"] for each in answers} == {"inference"}
    assert all(each["parsed"] == {"people": 2} for each in answers)
    assert {request.prompt for request in asked} == {"People?"}
    assert told[0]["gateway"] == "this process"
    assert told[-1]["answered"] == len(answers)


def test_without_a_terminal_answers_alone_are_on_stdout(asked: list[InferenceRequest]) -> None:
    done = here("watch", "synthetic", "--seconds", "1", "--interval-seconds", "0.3")
    assert done.exit_code == 0
    assert all(line.endswith("1 frames") for line in done.stdout.splitlines())
    assert "drawn scene" in done.stderr
    assert "ended: " in done.stderr
    assert "\x1b[" not in done.output
    quiet = here("watch", "synthetic", "--seconds", "1", "--interval-seconds", "0.3", "--quiet")
    assert (quiet.exit_code, quiet.stderr) == (0, "")
    assert "1 frames" in quiet.stdout


def test_without_an_answer_it_has_failed(asked: list[InferenceRequest]) -> None:
    done = here("watch", "synthetic", "--seconds", "0.5", "--json", "--prompt", "Fail")
    assert done.exit_code == 1
    assert lines(done)[-1]["answered"] == 0
    assert {each["type"] for each in lines(done)[1:-1]} == {"error"}


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        ((), ConfigurationError, "no source is named"),
        (("missing.mp4",), SourceError, "missing.mp4 does not exist"),
        (("synthetic", "--schema", "[]"), ConfigurationError, "cannot be read as JSON"),
        (("synthetic", "--schema", "{"), ConfigurationError, "--schema cannot be read as JSON"),
        (("synthetic", "--api-url", "http://127.0.0.1:9"), ConfigurationError, "needs --api-key"),
        (("synthetic", "--backend", "nobody"), ConfigurationError, "no backend is called"),
        (("synthetic", "--backend-url", "http://127.0.0.1:9"), ConfigurationError, "no use for"),
        (("synthetic", "--target-fps", "99"), ConfigurationError, "--target-fps must be a whole"),
        (
            ("synthetic", "--target-fps", "9", "--interval-seconds", "1"),
            ConfigurationError, "about single stills",
        ),
        (
            ("synthetic", "--backend", "local", "--api-url", "http://127.0.0.1:9"),
            ConfigurationError, "--api-url and --backend both say who answers",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_before_anything_is_watched(
    arguments: tuple[str, ...], kind: type[Exception], words: str
) -> None:
    done = here("watch", *arguments)
    assert isinstance(done.exception, kind)
    assert words in str(done.exception)
    assert done.stdout == ""


def test_a_folder_of_videos_is_watched_one_by_one(videos: Path) -> None:
    done = here("watch", videos)
    assert "holds 2 videos" in str(done.exception)


@needs_signals
@pytest.mark.parametrize(
    ("arguments", "code"),
    [(("watch", "synthetic", "--interval-seconds", "0.2"), 0), (("demo",), 130)],
    ids=["its only end", "cut short"],
)
def test_ctrl_c_ends_it_with_the_summary(arguments: tuple[str, ...], code: int) -> None:
    running = begun(*arguments, "--json")
    assert running.stdout is not None
    assert json.loads(running.stdout.readline())["type"] == "started"
    running.send_signal(signal.SIGINT)
    told, said = running.communicate(timeout=40)
    assert running.returncode == code
    assert json.loads(told.splitlines()[-1])["end_reason"] == "interrupted"
    assert without_engine_notes(said) == ""


@needs_signals
@pytest.mark.parametrize("form", [("--json",), ()], ids=["json", "text"])
def test_a_reader_that_goes_away_ends_it_quietly(form: tuple[str, ...]) -> None:
    running = begun("watch", "synthetic", "--interval-seconds", "0.2", "--quiet", *form)
    assert running.stdout is not None
    assert running.stdout.readline()
    running.stdout.close()
    assert running.stderr is not None
    said = running.stderr.read()
    running.stderr.close()
    assert running.wait(timeout=40) == 0
    assert without_engine_notes(said) == ""


def test_each_clip_of_each_file_is_answered(videos: Path, asked: list[InferenceRequest]) -> None:
    done = here("analyze", videos, "--json", "--jobs", "2")
    assert done.exit_code == 0, done.output
    told = lines(done)
    by_file = {
        name: [each for each in told[:-1] if each["file"].endswith(name)]
        for name in ("a.mp4", "b.mp4")
    }
    assert [len(each) for each in by_file.values()] == [2, 1]
    times = [each["timestamp"] for each in by_file["a.mp4"]]
    assert times == sorted(times)
    assert told[-1]["type"] == "summary"
    files = {Path(each["file"]).name: each for each in told[-1]["files"]}
    assert {name: each["answered"] for name, each in files.items()} == {"a.mp4": 2, "b.mp4": 1}
    assert {each["end_reason"] for each in files.values()} == {"source_ended"}


def test_a_file_that_cannot_be_read_does_not_keep_the_others(
    videos: Path, asked: list[InferenceRequest]
) -> None:
    done = here("analyze", "missing.mp4", videos / "b.mp4", "--schema", json.dumps(PEOPLE))
    assert done.exit_code == 1
    assert '{"people": 2}' in done.stdout
    assert "missing.mp4: SourceError" in done.stderr
    assert "b.mp4" in done.stderr.splitlines()[-1]


def test_what_has_no_end_is_not_analyzed() -> None:
    done = here("analyze", "synthetic")
    assert isinstance(done.exception, ConfigurationError)
    assert "use overshoot watch" in done.exception.message


def test_a_gateway_answers_about_files_too(videos: Path, tmp_path: Path) -> None:
    """Over real WebRTC, with the key in a file and the address in overshoot.toml."""
    (tmp_path / "key").write_text("key-of-the-gateway\n")
    running = begun("serve", "--port", "0", "--api-key", "key-of-the-gateway", "--json")
    try:
        assert running.stdout is not None
        listening = json.loads(running.stdout.readline())
        assert (listening["type"], listening["api_key"]) == ("listening", "key-of-the-gateway")
        url = listening["url"]
        settings = f'api_url = "{url}"\napi_key_file = "{tmp_path / "key"}"\n'
        Path("overshoot.toml").write_text(settings)
        done = here("analyze", videos / "b.mp4", "--prompt", "Describe what you see")
    finally:
        running.terminate()
        rest, _ = running.communicate(timeout=30)
    assert rest == ""
    assert done.exit_code == 0, done.output
    assert "Colours gray" in done.stdout


def test_the_nearer_of_gateway_and_backend_answers(
    asked: list[InferenceRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("overshoot.toml").write_text('api_url = "http://127.0.0.1:9/v0.2"\nsource = "synthetic"\n')
    monkeypatch.setenv("OVERSHOOT_BACKEND", "local")
    done = here("watch", "--seconds", "0.7", "--interval-seconds", "0.2", "--json")
    assert done.exit_code == 0, done.output
    assert lines(done)[0]["gateway"] == "this process"
