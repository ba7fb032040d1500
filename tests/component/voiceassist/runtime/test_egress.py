"""The way out over real sockets: what a sink may do to us, and what it may not."""

import asyncio
import datetime as dt
import os
import time

import pytest

from voiceassist.runtime.egress import DetectorUnavailableError, PhiViolationError
from voiceassist.runtime.egress.outside import Outside
from voiceassist.runtime.egress.web import LARGEST_ANSWER, Egress, NoAnswerError
from voiceassist.runtime.engines import certificates
from voiceassist.runtime.engines.layout import Layout
from voiceassist.runtime.settings import Egress as Section
from voiceassist.runtime.settings import Settings


def authority(folder) -> Layout:
    layout = Layout(folder)
    layout.data.mkdir(parents=True)
    certificates.ensure(layout, now=dt.datetime.now(dt.UTC))
    return layout


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    return authority(tmp_path_factory.mktemp("ca") / "ours")


@pytest.fixture
async def egress(ours):
    made = Egress(Settings(ca_file=str(ours.ca), egress=Section(allow_private=True)))
    yield made
    await made.close()


@pytest.fixture
def sink(sinks, ours):
    with sinks.Sink((str(ours.certificate), str(ours.certificate_key))) as running:
        yield running


async def post(egress, url, body=b"{}", limit=5.0, **headers):
    return await egress.post(url, headers={"content-type": "application/json"} | headers, body=body, limit=limit)


async def failure(egress, url, limit=5.0):
    began = time.monotonic()
    with pytest.raises(NoAnswerError) as unanswered:
        await post(egress, url, limit=limit)
    assert time.monotonic() - began < limit + 2
    return unanswered.value.reason


async def test_a_post_arrives_as_it_was_sent_and_the_answer_comes_back(egress, sink):
    sink.otherwise = (202, {"Retry-After": "7"}, b"thanks")
    answer = await post(egress, f"{sink.url}/hooks/1?a=b%20c", b"\x00body", **{"webhook-id": "1"})
    assert (answer.status, answer.headers["retry-after"], answer.body) == (202, "7", b"thanks")
    (request,) = sink.received
    assert (request.path, request.body) == ("/hooks/1?a=b%20c", b"\x00body")
    assert request.headers["host"] == f"localhost:{sink.port}"
    assert request.headers["webhook-id"] == "1"
    assert request.headers.keys() == {"host", "content-type", "content-length", "webhook-id"}


async def test_connections_are_kept_for_the_next_post(egress, sink):
    for _ in range(3):
        assert (await post(egress, sink.url)).status == 204
    assert len({request.peer for request in sink.received}) == 1


async def test_redirects_are_answers_and_nothing_else(egress, sink):
    sink.otherwise = (307, {"location": f"{sink.url}/elsewhere"}, b"")
    answer = await post(egress, f"{sink.url}/here")
    assert answer.status == 307
    assert [request.path for request in sink.received] == ["/here"]


async def test_a_proxy_of_the_environment_is_not_used(ours, sink, monkeypatch):
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setitem(os.environ, name, "http://127.0.0.1:9")
    made = Egress(Settings(ca_file=str(ours.ca), egress=Section(allow_private=True)))
    assert (await post(made, sink.url)).status == 204
    await made.close()


async def test_a_certificate_of_somebody_else_is_no_sink(sinks, egress, tmp_path):
    theirs = authority(tmp_path / "theirs")
    with sinks.Sink((str(theirs.certificate), str(theirs.certificate_key))) as other:
        assert await failure(egress, other.url) == "UNREACHABLE"
        assert other.received == []


async def test_a_certificate_for_another_name_is_no_sink(ours, sink):
    async def here(_host, _port):
        return ["127.0.0.1"]

    made = Egress(Settings(ca_file=str(ours.ca), egress=Section(allow_private=True)), resolve=here)
    assert (await post(made, sink.url)).status == 204
    assert await failure(made, f"https://elsewhere.example:{sink.port}/") == "UNREACHABLE"
    assert len(sink.received) == 1
    await made.close()


async def test_the_local_authority_counts_in_development_only(ours, sink):
    async def here(_host, _port):
        return ["93.184.216.34"]

    made = Egress(Settings(profile="production", ca_file=str(ours.ca)), resolve=here)
    assert (
        made.tls().cert_store_stats()["x509_ca"] + 1
        == Egress(Settings(ca_file=str(ours.ca), egress=Section(allow_private=True)))
        .tls()
        .cert_store_stats()["x509_ca"]
    )


@pytest.mark.parametrize(
    ("manner", "reason"),
    [("hang", "TIMEOUT"), ("trickle", "TIMEOUT"), ("reset", "UNREACHABLE"), ("garbage", "UNREACHABLE")],
)
async def test_bad_manners_are_no_answer_within_the_deadline(egress, sink, sinks, manner, reason):
    sink.otherwise = getattr(sinks, manner)
    assert await failure(egress, sink.url, limit=1.0) == reason


async def test_an_answer_that_does_not_end_is_cut(egress, sink, sinks):
    sink.script.append(sinks.flood)
    answer = await post(egress, sink.url)
    assert (answer.status, len(answer.body)) == (200, LARGEST_ANSWER)
    assert (await post(egress, sink.url)).status == 204


async def test_nobody_there_is_no_answer(egress, free_port):
    assert await failure(egress, f"https://localhost:{free_port}/") == "UNREACHABLE"


async def test_plain_http_is_for_this_machine(egress, sinks):
    with sinks.Sink() as plain:
        assert (await post(egress, plain.url)).status == 204
        assert await failure(egress, plain.url.replace("http://", "https://")) == "UNREACHABLE"


async def test_a_silent_sink_holds_up_nobody_else(egress, sink, sinks):
    with sinks.Sink() as silent:
        silent.otherwise = sinks.hang
        waiting = [asyncio.create_task(failure(egress, silent.url, limit=3.0)) for _ in range(40)]
        await asyncio.to_thread(silent.wait_for, 40)
        began = time.monotonic()
        assert (await post(egress, sink.url)).status == 204
        assert time.monotonic() - began < 2.0
        assert await asyncio.gather(*waiting) == ["TIMEOUT"] * 40


@pytest.mark.req("C4.5")
class TestQuestions:
    """Literature and search: GET with a question that was looked through."""

    @staticmethod
    async def ask(outside, sink, **question):
        url = f"{sink.url}/esearch"
        return await outside.ask("literature", url, question, headers={"accept": "application/json"}, limit=5.0)

    async def test_a_question_goes_into_the_query(self, egress, sink, gate_of):
        sink.otherwise = (200, {}, b"x" * (LARGEST_ANSWER + 10))
        answer = await self.ask(Outside(gate_of(), egress), sink, db="pubmed", term="gout & colchicine=1")
        assert (answer.status, len(answer.body)) == (200, LARGEST_ANSWER + 10)
        (request,) = sink.received
        assert request.path == "/esearch?db=pubmed&term=gout+%26+colchicine%3D1"

    async def test_one_that_names_somebody_is_not_asked(self, egress, sink, gate_of):
        outside = Outside(gate_of(), egress)
        with pytest.raises(PhiViolationError) as refused:
            await self.ask(outside, sink, db="pubmed", term="gout, MRN 4419820, and colchicine")
        assert refused.value.suggestion == "gout and colchicine"
        assert sink.received == []

    async def test_nobody_to_look_means_that_nothing_is_asked(self, egress, sink, gate_of):
        def broken(_text):
            raise OSError

        with pytest.raises(DetectorUnavailableError):
            await self.ask(Outside(gate_of(find=broken), egress), sink, term="gout")
        assert sink.received == []
