"""python -m voiceassist.adapters.vectord --data DIR --port N --api-key-file FILE [--tls-cert F --tls-key F]"""

import argparse
from pathlib import Path

import uvicorn

from voiceassist.adapters.vectord.app import Door, create_app
from voiceassist.adapters.vectord.worker import Worker


def main() -> None:
    parser = argparse.ArgumentParser(prog="vectord", description="Qdrant's REST interface over its embedded engine.")
    parser.add_argument("--data", type=Path, required=True, help="the directory of the collections")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--api-key-file", type=Path, required=True, help="a file with the key every request must carry")
    parser.add_argument("--tls-cert", type=Path)
    parser.add_argument("--tls-key", type=Path)
    arguments = parser.parse_args()
    key = arguments.api_key_file.read_text().strip()
    if not key:
        parser.error("the API key file is empty")
    arguments.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    uvicorn.run(
        create_app(Door(arguments.data, key, Worker())),
        host=arguments.host,
        port=arguments.port,
        ssl_certfile=arguments.tls_cert,
        ssl_keyfile=arguments.tls_key,
        access_log=False,
        server_header=False,
        log_level="warning",
        timeout_graceful_shutdown=2,
    )


if __name__ == "__main__":
    main()
