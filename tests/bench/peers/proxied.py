"""A peer for the gateway: a bare FastAPI app, and a plain httpx reverse proxy with TLS in front of it.

    python proxied.py app PORT
    python proxied.py proxy PORT TARGET CERTIFICATE KEY

Neither identity, limits, traces, logs, metrics nor a calculation: what gateway and room do comes on top of this.
"""

import sys

import uvicorn

APP = {"value": 93.333, "unit": "mmHg", "text": "The mean arterial pressure is 93 mmHg.", "inputs": [120, 80]}


def app() -> object:
    from fastapi import FastAPI
    from pydantic import BaseModel

    made = FastAPI()

    class Inputs(BaseModel):
        inputs: dict[str, float]

    class Result(BaseModel):
        value: float
        unit: str
        text: str
        inputs: list[float]

    @made.post("/api/v1/calculators/map/compute")
    async def compute(_inputs: Inputs) -> Result:
        return Result(**APP)

    return made


def proxy(target: str) -> object:
    import httpx
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    client = httpx.AsyncClient(base_url=target, trust_env=False, limits=httpx.Limits(max_keepalive_connections=100))

    async def forward(request: Request) -> Response:
        body = await request.body()
        headers = {"content-type": request.headers["content-type"]}
        answer = await client.request(request.method, request.url.path, content=body, headers=headers)
        return Response(answer.content, answer.status_code, media_type=answer.headers["content-type"])

    return Starlette(routes=[Route("/{path:path}", forward, methods=["POST"])])


if __name__ == "__main__":
    kind, port, *rest = sys.argv[1:]
    options = {"ssl_certfile": rest[1], "ssl_keyfile": rest[2]} if kind == "proxy" else {}
    served = app() if kind == "app" else proxy(rest[0])
    uvicorn.run(served, host="127.0.0.1", port=int(port), access_log=False, log_level="critical", **options)
