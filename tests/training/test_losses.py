"""What is minimised: absent labels are left out, distance costs, rare labels count more."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tierline.training.losses import MultiHeadLoss
from tierline.training.recipe import Recipe
from tierline.training.targets import ABSENT, HeadLabels

SEVERITY = HeadLabels("severity", ("P1", "P2", "P3", "P4"))
ISSUE = HeadLabels("issue_type", ("bug", "order"))


def sure_of(label: int, count: int) -> Tensor:
    return torch.eye(count)[label] * 6


def test_absent_labels_change_neither_loss_nor_gradient() -> None:
    targets = torch.tensor([[0, 1], [3, ABSENT], [ABSENT, 0]])
    loss = MultiHeadLoss([SEVERITY, ISSUE], targets, Recipe())
    torch.manual_seed(0)
    logits = torch.randn(3, 6, requires_grad=True)
    other = logits.detach().clone()
    other[1, 4:] += 5
    other[2, :4] -= 5
    value = loss(logits, targets)
    assert loss(other, targets) == value
    value.backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    assert not logits.grad[1, 4:].any()
    assert not logits.grad[2, :4].any()
    assert logits.grad[0].all()
    assert logits.grad[1, :4].all()


def test_a_head_without_any_answer_is_left_out() -> None:
    targets = torch.tensor([[0, 1], [1, 0]])
    loss = MultiHeadLoss([SEVERITY, ISSUE], targets, Recipe())
    logits = torch.randn(2, 6, requires_grad=True)
    only = torch.tensor([[0, ABSENT], [1, ABSENT]])
    alone = MultiHeadLoss([SEVERITY], targets[:, :1], Recipe())
    assert torch.equal(loss(logits, only), alone(logits[:, :4], only[:, :1]))
    nothing = loss(logits, torch.full((2, 2), ABSENT))
    nothing.backward()  # type: ignore[no-untyped-call]
    assert nothing == 0
    assert logits.grad is not None
    assert not logits.grad.any()


def test_the_further_off_a_severity_the_dearer() -> None:
    targets = torch.tensor([[i] for i in range(4)])
    loss = MultiHeadLoss([SEVERITY], targets, Recipe())
    p1 = torch.tensor([[0]])
    costs = [loss(sure_of(label, 4)[None], p1).item() for label in range(4)]
    assert costs == sorted(costs)
    assert costs[3] > 1.1 * costs[1] > 1.1 * costs[0]


def test_other_heads_do_not_know_distance() -> None:
    head = HeadLabels("issue_type", ("bug", "how_to", "order"))
    loss = MultiHeadLoss([head], torch.tensor([[0], [1], [2]]), Recipe())
    near, far = (loss(sure_of(label, 3)[None], torch.tensor([[0]])) for label in (1, 2))
    assert torch.isclose(near, far)


def test_mistaking_a_rare_label_costs_more() -> None:
    targets = torch.tensor([[0]] * 9 + [[1]])
    loss = MultiHeadLoss([ISSUE], targets, Recipe())
    batch = torch.tensor([[0], [1]])
    always_common, always_rare = (sure_of(i, 2).expand(2, 2) for i in (0, 1))
    assert loss(always_common, batch) > 2 * loss(always_rare, batch)


def test_the_true_label_is_cheapest() -> None:
    targets = torch.tensor([[0, 0], [1, 1]])
    loss = MultiHeadLoss([SEVERITY, ISSUE], targets, Recipe())
    right = torch.stack([torch.cat([sure_of(i, 4), sure_of(i, 2)]) for i in (0, 1)])
    assert loss(right, targets) < loss(right.flip(0), targets)


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 10**6), st.integers(2, 5))
def test_shares_of_a_batch_add_up_to_it(seed: int, processes: int) -> None:
    """Values and gradients both, though shares differ in size, labels and answered heads."""
    torch.manual_seed(seed)
    columns = [torch.randint(ABSENT, size, (9, 1)) for size in (4, 2)]
    targets = torch.cat(columns, dim=1)
    corpus = torch.tensor([[0, 0], [1, 1], [1, 1], [2, 1], [3, 1]])
    loss = MultiHeadLoss([SEVERITY, ISSUE], corpus, Recipe())
    logits = torch.randn(9, 6, requires_grad=True)
    whole = loss(logits, targets)
    (gradient,) = torch.autograd.grad(whole, logits)
    shares = zip(logits.tensor_split(processes), targets.tensor_split(processes), strict=True)
    together = torch.stack([loss(*share, targets) for share in shares]).sum()
    torch.testing.assert_close(together, whole)
    torch.testing.assert_close(torch.autograd.grad(together, logits)[0], gradient)
