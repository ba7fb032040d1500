"""The second line of the CloudEvents SDK, asked over stdin and stdout: one JSON object a line.

It runs in an environment of its own (.make/sdk2), so it imports nothing of this house.
"""

import base64
import json
import sys
import time
from datetime import datetime

from cloudevents.core.bindings import http
from cloudevents.core.v1.event import CloudEvent

WRITE = {"binary": http.to_binary_event, "structured": http.to_structured_event}


def event_of(order):
    attributes = dict(order["attributes"])
    if "time" in attributes:
        attributes["time"] = datetime.fromisoformat(attributes["time"])
    return CloudEvent(attributes, base64.b64decode(order["base64"]) if "base64" in order else order.get("data"))


def message_of(order):
    return http.HTTPMessage(order["headers"], base64.b64decode(order["body"]))


def write(order):
    message = WRITE[order["mode"]](event_of(order))
    return {"headers": message.headers, "body": base64.b64encode(message.body).decode()}


def read(order):
    event = http.from_http_event(message_of(order))
    attributes = event.get_attributes()
    told = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in attributes.items()}
    data = event.get_data()
    if isinstance(data, bytes):
        return {"attributes": told, "base64": base64.b64encode(data).decode()}
    return {"attributes": told, "data": data}


def measure(order):
    """Microseconds for one call, the best of several rounds."""
    if "mode" in order:
        encode, event = WRITE[order["mode"]], event_of(order)
        seconds = best(lambda: encode(event), order)
    else:
        message = message_of(order)
        seconds = best(lambda: http.from_http_event(message), order)
    return {"microseconds": seconds * 1e6}


def best(work, order):
    fastest = float("inf")
    for _ in range(order["rounds"]):
        began = time.perf_counter()
        for _ in range(order["calls"]):
            work()
        fastest = min(fastest, (time.perf_counter() - began) / order["calls"])
    return fastest


def main():
    ways = {"write": write, "read": read, "measure": measure}
    for line in sys.stdin:
        order = json.loads(line)
        try:
            answer = ways[order["way"]](order)
        except Exception as error:  # noqa: BLE001 - which one is what the tests ask for
            answer = {"error": type(error).__name__}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
