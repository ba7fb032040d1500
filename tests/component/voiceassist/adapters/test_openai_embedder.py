"""The remote embedder against a server on this machine that counts what reaches it, behind the real gate."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from functions.phi.domain.scan import detect
from voiceassist.adapters.openai_embedder import BATCH, OpenAiEmbedder
from voiceassist.core.errors import DependencyTimeoutError, ExternalApiError, UnavailableError
from voiceassist.runtime.egress import Gate, PhiBlockedError, Scanner, policy
from voiceassist.runtime.egress.transport import blocking_transport
from voiceassist.runtime.settings import Settings

pytestmark = [pytest.mark.req("P5.5"), pytest.mark.req("G8")]

DIMENSION = 6
IDENTIFIED = {
    "SSN": "Patient with SSN 123-45-6789 has gout.",
    "EMAIL": "Write to anna.smith@example.org about the gout.",
    "PHONE": "Call (617) 555-0142 when the gout is back.",
    "MRN": "MRN: 00482913 has gout.",
    "DATE": "Seen on March 3, 2024 for gout.",
    "IP": "The pump at 10.20.30.40 alarms.",
}


def numbers(text: str) -> list[float]:
    return [float(text.count(letter)) + 0.5 for letter in "aeiout"]


class Fake:
    """An OpenAI-compatible server; `answers` are faults for the next requests."""

    def __init__(self) -> None:
        self.requests: list[dict] = []
        self.answers: list = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                fake.requests.append({"path": self.path, "key": self.headers["authorization"], **body})
                answer = fake.answers.pop(0) if fake.answers else None
                if isinstance(answer, float):
                    time.sleep(answer)
                status, data = answer if isinstance(answer, tuple) else (200, fake.data(body["input"]))
                sent = json.dumps(data).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(sent)))
                self.end_headers()
                self.wfile.write(sent)

            def log_message(self, *_args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"

    def data(self, texts):
        items = [{"object": "embedding", "index": n, "embedding": numbers(text)} for n, text in enumerate(texts)]
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        return {"object": "list", "model": "m", "data": items[::-1], "usage": usage}


@pytest.fixture
def fake():
    made = Fake()
    yield made
    made.server.shutdown()
    made.server.server_close()


def gate(exceptions="", *, find=detect, models=True):
    """The product's gate with the room's shapes for a detector."""

    class Shapes:
        def find(self, text, *, known=(), kind=None):
            return find(text)

    made = Gate(policy.load(None, exceptions), Scanner(Shapes), models=models)
    return lambda texts: made.outgoing_now("embeddings", texts).texts


def embedder(fake, *, name="text-embedding-3-large", guard=None, url=None, **options):
    options = {"timeout_seconds": 5.0, "transport": blocking_transport()} | options
    return OpenAiEmbedder(name, DIMENSION, url=url or fake.url, key="secret", gate=guard or gate(), **options)


def test_texts_become_unit_vectors_in_their_order(fake):
    texts = [f"a text about aspirin number {n} " + "e" * n for n in range(BATCH + 3)]
    vectors = embedder(fake).embed_passages(texts)
    expected = np.array([numbers(text) for text in texts], dtype=np.float32)
    assert np.allclose(vectors, expected / np.linalg.norm(expected, axis=1, keepdims=True), atol=1e-6)
    assert [len(request["input"]) for request in fake.requests] == [BATCH, 3]
    first = fake.requests[0]
    assert (first["path"], first["key"], first["model"], first["dimensions"]) == (
        "/v1/embeddings", "Bearer secret", "text-embedding-3-large", DIMENSION,
    )  # fmt: skip


def test_another_model_is_not_asked_for_a_size(fake):
    embedder(fake, name="bge-small").embed_query("gout")
    assert "dimensions" not in fake.requests[0]


def test_the_model_is_named_so_that_no_other_is_taken_for_it(fake):
    model = embedder(fake).model
    assert (model.id, model.pooling) == ("text-embedding-3-large/remote/remote/6", "remote")


@pytest.mark.parametrize("label", sorted(IDENTIFIED))
def test_a_text_with_identifiers_never_leaves(fake, label):
    """Nor do its neighbours in the same call: nothing at all reaches the server."""
    assert label in {one.label for one in detect(IDENTIFIED[label])}
    ours = embedder(fake)
    with pytest.raises(PhiBlockedError) as refused:
        ours.embed_passages(["Gout is treated early.", "x" * 250_000, IDENTIFIED[label]])
    with pytest.raises(PhiBlockedError):
        ours.embed_query(IDENTIFIED[label])
    assert fake.requests == []
    assert IDENTIFIED[label] not in str(refused.value)


def test_an_identifier_on_the_border_of_two_portions_is_found():
    for start in range(19_980, 20_001):
        with pytest.raises(PhiBlockedError):
            gate()(["x" * (start - 1) + " SSN 123-45-6789 " + "x" * 900])


def test_by_default_nothing_leaves(fake):
    assert Settings().models.remote_policy == "deny"
    with pytest.raises(PhiBlockedError):
        embedder(fake, guard=gate(models=False)).embed_query("gout")
    assert fake.requests == []


def test_a_scan_that_gives_no_answer_is_a_no(fake):
    def broken(_text):
        raise OSError

    with pytest.raises(UnavailableError) as refused:
        embedder(fake, guard=gate(find=broken)).embed_query("gout")
    assert refused.value.code == "PHI_SCAN_UNAVAILABLE"
    assert fake.requests == []


def test_where_policy_says_so_a_text_leaves_without_its_identifiers(fake):
    embedder(fake, guard=gate("embeddings.*=redact")).embed_query(IDENTIFIED["SSN"])
    assert fake.requests[0]["input"] == ["Patient with SSN [SSN] has gout."]


def test_an_address_that_is_neither_inside_nor_outside_is_not_called(fake):
    """The cloud's metadata service, and a name that leads to both sides."""
    for host in ("169.254.169.254", "0.0.0.0"):
        with pytest.raises(UnavailableError):
            embedder(fake, url=f"http://{host}:1/v1", retries=0).embed_query("gout")
    both = blocking_transport(find=lambda _host, _port: ["127.0.0.1"])
    assert embedder(fake, url=fake.url.replace("127.0.0.1", "model.example"), transport=both).embed_query("gout").shape
    assert len(fake.requests) == 1


