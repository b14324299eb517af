"""The trained network: its layers divided in two compute what they compute as one."""

from pathlib import Path

import pytest
import torch
from transformers import MPNetConfig, MPNetModel, RobertaConfig, RobertaModel

from tierline.models.encoder import TicketClassifier, load_pretrained


@pytest.fixture
def model(encoder: Path) -> TicketClassifier:
    pretrained, _ = load_pretrained(str(encoder))
    return TicketClassifier(pretrained, 32, [4, 13]).eval()


def test_frozen_layers_and_the_rest_give_what_the_whole_gives(model: TicketClassifier) -> None:
    ids = torch.tensor([[2, 7, 9, 3], [2, 8, 3, 0]])
    mask = torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0]])
    whole = model(ids, mask)
    model.freeze(0.5)
    assert model.frozen_layers == 1
    states = model.base(ids, mask)
    assert states.shape == (2, 4, 32)
    assert torch.allclose(model(states, mask), whole, atol=1e-6)


def test_the_embedding_is_the_mean_of_the_states_without_padding(model: TicketClassifier) -> None:
    ids, mask = torch.tensor([[2, 8, 3, 0]]), torch.tensor([[1, 1, 1, 0]])
    states = model.states(ids, mask)
    found = model.embedding(states, mask)
    assert torch.allclose(found, states[:, :3].mean(dim=1), atol=1e-6)
    logits = found @ model.heads.weight.T + model.heads.bias
    assert torch.allclose(logits, model(ids, mask), atol=1e-5)


def test_only_the_lowest_share_is_frozen(model: TicketClassifier) -> None:
    model.freeze(0.5)
    frozen = {name for name, p in model.named_parameters() if not p.requires_grad}
    assert {n.split(".")[1] for n in frozen} == {"embeddings", "encoder"}
    assert {n.split(".")[3] for n in frozen if n.startswith("encoder.encoder")} == {"0"}


@pytest.mark.parametrize("share", [0.0, 0.4])
def test_less_than_one_layer_freezes_nothing(model: TicketClassifier, share: float) -> None:
    model.freeze(share)
    assert model.frozen_layers == 0
    assert all(p.requires_grad for p in model.parameters())


def test_roberta_divides_as_bert_does() -> None:
    sizes = {"vocab_size": 50, "hidden_size": 32, "num_attention_heads": 2, "intermediate_size": 64}
    config = RobertaConfig(num_hidden_layers=2, max_position_embeddings=40, **sizes)
    model = TicketClassifier(RobertaModel(config), 32, [4]).eval()
    ids = torch.tensor([[5, 7, 9, 3], [5, 8, 3, 1]])
    mask = torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0]])
    whole = model(ids, mask)
    model.freeze(0.5)
    assert model.frozen_layers == 1
    assert torch.allclose(model(model.base(ids, mask), mask), whole, atol=1e-6)


def other_encoders() -> list[torch.nn.Module]:
    sizes = {"vocab_size": 50, "hidden_size": 32, "num_attention_heads": 2, "intermediate_size": 64}
    return [torch.nn.Linear(3, 3), MPNetModel(MPNetConfig(num_hidden_layers=2, **sizes))]


@pytest.mark.parametrize("encoder", other_encoders())
def test_an_encoder_of_another_build_learns_whole(encoder: torch.nn.Module) -> None:
    model = TicketClassifier(encoder, 3, [2])
    model.freeze(1.0)
    assert model.frozen_layers == 0
    assert all(p.requires_grad for p in model.parameters())
