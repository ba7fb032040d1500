"""Microseconds to seal and to open a value, beside AES-256-GCM alone, and what a request pays for its keys.

    python tests/bench/encryption.py [--seconds 0.5] [--rounds 5]

The peer is the AESGCM of the package cryptography with a nonce and associated data of the same length: what is more in
ours is the header, the place and the counting. Rounds take turns, the best counts; time is CPU time of the process.
A request asks the keyring, which has the tenant's keys, and opens one secret.
"""

import argparse
import asyncio
import json
import os
import time
from collections.abc import Callable
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from voiceassist.adapters.encryption.keyring import Keyring
from voiceassist.adapters.encryption.keys import TenantKeys
from voiceassist.adapters.postgres import Database
from voiceassist.ports.kms import Kms

TENANT = UUID(int=1)
SIZES = {"secret": 32, "passage": 2_000, "frame": 1_048_576}
PLACE = "documents|title|01900000-0000-7000-8000-000000000001"
AAD = f"{PLACE}|1".encode()


def timed(work: Callable[[], object], seconds: float) -> float:
    """CPU microseconds a call."""
    calls, began = 0, time.process_time()
    while (spent := time.process_time() - began) < seconds:
        for _ in range(10):
            work()
        calls += 10
    return spent / calls * 1e6


def works(keys: TenantKeys, cipher: AESGCM, size: int) -> dict[str, Callable[[], object]]:
    plain = os.urandom(size)
    sealed = keys.seal(plain, place=PLACE)
    nonce = os.urandom(12)
    theirs = cipher.encrypt(nonce, plain, AAD)
    return {
        "seal": lambda: keys.seal(plain, place=PLACE),
        "seal peer": lambda: cipher.encrypt(os.urandom(12), plain, AAD),
        "open": lambda: keys.unseal(sealed, place=PLACE),
        "open peer": lambda: cipher.decrypt(nonce, theirs, AAD),
    }


def no_kms() -> Kms:
    raise SystemExit("the keys are kept; nobody is asked")


def request(keys: TenantKeys, seconds: float) -> float:
    """What a request with one sealed value pays, its keys being kept."""
    ring = Keyring(Database(""), no_kms)
    ring._kept[TENANT] = float("inf"), keys
    sealed = keys.seal(b"x" * 32, place=PLACE)

    async def many() -> float:
        calls, began = 0, time.process_time()
        while (spent := time.process_time() - began) < seconds:
            for _ in range(100):
                (await ring.of(TENANT)).unseal(sealed, place=PLACE)
            calls += 100
        return spent / calls * 1e6

    return asyncio.run(many())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    key = os.urandom(32)
    keys = TenantKeys(TENANT, {1: key}, 1, os.urandom(32), allowance=2**40)
    cipher = AESGCM(key)
    best: dict[str, float] = {}
    for _ in range(options.rounds):
        for name, size in SIZES.items():
            for what, work in works(keys, cipher, size).items():
                told = timed(work, options.seconds / len(SIZES))
                best[f"{name} {what}"] = min(told, best.get(f"{name} {what}", told))
        told = request(keys, options.seconds / len(SIZES))
        best["request"] = min(told, best.get("request", told))
        told = timed(lambda: keys.index("documents.doc_key", "Discharge letter 2026"), options.seconds / len(SIZES))
        best["blind index"] = min(told, best.get("blind index", told))
    print(
        json.dumps(
            {"bytes": SIZES, "cpu_microseconds": {name: round(told, 2) for name, told in best.items()}}, indent=2
        )
    )


if __name__ == "__main__":
    main()
