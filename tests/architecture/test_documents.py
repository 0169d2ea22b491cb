"""The documents keep what they promise: the blocks of all pages run, and what is named is there.

What is exchanged in a block, and nothing else: the address and key for those of a gateway that runs
(given in the environment, too), waits of more than six seconds for six, the camera of the
machine for one that shows the drawn scene, and a camera on the network for a film on loopback.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from adapters.inference.local_weights import needs_networks
from support.specification_blocks import BLOCKS as SPECIFIED
from support.specification_tables import TABLES
from support.videos import write_scene

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SPECIFICATION = (ROOT / "docs" / "guide" / "specification.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", ROOT / "docs" / "index.md"]
PAGES += sorted((ROOT / "docs" / "guide").glob("*.md"))
PAGES += sorted((ROOT / "docs" / "recipes").glob("*.md"))
# Programs that stand in a file of their own, and are included, are tested where they stand.
BLOCKS = [
    (page.relative_to(ROOT), block)
    for page in PAGES
    for block in re.findall(r"^```python\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE)
]
NAMES = [f"{page} {number}" for number, (page, _) in enumerate(BLOCKS)]
NETWORKS_MISSING = needs_networks.kwargs["reason"] if needs_networks.args[0] else ""
AT_ONCE = 4
"""Examples that run side by side; they wait for their videos most of the time."""

GATEWAY_OF_ITS_OWN = """
import http.server, os, sys, threading
sys.path.insert(0, {tests!r})
from support.fake_camera import plug_in
plug_in()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


_films = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Quiet)
threading.Thread(target=_films.serve_forever, daemon=True).start()
CAMERA_URL = f"http://127.0.0.1:{{_films.server_port}}/holiday.mp4"
from overshoot.sync import LocalGateway as _Gateway
_gateway = _Gateway()
_gateway.start()
API_URL, API_KEY = _gateway.url, _gateway.api_key
os.environ.update(OVERSHOOT_API_URL=API_URL, OVERSHOOT_API_KEY=API_KEY)
"""


def exchanged(block: str) -> str:
    block = re.sub(r'"https?://[^"]*/api/v0\.2"', "API_URL", block)
    block = re.sub(r'api_key="[^"]*"', "api_key=API_KEY", block)
    block = re.sub(r'"rtsp://[^"]*"', "CAMERA_URL", block)
    return re.sub(
        r"asyncio\.sleep\((\d+)\)", lambda m: f"asyncio.sleep({min(6, int(m[1]))})", block
    )


def run(block: str, folder: Path, video: Path) -> subprocess.CompletedProcess[str]:
    folder.mkdir()
    (folder / "recordings").mkdir()
    for name in ("holiday.mp4", "recordings/monday.mp4"):
        (folder / name).symlink_to(video)
    program = folder / "example.py"
    program.write_text(
        GATEWAY_OF_ITS_OWN.format(tests=str(ROOT / "tests"))
        + exchanged(block)
        + "\n_gateway.stop()\n"
    )
    surroundings = {name: os.environ[name] for name in os.environ if "OVERSHOOT_API" not in name}
    return subprocess.run(
        [sys.executable, str(program)],
        capture_output=True,
        text=True,
        timeout=50,
        cwd=folder,
        env=surroundings,
        check=False,
    )


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> list[subprocess.CompletedProcess[str]]:
    folder = tmp_path_factory.mktemp("readme")
    video = write_scene(folder / "holiday.mp4", seconds=4)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        jobs = [
            pool.submit(run, block, folder / str(at), video) for at, (_, block) in enumerate(BLOCKS)
        ]
        return [job.result() for job in jobs]


def test_there_are_examples() -> None:
    pages = {str(page) for page, _ in BLOCKS}
    assert {"README.md", "docs/guide/actions.md", "docs/recipes/testing.md"} <= pages
    assert len(BLOCKS) >= 16


@pytest.mark.timeout(240)  # The first waits for all of them.
@pytest.mark.parametrize("number", range(len(BLOCKS)), ids=NAMES)
def test_a_block_runs(number: int, outcomes: list[subprocess.CompletedProcess[str]]) -> None:
    done = outcomes[number]
    block = BLOCKS[number][1]
    if "overshoot.landmarks" in block and NETWORKS_MISSING:
        assert "ModelsMissingError" in done.stderr
        pytest.skip(NETWORKS_MISSING)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert "Result:" in done.stdout or "Result:" not in block


@pytest.mark.parametrize("target", ["demo", "test", "check", "bench", "docs"])
def test_the_targets_that_the_readme_names_exist(target: str) -> None:
    assert re.search(rf"make {target}\b", README)
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_ci_calls_the_same_targets() -> None:
    called = re.findall(r"^make (\w+)", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)
    assert set(called) == {"check", "demo"}


def test_the_files_that_the_readme_links_to_exist() -> None:
    links = re.findall(r"\]\((?!https?://)([^)#\s]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).is_file()] == []


def named_tests() -> set[tuple[str, str]]:
    """File and name of each test that the page names; ``::name`` goes on in the same file."""
    named, file = set(), ""
    for given, test in re.findall(r"`([\w/]*\.py)?::(\w+)`", SPECIFICATION):
        file = given or file
        named.add((file, test))
    return named


def names_of_tests_in(file: str) -> set[str]:
    places = (ROOT / "tests", ROOT / "python" / "overshoot" / "testing")
    (path,) = (path for place in places for path in place.rglob(file))
    return set(re.findall(r"^ *(?:async )?def (test_\w+)\(", path.read_text(), re.MULTILINE))


def test_every_test_that_the_page_names_exists() -> None:
    named = named_tests()
    assert len(named) >= 30
    assert {(file, test) for file, test in named if test not in names_of_tests_in(file)} == set()


@pytest.mark.parametrize("file", ["test_specification_blocks.py", "test_specification_tables.py"])
def test_the_page_names_every_test_of_the_specification(file: str) -> None:
    assert names_of_tests_in(file) == {test for of, test in named_tests() if of == file}


@pytest.mark.parametrize("block", SPECIFIED)
def test_every_block_of_the_specification_is_in_the_table(block: str) -> None:
    wanted = f"test_{block.lower()}"
    assert any(test.startswith(wanted) for _, test in named_tests())


def test_every_table_of_the_specification_is_used_by_a_test() -> None:
    text = (ROOT / "tests" / "end_to_end" / "test_specification_tables.py").read_text()
    assert [name for name in TABLES if text.count(name) < 2] == []
