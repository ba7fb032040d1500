"""Keys of tenants without a database: those of one `secret`, the same every time."""

import hashlib
from dataclasses import dataclass

from voiceassist.adapters.encryption.keys import TenantKeys


@dataclass(frozen=True)
class FixedKeys:
    secret: str = "secret"

    async def of(self, tenant_id):
        return keys(self.secret, tenant_id)


def keys(secret, tenant_id, *, versions=(1,), allowance=10**9, **options):
    def key(name):
        return hashlib.sha256(f"{secret}|{tenant_id}|{name}".encode()).digest()

    made = {version: key(version) for version in versions}
    return TenantKeys(tenant_id, made, max(versions), key("index"), allowance=allowance, **options)