def test_an_overloaded_server_is_asked_again(fake):
    fake.answers = [(429, {"error": {"message": "slow"}}), (503, {"error": {"message": "busy"}})]
    assert embedder(fake).embed_query("gout").shape == (DIMENSION,)
    assert len(fake.requests) == 3


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([(500, {"error": {"message": "gout"}})] * 3, UnavailableError),
        ([(401, {"error": {"message": "gout"}})], ExternalApiError),
        ([(400, {"error": {"message": "gout"}})], ExternalApiError),
        ([(200, {"object": "list", "data": []})], ExternalApiError),
        ([(200, {"object": "list", "data": [{"index": 0, "embedding": [1.0] * (DIMENSION + 1)}]})], ExternalApiError),
        ([(200, {"object": "list", "data": [{"index": 1, "embedding": [1.0] * DIMENSION}]})], ExternalApiError),
        ([(200, {"object": "list", "data": [{"index": 0, "embedding": [0.0] * DIMENSION}]})], ExternalApiError),
        (
            [(200, {"object": "list", "data": [{"index": 0, "embedding": [float("nan")] * DIMENSION}]})],
            ExternalApiError,
        ),
        ([(302, {})], ExternalApiError),
    ],
)
def test_a_wrong_answer_is_an_error_without_its_words(fake, answers, expected):
    fake.answers = list(answers)
    with pytest.raises(expected) as refused:
        embedder(fake).embed_query("gout")
    assert "gout" not in f"{refused.value} {refused.value.__cause__}"


def test_a_server_that_is_slow_or_gone_is_unavailable(fake, free_port):
    fake.answers = [1.0]
    with pytest.raises(DependencyTimeoutError):
        embedder(fake, timeout_seconds=0.2, retries=0).embed_query("gout")
    with pytest.raises(UnavailableError):
        embedder(fake, url=f"http://127.0.0.1:{free_port}/v1", retries=0).embed_query("gout")


def test_nothing_is_sent_for_nothing_and_long_texts_are_cut(fake):
    ours = embedder(fake)
    assert ours.embed_passages([]).shape == (0, DIMENSION)
    assert fake.requests == []
    ours.embed_query("word " * 20_000)
    assert len(fake.requests[0]["input"][0]) < 25_000
    assert ours.count_tokens("word " * 20_000) > 8191  # counted whole, whatever is sent
    assert ours.count_tokens("flurbozamab") == 4
