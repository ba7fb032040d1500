"""Tiny random models in folders of both generations; they need torch, which has an environment of its own.

`make test-models` runs these tests with .make/models, whose packages are those of requirements/models.txt beside the
ordinary ones; without torch each of them is skipped and says so.
"""

import json

import pytest

WORDS = (
    "the patient has gout warfarin is reversed with vitamin k apixaban needs no monitoring early treated and of".split()
)
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
VOCABULARY = [
    *SPECIAL,
    *WORDS,
    ".",
    ",",
    "?",
    *"abcdefghijklmnopqrstuvwxyz",
    *(f"##{c}" for c in "abcdefghijklmnopqrstuvwxyz"),
]


def bert_config(**more):
    from transformers import BertConfig

    return BertConfig(
        vocab_size=len(VOCABULARY), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=64, **more,
    )  # fmt: skip


def write_bert(folder, *, kind="BertModel", old=False, seed=1, **more):
    """A random encoder with its vocabulary: safetensors and tokenizer.json, or as folders were before those."""
    import torch
    import transformers

    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    model = getattr(transformers, kind)(bert_config(**more))
    (folder / "vocab.txt").write_text("\n".join(dict.fromkeys(VOCABULARY)) + "\n")
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": 64})
    )
    if old:
        model.config.save_pretrained(folder)
        torch.save(model.state_dict(), folder / "pytorch_model.bin")
        return folder
    model.save_pretrained(folder)
    transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True).save_pretrained(folder)
    (folder / "vocab.txt").unlink(missing_ok=True)
    return folder


def write_biogpt(folder, *, seed=3):
    import torch
    from transformers import BioGptConfig, BioGptForCausalLM

    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    pieces = ["<s>", "<pad>", "</s>", "<unk>", *(f"{word}</w>" for word in [*WORDS, "In", "summary", ",", "."])]
    letters = sorted({letter for word in [*WORDS, "In", "summary"] for letter in word})
    pieces += [*letters, *(f"{letter}</w>" for letter in letters)]
    vocabulary = {piece: number for number, piece in enumerate(dict.fromkeys(pieces))}
    merges = [
        f"{word[:n]} {word[n]}" + ("</w>" if n == len(word) - 1 else "") for word in WORDS for n in range(1, len(word))
    ]
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(dict.fromkeys(merges)) + "\n")
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "BioGptTokenizer"}))
    config = BioGptConfig(
        vocab_size=len(vocabulary), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=256, bos_token_id=0, pad_token_id=1, eos_token_id=2,
    )  # fmt: skip
    BioGptForCausalLM(config).save_pretrained(folder)
    return folder


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Whoever looks for a model on the network fails here."""
    import socket

    def refuse(*_args, **_options):
        raise AssertionError("a model was looked for on the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
