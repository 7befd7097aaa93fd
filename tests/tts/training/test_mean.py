"""The mean of nets: weights, what the file says of itself, and what has no mean."""

import pytest
import torch
from omegaconf import OmegaConf

from tts.checkpoint import build, export, load, read
from tts.training.mean import main


def saved(path, audio, seed, dtype=torch.bfloat16, **changes):
    torch.manual_seed(seed)
    spec = OmegaConf.to_container(OmegaConf.load("conf/model/vocoder/nano.yaml"), resolve=True) | changes
    export(path, build(spec, audio), spec=spec, audio=audio, provenance={"step": seed}, extra={}, dtype=dtype)
    return path


def test_weights_are_the_mean_by_shares_and_the_file_names_its_parents(tmp_path, audio, capsys):
    one, other = (saved(tmp_path / f"{seed}.safetensors", audio, seed) for seed in (1, 2))
    out = tmp_path / "mean.safetensors"
    assert main([str(one), str(other), "--shares", "3", "1", "-o", str(out)]) == 0
    mean, first, second = (load(path).net.state_dict() for path in (out, one, other))
    for name, value in mean.items():
        wanted = 0.75 * first[name] + 0.25 * second[name] if value.is_floating_point() else value
        assert torch.allclose(value, wanted, rtol=2**-7, atol=1e-6)
    header, stored = read(out)
    assert {value.dtype for value in stored.values() if value.is_floating_point()} == {torch.bfloat16}
    assert header["provenance"]["step"] == 2
    shares = {parent["net"]: parent["share"] for parent in header["provenance"]["mean_of"]}
    assert shares == {load(one).fingerprint: 0.75, load(other).fingerprint: 0.25}


def test_the_mean_of_a_net_with_itself_is_the_net(tmp_path, audio):
    one = saved(tmp_path / "one.safetensors", audio, 1)
    assert main([str(one), str(one), "-o", str(tmp_path / "mean.safetensors")]) == 0
    stored, mean = read(one)[1], read(tmp_path / "mean.safetensors")[1]
    assert all(torch.equal(value, mean[name]) for name, value in stored.items())


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["one"], "give two nets or more"),
        (["one", "two", "--shares", "1"], "a share for each"),
        (["one", "two", "--shares", "0", "0"], "a share for each"),
        (["one", "other"], "differ in their spec"),
        (["one", "nowhere"], "no checkpoint at"),
    ],
)
def test_what_has_no_mean_is_refused_in_one_line(arguments, reason, tmp_path, audio, capsys):
    for name, changes in (("one", {}), ("two", {}), ("other", {"width": 24})):
        saved(tmp_path / name, audio, 1, **changes)
    argv = [str(tmp_path / word) if word.isalpha() else word for word in arguments]
    assert main([*argv, "-o", str(tmp_path / "mean")]) == 1
    error = capsys.readouterr().err
    assert reason in error and error.count("\n") == 1 and not (tmp_path / "mean").exists()
