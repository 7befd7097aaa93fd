"""Recomputes, compiles or shards the blocks of a net. The nets themselves need no code for this."""

import inspect
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import lightning as L
import torch
from lightning.pytorch.callbacks import WeightAveraging
from lightning.pytorch.strategies import ModelParallelStrategy
from torch import Tensor, nn
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.fsdp import FSDPModule, MixedPrecisionPolicy, fully_shard, register_fsdp_forward_method
from torch.utils.checkpoint import checkpoint

from tts.training.meter import multiplied_in
from tts.training.sharding import gather, local, scatter
from tts.training.stage import Stage
from tts.types import Batch

VARIANTS = 64  # most compiled variants of one class of blocks


def blocks(net: nn.Module) -> list[nn.Module]:
    """The repeated blocks of a net: the items of its outermost ModuleLists."""
    found: list[nn.Module] = []
    for module in net.children():
        found += list(module) if isinstance(module, nn.ModuleList) else blocks(module)
    return found


def arrange(net: nn.Module, *, recompute: bool, compile: bool) -> None:
    """Make blocks recompute their activations in the backward pass, or compile them. Parameters keep their names."""
    for block in blocks(net):
        if recompute:
            block.forward = partial(checkpoint, block.forward, use_reentrant=False)
        if compile:
            block.compile(dynamic=True)  # the length differs from batch to batch
    if compile:
        # All blocks of a class share one limit on compiled variants. Kernel sizes, dilations, training or evaluation
        # and a batch of one item each need a variant. Beyond torch's limit of 8, blocks would run uncompiled.
        torch._dynamo.config.recompile_limit = max(torch._dynamo.config.recompile_limit, VARIANTS)


def shard(net: nn.Module, mesh: DeviceMesh, dtype: torch.dtype) -> None:
    """Shard a net with FSDP2. A block is gathered while it computes, the rest of the net when a method is called.

    Weights are sent and multiplied in `dtype`. Gradients are summed in float32, and weights are stored in float32.
    """
    # Inputs are not cast, as times and mels need float32. Autocast converts them for products.
    policy = MixedPrecisionPolicy(param_dtype=dtype, reduce_dtype=torch.float32, cast_forward_inputs=False)
    for block in blocks(net):
        fully_shard(block, mesh=mesh, mp_policy=policy)
    fully_shard(net, mesh=mesh, mp_policy=policy)
    for name, method in vars(type(net)).items():
        if inspect.isfunction(method) and not name.startswith("_") and name != "forward":
            register_fsdp_forward_method(net, name)


def trained(module: nn.Module) -> bool:
    return any(parameter.requires_grad for parameter in module.parameters())


class Sharded(ModelParallelStrategy):
    """Splits weights, gradients and optimiser state of the net evenly over all devices. A checkpoint is one file."""

    def __init__(self, *, process_group_backend: str | None, timeout: float):
        super().__init__(
            tensor_parallel_size=1,
            save_distributed_checkpoint=False,
            process_group_backend=process_group_backend,
            timeout=timedelta(seconds=timeout),
        )

    def setup_environment(self) -> None:
        self._data_parallel_size = self.num_nodes * self.num_processes
        super().setup_environment()

    def setup(self, trainer: L.Trainer) -> None:
        """Like the parent's, but shards here instead of in `configure_model`, which weight averaging calls too."""
        others = [name for name, module in self.lightning_module.named_children() if name != "net" and trained(module)]
        if others:
            raise ValueError(
                f"trainer=fsdp only shards the net, but {type(self.lightning_module).__name__} also trains its "
                f"{others[0]}, which every device would train by itself: use trainer=ddp"
            )
        self.accelerator.setup(trainer)
        self.model = self.precision_plugin.convert_module(self.model)
        self.model_to_device()
        shard(
            self.lightning_module.net,
            self.device_mesh["data_parallel"],
            multiplied_in(self.precision_plugin.precision),
        )
        self.barrier()
        self.setup_optimizers(trainer)
        self.setup_precision_plugin()


class Average(WeightAveraging):
    """Lightning's averaging on the device that trains. Lightning would put the average where the net was built."""

    def setup(self, trainer: L.Trainer, pl_module: Stage, stage: str) -> None:
        self._device = trainer.strategy.root_device
        super().setup(trainer, pl_module, stage)


class ShardedAverage(L.Callback):
    """The same average for a sharded net: every device averages its own part. It must come after Export too.

    Both kinds of averaging write the same checkpoint, so a run may change its strategy.
    """

    def __init__(self, *, multi_avg_fn: Callable[[list[Tensor], list[Tensor], int], None]):
        self.multi_avg_fn = multi_avg_fn
        self.average: dict[str, Tensor] = {}
        self.count = 0  # averaged steps
        self.step = 0  # the last averaged step

    def on_fit_start(self, trainer: L.Trainer, stage: Stage) -> None:
        self.average = {name: value.detach().clone() for name, value in stage.net.named_parameters()}

    @torch.no_grad()
    def on_train_batch_end(self, trainer: L.Trainer, stage: Stage, outputs, batch: Batch, index: int) -> None:
        if trainer.global_step == self.step:  # the batch was accumulated without an optimiser step
            return
        values = {name: value.detach() for name, value in stage.net.named_parameters()}
        means, currents = ([local(part[name]) for name in values] for part in (self.average, values))
        if self.count:
            self.multi_avg_fn(means, currents, self.count)
        else:
            torch._foreach_copy_(means, currents)
        self.count, self.step = self.count + 1, trainer.global_step

    def on_validation_epoch_start(self, trainer: L.Trainer, stage: Stage) -> None:
        self._swap(stage)

    def on_validation_epoch_end(self, trainer: L.Trainer, stage: Stage) -> None:
        self._swap(stage)

    def on_train_end(self, trainer: L.Trainer, stage: Stage) -> None:
        self._swap(stage)

    @torch.no_grad()
    def _swap(self, stage: Stage) -> None:
        if isinstance(stage.net, FSDPModule):
            stage.net.reshard()  # weights outside of blocks are still gathered after validation
        for name, value in stage.net.named_parameters():
            current = value.clone()
            value.copy_(self.average[name])
            self.average[name].copy_(current)

    def on_save_checkpoint(self, trainer: L.Trainer, stage: Stage, checkpoint: dict) -> None:
        average = {f"net.{name}": gather(value).cpu() for name, value in self.average.items()}
        checkpoint["current_model_state"] = checkpoint["state_dict"]
        checkpoint["state_dict"] = checkpoint["state_dict"] | average
        checkpoint["averaging_state"] = {"n_averaged": torch.tensor(self.count)}

    @torch.no_grad()
    def on_load_checkpoint(self, trainer: L.Trainer, stage: Stage, checkpoint: dict) -> None:
        for name, value in stage.net.named_parameters():  # Lightning has loaded the average into them
            self.average[name].copy_(value)
            value.copy_(scatter(checkpoint["current_model_state"][f"net.{name}"], value))
        self.count, self.step = int(checkpoint["averaging_state"]["n_averaged"]), checkpoint["global_step"]
