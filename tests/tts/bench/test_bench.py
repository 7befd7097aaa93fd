"""Systems take turns in processes of their own, nets are held against limits, and mistakes are one line."""

import json
import time
from io import StringIO
from pathlib import Path

import pytest

from helpers import nano
from tts.bench import worker
from tts.bench.__main__ import main
from tts.bench.machine import Machine
from tts.bench.nets import at_size, time_nets
from tts.bench.races import Result, race, ratio
from tts.bench.systems import Own, Spoken, System, peer
from tts.bench.worker import UTTERANCE

FAST = ["steps=1", "retries=0", "sampling.max_codes_per_id=1", "guidance=1", "sampling.guidance=1"]


@pytest.fixture(scope="module")
def own(tmp_path_factory) -> Own:
    home = tmp_path_factory.mktemp("home")
    return Own(nano.weights(home / "weights"), str(nano.hum(home / "hum.wav")))


class Steady(System):
    """Takes as many seconds for each text as it is told."""

    def __init__(self, name: str, times: list[float], said: list[str]):
        super().__init__(name, [], cores=1)
        self.loading, self.times, self.said = 0.5, iter([9.0] * 3 + times), said

    def wait(self) -> None:
        pass

    def say(self, text: str, seed: int) -> Spoken:
        self.said.append(f"{self.name} {text}")
        spent = next(self.times)
        return Spoken(wall=spent + 1, processor=spent, first=spent / 2, seconds=2.0, memory=5e6)


def test_systems_take_turns_and_are_compared_text_by_text():
    said: list[str] = []
    texts = ["one", "two", "three", "four"]
    ours, other = Steady("ours", [1.0, 2.0, 3.0, 4.0], said), Steady("other", [2.0, 4.0, 6.0, 16.0], said)
    first, second = race([ours, other], texts, lambda done: None)
    assert said[6:10] == ["ours one", "other one", "other two", "ours two"]  # after three texts to warm up
    assert first.factors == [0.5, 1.0, 1.5, 2.0]
    assert ratio(second, first) == {"median": 2.0, "low": 2.0, "high": 2.5}
    assert first.summary()["rtf_worst"] == 2.0 and first.summary()["clock"] == "processor"
    assert Result("x", 2, 0.0, first.spoken).factors == [1.0, 1.5, 2.0, 2.5]  # with more cores, by wall time


def test_a_process_of_ours_speaks_and_says_what_it_took(own):
    with own.speaking("ours", FAST, threads=1, cores=1) as system:
        spoken = [system.say("Hello there.", 0), system.say("Hello there, all of you.", 1)]
    assert all(0 < one.first <= one.wall and one.seconds > 0 and one.processor > 0 for one in spoken)
    assert spoken[0].memory > 1e7 and system.loading > 0


def test_nets_of_a_size_say_as_many_seconds_of_any_text(own):
    with own.sized("nano", FAST, threads=1, cores=1) as system:
        spoken = [system.say(text, 0) for text in ("Hello there.", "Hello there, all of you, and you.")]
    assert all(one.seconds == pytest.approx(UTTERANCE, abs=0.1) for one in spoken)


def test_work_that_is_skipped_counts(monkeypatch, capsys):
    def speaking(given: dict) -> worker.Speak:
        return lambda text, seed: iter([(100.0, 50.0), 0.5, (20.0, 10.0), 1.5])

    monkeypatch.setitem(worker.KINDS, "skipping", speaking)
    monkeypatch.setattr("sys.stdin", StringIO('{"text": "Hello.", "seed": 0}\n'))
    worker.main("skipping", "{}")
    _, spoken = map(json.loads, capsys.readouterr().out.splitlines())
    assert spoken["seconds"] == 2.0 and spoken["memory"] > 0
    assert 120 <= spoken["wall"] < 121 and 60 <= spoken["processor"] < 61 and 100 <= spoken["first"] < 101


def test_a_system_that_takes_minutes_has_no_warm_up():
    said: list[str] = []
    slow = Steady("slow", [], said)
    slow.times, slow.warms_up = iter([1.0, 2.0]), False
    race([slow], ["one", "two"], lambda done: None)
    assert said == ["slow one", "slow two"]


def test_a_system_that_fails_says_why(own):
    missing = Own(own.weights / "nowhere", own.voice)
    with (
        pytest.raises(ValueError, match="lost failed: .*no checkpoint at"),
        missing.speaking("lost", [], threads=1, cores=1),
    ):
        pass


def test_nets_are_held_against_the_nearer_limit(audio):
    machine = Machine({"fp32": 1e15, "bf16": 1e15}, 1e9, time.perf_counter)
    nets = at_size("nano", audio)
    timings = {one.net: one for one in time_nets(nets, "nano", machine)}
    assert set(timings) == {"gpt", "dvae", "diffusion", "vocoder"}
    gpt = nets["gpt"]
    weights = sum(one.numel() for one in gpt.blocks.parameters()) + 32 * (gpt.codebook_size + 1)
    assert timings["gpt"].limit == pytest.approx(weights * 4 / 1e9) and timings["gpt"].bound == "memory"
    slow = Machine({"fp32": 1.0, "bf16": 1.0}, 1e9, time.perf_counter)
    assert {one.bound for one in time_nets(nets, "nano", slow)} == {"flops"}


def test_a_run_writes_its_figures_and_a_picture(own, tmp_path, capsys):
    argv = [
        "speech",
        "--sentences",
        "3",
        "--whole",
        "2",
        "--weights",
        str(own.weights),
        "-v",
        own.voice,
        "-o",
        str(tmp_path),
    ]
    assert main([*argv, "--", *FAST]) == 0
    body = json.loads((tmp_path / "bench.json").read_text())
    assert body["speech"][0]["name"] == "ours" and body["speech"][0]["rtf"] > 0 and body["settings"] == FAST
    assert body["speech"][0]["memory_bytes"] > 1e7
    assert (tmp_path / "bench.png").read_bytes().startswith(b"\x89PNG")
    assert "| ours" in capsys.readouterr().out


@pytest.mark.parametrize(
    "argv, said",
    [
        (["nonsense"], "no part 'nonsense'"),
        (["speech", "--peer", "tacotron=python"], "no peer 'tacotron'"),
        (["speech", "--against", "no-such-revision"], "no revision 'no-such-revision'"),
        (["speech", "--with", "stops=3"], "no setting 'stops'"),
        (["nets", "--threads", "0"], "1 or more"),
        (["speech", "--cores", "0"], "1 or more"),
        (["nets", "--sizes", "huge"], "no size 'huge'"),
        (["speech", "--peer", "tortoise=no-such-python", "--sentences", "1"], "no-such-python"),
    ],
)
def test_mistakes_are_one_line_before_anything_is_measured(argv, said, tmp_path, capsys):
    assert main([*argv, "-o", str(tmp_path / "out")]) == 1
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_peer_that_is_not_installed_is_named(tmp_path):
    python = Path("/bin/false")
    with pytest.raises(ValueError, match="install it and piper-tts there"):
        peer(f"piper={python}", cores=1)
    kokoro = peer(f"kokoro={python}", cores=1)
    assert isinstance(kokoro, System)
    with pytest.raises(ValueError, match="kokoro failed"), kokoro:
        pass
