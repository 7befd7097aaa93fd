"""The losses of a discriminator and of the net that it judges."""

import pytest
import torch

from tts.training.adversarial import adversarial_loss, discriminator_loss


def test_hinge_losses_by_hand():
    real, made = [torch.tensor([2.0, 0.0])], [torch.tensor([-2.0, 0.0])]
    assert discriminator_loss(real, made) == pytest.approx(0.5 + 0.5)
    assert adversarial_loss(made) == pytest.approx((3 + 1) / 2)
