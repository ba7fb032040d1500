"""Embedders, reranker and summariser out of folders, with tiny random weights."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from voiceassist.adapters.transformers_embedder import TransformersEmbedder, batches
from voiceassist.adapters.transformers_folder import ModelFolder
from voiceassist.adapters.transformers_reranker import TransformersReranker
from voiceassist.adapters.transformers_summariser import TransformersSummariser
from voiceassist.ports.embedding import ModelError

from .conftest import write_bert, write_biogpt

torch = pytest.importorskip("torch", reason="torch is not installed here: make test-models runs these tests")
transformers = pytest.importorskip("transformers")

pytestmark = pytest.mark.req("P5.5")

TEXTS = [
    "warfarin is reversed with vitamin k.",
    "gout",
    "the patient has gout and the patient has gout. " * 20,
    "apixaban needs no monitoring",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_bert(tmp_path_factory.mktemp("models") / "tiny-bert")


@pytest.fixture(scope="module")
def embedder(folder):
    return TransformersEmbedder(folder)


class TestEmbedder:
    def test_vectors_are_those_of_each_text_alone(self, embedder):
        vectors = embedder.embed_passages(TEXTS)
        assert (vectors.shape, vectors.dtype) == ((4, 32), np.float32)
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
        for row, text in zip(vectors, TEXTS, strict=True):
            assert np.allclose(row, embedder.embed_query(text), atol=1e-5)
        assert embedder.embed_passages([]).shape == (0, 32)
        assert np.isfinite(embedder.embed_query("")).all()

    @pytest.mark.parametrize("pooling", ["mean", "cls"])
    def test_pooling_is_what_it_says(self, folder, pooling):
        """Against the model itself, unpadded."""
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        model = transformers.AutoModel.from_pretrained(folder).eval()
        with torch.inference_mode():
            states = model(**tokenizer(TEXTS[0], return_tensors="pt")).last_hidden_state[0]
        wanted = (states[0] if pooling == "cls" else states.mean(0)).numpy()
        found = TransformersEmbedder(folder, pooling=pooling).embed_passages(TEXTS)[0]
        assert np.allclose(found, wanted / np.linalg.norm(wanted), atol=1e-5)

    def test_the_index_is_told_what_made_it(self, folder, embedder):
        model = embedder.model
        assert (model.name, model.dimension, model.pooling, model.max_tokens, model.quantisation) == (
            "tiny-bert", 32, "mean", 64, "float32",
        )  # fmt: skip
        assert model.weights == ModelFolder(folder).digest()
        assert model.id == f"tiny-bert/float32/mean/{model.weights[:8]}"
        assert TransformersEmbedder(folder, pooling="cls").model_id != model.id

    def test_other_weights_are_another_model(self, folder, tmp_path):
        other = write_bert(tmp_path / "tiny-bert", seed=2)
        assert TransformersEmbedder(other).model_id != TransformersEmbedder(folder).model_id

    def test_the_folder_says_how_to_pool(self, tmp_path):
        made = write_bert(tmp_path / "cls-bert")
        (made / "1_Pooling").mkdir()
        (made / "1_Pooling/config.json").write_text(json.dumps({"pooling_mode_cls_token": True}))
        assert TransformersEmbedder(made).model.pooling == "cls"
        assert TransformersEmbedder(made, pooling="mean").model.pooling == "mean"

    def test_folders_of_both_generations_give_the_same_vectors(self, folder, tmp_path):
        old = write_bert(tmp_path / "old-bert", old=True)
        assert sorted(path.name for path in old.iterdir()) == [
            "config.json", "pytorch_model.bin", "tokenizer_config.json", "vocab.txt",
        ]  # fmt: skip
        assert np.allclose(
            TransformersEmbedder(old).embed_passages(TEXTS),
            TransformersEmbedder(folder).embed_passages(TEXTS),
            atol=1e-5,
        )

    def test_medcpt_has_an_encoder_for_questions_and_one_for_articles(self, tmp_path):
        query, article = write_bert(tmp_path / "medcpt/query"), write_bert(tmp_path / "medcpt/article", seed=2)
        pair = TransformersEmbedder(tmp_path / "medcpt")
        assert (pair.model.name, pair.model.pooling) == ("medcpt", "cls")
        alone = {part: TransformersEmbedder(part, pooling="cls") for part in (query, article)}
        assert np.allclose(pair.embed_query(TEXTS[0]), alone[query].embed_query(TEXTS[0]), atol=1e-5)
        assert np.allclose(pair.embed_passages(TEXTS), alone[article].embed_passages(TEXTS), atol=1e-5)
        assert not np.allclose(pair.embed_query(TEXTS[0]), pair.embed_passages(TEXTS)[0], atol=1e-2)
        before = pair.model_id
        write_bert(query, seed=9)
        assert TransformersEmbedder(tmp_path / "medcpt").model_id != before

    def test_known_words_are_one_piece_and_rare_ones_several(self, embedder):
        assert embedder.count_tokens("patient") == 1
        assert embedder.count_tokens("flurbozamab") >= 3
        assert embedder.count_tokens("gout " * 500) == 500  # counted whole, though only 64 are read

    def test_a_tokenizer_without_words_is_refused(self, tmp_path):
        """What transformers 5 makes of a vocabulary it was handed as a file: everything is unknown, without a word."""
        made = write_bert(tmp_path / "wordless", old=True)
        (made / "vocab.txt").write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n")
        with pytest.raises(ModelError, match="knows no English words"):
            TransformersEmbedder(made).embed_query("gout")

    def test_a_folder_that_is_not_whole_is_an_error_that_tells_no_path(self, folder, tmp_path):
        for faulty in ("config.json", "model.safetensors", "tokenizer"):
            broken = tmp_path / f"without-{faulty}"
            shutil.copytree(folder, broken)
            for path in broken.glob(f"{faulty}*"):
                path.unlink()
            with pytest.raises(ModelError) as refused:
                TransformersEmbedder(broken).embed_query("gout")
            assert str(tmp_path) not in str(refused.value)
        (tmp_path / "cut").mkdir()
        shutil.copytree(folder, tmp_path / "cut", dirs_exist_ok=True)
        whole = (tmp_path / "cut/model.safetensors").read_bytes()
        (tmp_path / "cut/model.safetensors").write_bytes(whole[:500])
        with pytest.raises(ModelError):
            TransformersEmbedder(tmp_path / "cut").embed_query("gout")
        with pytest.raises(ModelError):
            _ = TransformersEmbedder(tmp_path / "nowhere").model

    def test_code_in_the_folder_is_not_run(self, folder, tmp_path):
        planted = tmp_path / "planted"
        shutil.copytree(folder, planted)
        config = json.loads((planted / "config.json").read_text())
        config |= {
            "model_type": "unheard-of",
            "auto_map": {"AutoModel": "modeling.Model", "AutoConfig": "modeling.Config"},
        }
        (planted / "config.json").write_text(json.dumps(config))
        (planted / "modeling.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
        with pytest.raises(ModelError):
            TransformersEmbedder(planted).embed_query("gout")
        assert not (tmp_path / "ran").exists()


class TestReranker:
    def test_scores_are_those_of_each_pair_alone(self, tmp_path):
        made = write_bert(tmp_path / "cross", kind="BertForSequenceClassification", num_labels=1)
        reranker = TransformersReranker(made)
        scores = reranker.scores("is warfarin reversed?", TEXTS)
        assert (scores.shape, scores.dtype) == ((4,), np.float32)
        assert ((scores > 0) & (scores < 1)).all()
        tokenizer = transformers.AutoTokenizer.from_pretrained(made)
        model = transformers.AutoModelForSequenceClassification.from_pretrained(made).eval()
        with torch.inference_mode():
            pair = tokenizer("is warfarin reversed?", TEXTS[0], return_tensors="pt")
            assert pair["token_type_ids"].sum() > 0
            assert scores[0] == pytest.approx(torch.sigmoid(model(**pair).logits)[0, 0].item(), abs=1e-5)
        assert reranker.scores("gout", []).shape == (0,)
        assert reranker.model_id.startswith("cross/")

    def test_two_labels_are_weighed_and_three_refused(self, tmp_path):
        two = write_bert(tmp_path / "two", kind="BertForSequenceClassification", num_labels=2)
        model = transformers.AutoModelForSequenceClassification.from_pretrained(two).eval()
        tokenizer = transformers.AutoTokenizer.from_pretrained(two)
        with torch.inference_mode():
            wanted = torch.softmax(model(**tokenizer("gout", TEXTS[1], return_tensors="pt")).logits, -1)[0, 1].item()
        assert TransformersReranker(two).scores("gout", [TEXTS[1]])[0] == pytest.approx(wanted, abs=1e-5)
        three = write_bert(tmp_path / "three", kind="BertForSequenceClassification", num_labels=3)
        with pytest.raises(ModelError):
            TransformersReranker(three).scores("gout", TEXTS)


@pytest.mark.req("P5.6")
class TestSummariser:
    @pytest.fixture(scope="class")
    def biogpt(self, tmp_path_factory):
        return write_biogpt(tmp_path_factory.mktemp("models") / "tiny-biogpt")

    def test_it_goes_on_from_the_text_and_says_that_the_words_are_its_own(self, biogpt):
        summariser = TransformersSummariser(biogpt)
        summary = summariser.summarise("the patient has gout. warfarin is reversed with vitamin k.", sentences=1)
        assert (summary.method, summary.verbatim) == ("generated by tiny-biogpt", False)
        assert summary.text == summariser.summarise(
            "the patient has gout. warfarin is reversed with vitamin k.", sentences=1
        ).text  # fmt: skip
        assert not summary.text.startswith("the patient has gout. warfarin")

    def test_the_tokenizer_of_biogpt_knows_its_words(self, biogpt):
        tokenizer = ModelFolder(biogpt).tokenizer()
        pieces = tokenizer.tokenize("the patient has gout")
        assert pieces == ["the</w>", "patient</w>", "has</w>", "gout</w>"]

    def test_a_text_beyond_its_positions_is_cut_and_nothing_gives_nothing(self, biogpt):
        summariser = TransformersSummariser(biogpt)
        assert summariser.summarise("the patient has gout. " * 400, sentences=1).method == "generated by tiny-biogpt"
        assert summariser.summarise("  ").text == ""


def test_a_batch_keeps_to_its_size_and_leaves_nobody_out():
    lengths = [3, 512, 40, 40, 500, 7, 7]
    found = list(batches(lengths, 512))
    assert sorted(row for rows in found for row in rows) == list(range(len(lengths)))
    assert all(len(rows) * max(lengths[row] for row in rows) <= 512 for rows in found)


def test_importing_the_adapters_loads_nothing_heavy():
    program = (
        "import sys, voiceassist.adapters.transformers_embedder, voiceassist.adapters.transformers_reranker,"
        " voiceassist.adapters.transformers_summariser, voiceassist.adapters.openai_embedder; print(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert not {"torch", "transformers", "numpy", "openai", "huggingface_hub"} & set(loaded)
