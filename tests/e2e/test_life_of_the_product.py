"""Start, second start, memory, Ctrl-C, and the bad days: each ends with one sentence and leaves nothing."""

import json
import socket
import time

import psutil
import pytest

LIMIT_BYTES = 2_500_000_000


def resident(processes: list[psutil.Process]) -> int:
    """Proportional set size where the kernel tells it, so that shared pages count once."""
    total = 0
    for process in processes:
        try:
            total += process.memory_full_info().pss
        except psutil.NoSuchProcess:
            continue
    return total


@pytest.mark.timeout(300)
@pytest.mark.req("P0.9")
def test_start_stop_and_start_again(own_product):
    product = own_product().start()
    assert "seed" in "".join(product.output), "the first start tells where the seeded users are"
    assert product.output[-1].strip() == f"ready: {product.url}"
    used = resident([*product.processes(), psutil.Process(product.process.pid)])
    assert used <= LIMIT_BYTES, f"{used / 1e6:.0f} MB"
    children = product.processes()
    assert product.stop() <= 10
    assert [process for process in children if process.is_running()] == []
    product.start()
    assert product.started_in <= 25
    doctor = json.loads(product.cli("doctor", "--json").stdout)
    engines = {engine["name"]: engine for engine in doctor["engines"]}
    assert {"postgres", "valkey", "qdrant", "seaweedfs"} <= engines.keys(), engines.keys()
    for engine in engines.values():
        assert engine["mode"] == "embedded"
        assert engine["version"]
        assert engine["round_trip_ms"] > 0
    down = product.cli("down")
    assert down.returncode == 0
    product.process.wait(timeout=15)


@pytest.mark.timeout(120)
def test_a_taken_port_is_named_and_nothing_is_left(own_product):
    product = own_product()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", product.base))
        taken.listen()
        with pytest.raises(AssertionError) as caught:
            product.start()
    assert str(product.base) in str(caught.value)
    assert "--port-base" in str(caught.value)
    assert product.process.wait(timeout=10) != 0


@pytest.mark.timeout(180)
def test_two_starts_on_one_data_directory_do_not_collide(own_product):
    product = own_product().start()
    second = product.cli("up", "--data", str(product.data), "--port-base", str(product.base + 100), timeout=60)
    assert second.returncode != 0
    assert len(second.stderr.strip().splitlines()) == 1, second.stderr


@pytest.mark.timeout(300)
@pytest.mark.req("N53")
def test_an_isolated_room_has_no_process_until_it_is_called(own_product):
    product = own_product("--isolated").start()

    def rooms() -> set[str]:
        found = set()
        for process in product.processes():
            try:
                if "voiceassist.runtime.serve" in " ".join(process.cmdline()):
                    found.add(process.environ()["FUNCTION_TARGET"])
            except psutil.NoSuchProcess:
                continue
        return found

    assert "calculators" not in rooms()
    with product.key_client() as client:
        assert client.get("/api/v1/calculators").status_code == 200
    assert "calculators" in rooms()
    stuck = time.monotonic() + 5
    while "notifications" in rooms() and time.monotonic() < stuck:
        time.sleep(0.1)
    assert "notifications" not in rooms()
