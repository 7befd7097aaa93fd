"""Accounting: FLOPs against counting by hand, lines that survive a kill, sums over starts of different size."""

import json

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tts.training.accounting import __main__ as command
from tts.training.accounting import runlog
from tts.training.meter import Counter, matmul_peak, multiplied_in

START = {
    "kind": "start",
    "device": "CPU",
    "devices": 1,
    "peak": 1e9,
    "parameters": 1000,
    "frame_rate": 93.75,
    "code_rate": None,
    "watts": None,
    "price_per_hour": None,
}


def line(step: int, **changes) -> dict:
    values = {"seconds": 10.0, "waiting": 1.0, "audio_seconds": 40.0, "padded_seconds": 50.0, "flops": 2e9}
    return {"kind": "train", "step": step, **values, "memory_gb": 0.5, "loss": 1.0, **changes}


def count(function) -> int:
    counter = Counter()
    counter.start()
    function()
    return counter.stop()


def test_counts_forward_and_backward_of_products_and_attention():
    rows, width, out = 6, 8, 10
    layer, x = nn.Linear(width, out), torch.randn(rows, width, requires_grad=True)
    assert count(lambda: layer(x).sum().backward()) == 3 * 2 * rows * width * out  # y, and the gradients of x and W
    batch, heads, length, head_width = 2, 3, 5, 16
    q, k, v = torch.randn(3, batch, heads, length, head_width, requires_grad=True)
    product = 2 * batch * heads * length**2 * head_width
    attend = lambda: F.scaled_dot_product_attention(q, k, v, is_causal=True)  # noqa: E731
    assert count(attend) == 2 * product
    assert count(lambda: attend().sum().backward()) == (2 + 5) * product  # backward computes the scores once more


def test_counts_what_is_compiled_and_ends_when_told():
    layer = nn.Linear(4, 4, bias=False)
    layer.compile(backend="eager")
    layer(torch.randn(2, 4))
    assert count(lambda: layer(torch.randn(3, 4))) == 2 * 3 * 4 * 4
    counter = Counter()
    assert counter.stop() == 0
    counter.start()
    counter.stop()
    layer(torch.randn(3, 4))
    assert counter.stop() == 0


def test_peak_is_what_a_large_product_reaches():
    assert multiplied_in("bf16-mixed") == torch.bfloat16
    assert multiplied_in("32-true") == torch.float32
    assert matmul_peak(torch.device("cpu"), torch.float32) > 1e8


def test_a_torn_line_costs_no_other_line(tmp_path):
    path = tmp_path / runlog.NAME
    runlog.append(path, START)
    runlog.append(path, line(1))
    whole = path.read_bytes()
    for cut in (1, 20, len(whole) - 1):
        path.write_bytes(whole[:-cut])
        runlog.append(path, line(2))
        lines = runlog.read(tmp_path)
        assert lines[-1] == line(2)
        assert all(json.dumps(left) in whole.decode() for left in lines[:-1])


def test_sums_over_starts_on_different_machines(tmp_path):
    rented = {**START, "devices": 2, "peak": 4e9, "watts": 500, "price_per_hour": 3.0, "code_rate": 23.4375}
    lines = [START, line(20), rented, line(40), {"kind": "val", "step": 40, "seconds": 5.0, "val/loss": 0.5}]
    account = runlog.account("x", lines)
    assert (account.starts, account.step, account.loss) == (2, 40, 0.5)
    assert account.hours == pytest.approx(25 / 3600)
    assert account.device_hours == pytest.approx((10 + 2 * 15) / 3600)
    assert account.audio_hours_per_hour == pytest.approx(4.0)
    assert account.frames_per_second == pytest.approx(4 * 93.75)
    assert account.peak_share == pytest.approx(4e9 / (10 * 1e9 + 10 * 4e9))
    assert account.padding == pytest.approx(0.2)
    assert account.waiting_share == pytest.approx(0.1)
    assert account.kwh == pytest.approx(15 * 2 * 500 / 3.6e6)
    assert account.price == pytest.approx(15 * 2 * 3.0 / 3600)
    with pytest.raises(ValueError, match="no training"):
        runlog.account("x", [START])


def test_table_and_picture_of_several_runs(tmp_path, capsys):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for written in (START, line(20), line(40)):
            runlog.append(tmp_path / name / runlog.NAME, written)
    command.main([str(tmp_path / "a"), str(tmp_path / "b" / runlog.NAME), "-o", str(tmp_path / "x.png")])
    header, *rows = capsys.readouterr().out.splitlines()
    assert [row.split()[0].split("/")[-1] for row in rows] == ["a", "b"]
    assert "of peak" in header
    assert "price" not in header  # nobody said one
    assert (tmp_path / "x.png").stat().st_size > 1000
    with pytest.raises(SystemExit, match="give folders of runs"):
        command.main([str(tmp_path)])
