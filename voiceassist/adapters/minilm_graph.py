"""Building the MiniLM graph for onnxruntime out of the published weights, without torch.

The graph is BERT with six layers (Devlin et al. 2018, arXiv 1810.04805) as all-MiniLM-L6-v2 is published,
with mean pooling over the attention mask and L2 normalisation inside, so that one run gives the vectors.
Needed at install or first start only, and run as a process of its own (`python -m …minilm_graph IN OUT`):
onnx and the float weights take 300 MB that a room should not keep.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

LAYERS = 6
HEADS = 12
HIDDEN = 384
OPSET = 18
LAYER_NORM_EPSILON = 1e-12


class _Graph:
    """Nodes and weights in the making; every operation returns the name of its output."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.weights: list[Any] = []
        self._names: set[str] = set()

    def weight(self, name: str, value: Any) -> str:
        from onnx import numpy_helper

        if name not in self._names:
            self._names.add(name)
            self.weights.append(numpy_helper.from_array(value, name))
        return name

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        from onnx import helper

        output = f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], name=output, **attributes))
        return output

    def ints(self, *values: int) -> str:
        import numpy as np

        return self.weight("ints_" + "_".join(map(str, values)), np.array(values, dtype=np.int64))

    def number(self, value: float) -> str:
        import numpy as np

        return self.weight(f"number_{value!r}", np.array(value, dtype=np.float32))


class _Bert:
    """The layers, written down once over the tensors of the checkpoint."""

    def __init__(self, graph: _Graph, tensors: dict[str, Any]) -> None:
        self.graph = graph
        self.tensors = tensors

    def take(self, name: str) -> str:
        return self.graph.weight(name, self.tensors[name])

    def dense(self, value: str, name: str) -> str:
        """A linear layer; the checkpoint keeps its matrix as (out, in)."""
        import numpy as np

        matrix = self.graph.weight(f"{name}.matrix", np.ascontiguousarray(self.tensors[f"{name}.weight"].T))
        return self.graph.op("Add", self.graph.op("MatMul", value, matrix), self.take(f"{name}.bias"))

    def normalised(self, value: str, name: str) -> str:
        return self.graph.op(
            "LayerNormalization",
            value,
            self.take(f"{name}.weight"),
            self.take(f"{name}.bias"),
            axis=-1,
            epsilon=LAYER_NORM_EPSILON,
        )

    def embeddings(self, ids: str) -> str:
        graph = self.graph
        words = graph.op("Gather", self.take("embeddings.word_embeddings.weight"), ids)
        length = graph.op("Gather", graph.op("Shape", ids), graph.ints(1))
        positions = graph.op(
            "Slice", self.take("embeddings.position_embeddings.weight"), graph.ints(0), length, graph.ints(0)
        )
        sentence = graph.weight("first_sentence", self.tensors["embeddings.token_type_embeddings.weight"][0])
        total = graph.op("Add", graph.op("Add", words, positions), sentence)
        return self.normalised(total, "embeddings.LayerNorm")

    def heads(self, value: str, order: tuple[int, ...]) -> str:
        """(batch, length, hidden) to (batch, heads, …) in the order asked for."""
        split = self.graph.op("Reshape", value, self.graph.ints(0, 0, HEADS, HIDDEN // HEADS))
        return self.graph.op("Transpose", split, perm=order)

    def attention(self, value: str, bias: str, name: str) -> str:
        graph = self.graph
        query = self.heads(self.dense(value, f"{name}.self.query"), (0, 2, 1, 3))
        key = self.heads(self.dense(value, f"{name}.self.key"), (0, 2, 3, 1))
        content = self.heads(self.dense(value, f"{name}.self.value"), (0, 2, 1, 3))
        scores = graph.op("Mul", graph.op("MatMul", query, key), graph.number((HIDDEN // HEADS) ** -0.5))
        weights = graph.op("Softmax", graph.op("Add", scores, bias), axis=-1)
        mixed = graph.op("Transpose", graph.op("MatMul", weights, content), perm=(0, 2, 1, 3))
        joined = graph.op("Reshape", mixed, graph.ints(0, 0, HIDDEN))
        return self.normalised(
            graph.op("Add", self.dense(joined, f"{name}.output.dense"), value), f"{name}.output.LayerNorm"
        )

    def layer(self, value: str, bias: str, number: int) -> str:
        name = f"encoder.layer.{number}"
        attended = self.attention(value, bias, f"{name}.attention")
        wide = self.gelu(self.dense(attended, f"{name}.intermediate.dense"))
        narrow = self.dense(wide, f"{name}.output.dense")
        return self.normalised(self.graph.op("Add", narrow, attended), f"{name}.output.LayerNorm")

    def gelu(self, value: str) -> str:
        """The exact form with erf (Hendrycks and Gimpel 2016, arXiv 1606.08415)."""
        graph = self.graph
        bell = graph.op("Erf", graph.op("Mul", value, graph.number(2**-0.5)))
        return graph.op("Mul", graph.op("Mul", value, graph.op("Add", bell, graph.number(1.0))), graph.number(0.5))

    def pooled(self, value: str, mask: str) -> str:
        """Mean over the real tokens, then unit length."""
        graph = self.graph
        column = graph.op("Unsqueeze", mask, graph.ints(2))
        total = graph.op("ReduceSum", graph.op("Mul", value, column), graph.ints(1), keepdims=0)
        count = graph.op("ReduceSum", column, graph.ints(1), keepdims=0)
        mean = graph.op("Div", total, count)
        length = graph.op("ReduceL2", mean, graph.ints(1), keepdims=1)
        return graph.op("Div", mean, graph.op("Max", length, graph.number(1e-12)))


def build(safetensors: Path, target: Path) -> None:
    """Write the float32 model to `target`.

    Inputs `input_ids` and `attention_mask`, int64 (batch, length <= 512); output `embedding`,
    float32 (batch, 384), unit length.
    """
    import onnx
    from onnx import TensorProto, helper
    from safetensors.numpy import load_file

    graph = _Graph()
    bert = _Bert(graph, load_file(safetensors))
    mask = graph.op("Cast", "attention_mask", to=TensorProto.FLOAT)
    hidden = graph.op("Sub", mask, graph.number(1.0))
    bias = graph.op("Unsqueeze", graph.op("Mul", hidden, graph.number(10_000.0)), graph.ints(1, 2))
    value = bert.embeddings("input_ids")
    for number in range(LAYERS):
        value = bert.layer(value, bias, number)
    graph.nodes.append(helper.make_node("Identity", [bert.pooled(value, mask)], ["embedding"]))
    shape = ("batch", "length")
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "all-MiniLM-L6-v2",
            [helper.make_tensor_value_info(name, TensorProto.INT64, shape) for name in ("input_ids", "attention_mask")],
            [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ("batch", HIDDEN))],
            graph.weights,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        # The runtime reads files up to its own version; 10 is the first that onnxruntime 1.17 knew.
        ir_version=10,
    )
    # Says "shapes are settled", which spares a warning meant for convolutional models.
    helper.set_model_props(model, {"onnx.quant.pre_process": "onnxruntime.quant"})
    onnx.checker.check_model(model)
    onnx.save(model, target)


def quantise(source: Path, target: Path) -> None:
    """Weights to int8, one scale per output channel: cosine .995 to float, per tensor only .95 (measured)."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(source, target, weight_type=QuantType.QInt8, per_channel=True)


def convert(source: Path, target: Path) -> None:
    """Safetensors in, int8 ONNX out."""
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        whole = Path(scratch) / "float.onnx"
        build(source, whole)
        quantise(whole, target)


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
