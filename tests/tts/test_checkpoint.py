"""A checkpoint is data: it rebuilds one of our nets exactly, and nothing in it can run."""

import json
import pickle

import pytest
import torch
from omegaconf import OmegaConf
from safetensors import safe_open
from safetensors.torch import save_file

from tts.checkpoint import FORMAT, TABLE, build, export, load, warm_start


@pytest.fixture(scope="module")
def spec() -> dict:
    return OmegaConf.to_container(OmegaConf.load("conf/model/dvae/nano.yaml"), resolve=True)


@pytest.fixture
def saved(tmp_path, spec, audio):
    net = build(spec, audio)
    path = tmp_path / "dvae.safetensors"
    export(path, net, spec=spec, audio=audio, provenance={"step": 7}, extra={"text": {"name": "phonemes"}})
    return path, net


def tamper(path, **changes):
    """The same tensors under a changed header."""
    with safe_open(path, framework="pt") as file:
        header = {**file.metadata(), **{key: json.dumps(value) for key, value in changes.items()}}
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    save_file(tensors, path, header)


def test_comes_back_as_it_was(saved, spec, audio):
    path, net = saved
    loaded = load(path)
    assert loaded.spec == spec
    assert loaded.audio == audio
    assert loaded.provenance == {"step": 7}
    assert loaded.extra == {"text": {"name": "phonemes"}}
    assert not loaded.net.training
    for (name, a), b in zip(net.state_dict().items(), loaded.net.state_dict().values(), strict=True):
        assert torch.equal(a, b), name


def test_loading_draws_no_weights_first(saved):
    path, _ = saved
    torch.manual_seed(3)
    before = torch.get_rng_state()
    load(path)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_loaded_net_may_be_changed_and_its_file_stays(saved):
    path, _ = saved
    before = path.read_bytes()
    with torch.no_grad():
        next(load(path).net.parameters()).zero_()
    assert path.read_bytes() == before


def test_bfloat16_files_halve_and_load_as_float32(saved, spec, audio, tmp_path):
    path, net = saved
    small = tmp_path / "small.safetensors"
    export(small, net, spec=spec, audio=audio, provenance={}, extra={}, dtype=torch.bfloat16)
    assert small.stat().st_size < 0.7 * path.stat().st_size
    weight = next(load(small).net.parameters())
    assert weight.dtype == torch.float32
    assert torch.equal(weight, next(net.parameters()).bfloat16().float())


def test_a_warm_start_takes_what_fits_and_names_the_rest(saved, spec, audio):
    path, net = saved
    other = build({**spec, "ctc_steps": spec["ctc_steps"] + 1}, audio)
    fresh = warm_start(other, path)
    assert sorted(fresh) == ["ctc.out.bias", "ctc.out.weight"]
    before, after = net.state_dict(), other.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in after if name not in fresh)


def test_a_warm_start_from_another_stage_is_refused(saved):
    with pytest.raises(ValueError, match="weights of the same stage"):
        warm_start(torch.nn.Linear(2, 2), saved[0])


def test_files_from_before_the_sampler_was_chosen_at_speaking_still_load(tmp_path, audio):
    spec = OmegaConf.to_container(OmegaConf.load("conf/model/diffusion/nano.yaml"))
    path = tmp_path / "diffusion.safetensors"
    export(path, build(spec, audio), spec={**spec, "sampler": "heun"}, audio=audio, provenance={}, extra={})
    assert load(path).spec == spec
    with pytest.raises(TypeError, match="sampler"):
        build({**spec, "sampler": "heun"}, audio)  # nobody sets it in vain


def test_refuses_pickles(tmp_path):
    marker = tmp_path / "executed"

    class Bomb:
        def __reduce__(self):
            return (open, (str(marker), "w"))

    path = tmp_path / "net.safetensors"
    path.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(ValueError, match="not a whole safetensors"):
        load(path)
    torch.save({"bomb": Bomb()}, path)
    with pytest.raises(ValueError, match="not a whole safetensors"):
        load(path)
    assert not marker.exists()


@pytest.mark.parametrize(
    "foreign",
    [
        {"name": "os.system", "command": "touch executed"},
        {"name": "builtins:eval"},
        {"_target_": "os.system", "command": "touch executed"},
        {"name": "dvae", "quantizer": {"name": "subprocess.Popen", "args": ["true"]}},
    ],
)
def test_refuses_foreign_targets(saved, foreign, audio):
    path, _ = saved
    tamper(path, spec=foreign)
    with pytest.raises(ValueError, match="unknown name"):
        load(path)
    with pytest.raises(ValueError, match="unknown name"):
        build(foreign, audio)


def test_a_target_inside_a_spec_is_only_an_unknown_argument(spec, audio):
    with pytest.raises(TypeError, match="_target_"):
        build({**spec, "_target_": "os.system"}, audio)


def test_says_what_is_wrong(saved, spec, tmp_path):
    path, _ = saved
    with pytest.raises(ValueError, match="no checkpoint at"):
        load(tmp_path / "absent.safetensors")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match="not a whole safetensors"):
        load(path)
    path.write_bytes(whole)
    tamper(path, format="triforce-0")
    with pytest.raises(ValueError, match="triforce-0"):
        load(path)
    tamper(path, format=FORMAT, spec={**spec, "width": spec["width"] * 2})
    with pytest.raises(ValueError, match="does not fit"):
        load(path)
    tamper(path, spec={**spec, "witdh": 3})
    with pytest.raises(ValueError, match="witdh"):
        load(path)


def test_a_failed_export_keeps_the_old_file(saved, spec, audio):
    path, net = saved
    before = path.read_bytes()
    with pytest.raises(TypeError):
        export(path, net, spec=spec, audio=audio, provenance={"step": object()}, extra={})
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_the_table_names_real_classes():
    from importlib import import_module

    for target in TABLE.values():
        module, name = target.split(":")
        assert isinstance(getattr(import_module(module), name), type)
