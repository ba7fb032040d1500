"""More calls at the same moment than there are connections to anything behind the gateway."""

import asyncio

import httpx

CALLS = 300


async def test_hundreds_of_calls_with_a_key_nobody_remembers_are_all_answered(host, key):
    limits = httpx.Limits(max_connections=CALLS, max_keepalive_connections=CALLS)
    async with httpx.AsyncClient(
        base_url=host.url, verify=host.tls, limits=limits, timeout=60, trust_env=False
    ) as client:
        await asyncio.gather(*(client.get("/health") for _ in range(CALLS)))
        body = {"inputs": {"systolic": 120, "diastolic": 80}}
        calls = (client.post("/api/v1/calculators/map/compute", json=body, headers=key) for _ in range(CALLS))
        answers = await asyncio.gather(*calls)
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json()["text"] for answer in answers} == {answers[0].json()["text"]}
