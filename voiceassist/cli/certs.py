"""`voiceassist certs`: the local certificate authority."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click

from voiceassist.cli.options import data_option
from voiceassist.runtime.engines import certificates
from voiceassist.runtime.engines.faults import EngineError
from voiceassist.runtime.engines.layout import Layout

if TYPE_CHECKING:
    from cryptography.x509 import Certificate


@click.group()
def command() -> None:
    """Show, renew or replace the local certificates."""


@command.command()
@data_option
def show(layout: Layout) -> None:
    """Where the CA lies, its fingerprint, and until when the certificate of localhost is valid."""
    from cryptography import x509

    if not layout.certificate.exists():
        raise EngineError(f"There are no certificates in {layout.tls}: start once with `voiceassist up`.")
    ca, _ = certificates.load_ca(layout)
    leaf = x509.load_pem_x509_certificate(layout.certificate.read_bytes())
    click.echo(f"CA           {layout.ca}")
    click.echo(f"fingerprint  {fingerprint(ca)}")
    click.echo(f"CA until     {ca.not_valid_after_utc:%Y-%m-%d}")
    click.echo(f"localhost    {leaf.not_valid_after_utc:%Y-%m-%d}")


@command.command()
@data_option
def renew(layout: Layout) -> None:
    """Make a new certificate for localhost with the same CA; restart to use it."""
    if not layout.ca.exists():
        raise EngineError(f"There is no CA in {layout.tls}: start once with `voiceassist up`.")
    certificates.create_leaf(layout, now=dt.datetime.now(dt.UTC))
    click.echo(f"renewed {layout.certificate}: restart with `voiceassist down` and `voiceassist up`")


@command.command("import")
@data_option
@click.argument("certificate", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("key", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def import_(layout: Layout, certificate: Path, key: Path) -> None:
    """Use a CA that your browsers trust already, for example that of mkcert: CERTIFICATE and KEY are PEM files."""
    now = dt.datetime.now(dt.UTC)
    certificates.adopt_ca(layout, certificate.read_bytes(), key.read_bytes(), now=now)
    click.echo(f"imported the CA into {layout.tls}: restart with `voiceassist down` and `voiceassist up`")


def fingerprint(certificate: "Certificate") -> str:
    from cryptography.hazmat.primitives import hashes

    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()
