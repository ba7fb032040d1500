"""One contract for every keeper of key-encryption keys: a key file, AWS KMS (moto), transit of Vault (a double)."""

import os
import secrets
from dataclasses import replace

import pytest
from moto.server import ThreadedMotoServer

from voiceassist.adapters.kms import keyfile
from voiceassist.adapters.kms.aws import AwsKms
from voiceassist.adapters.kms.keyfile import KeyFile
from voiceassist.adapters.kms.vault import VaultKms, token_in
from voiceassist.core.errors import SettingsError
from voiceassist.ports.kms import KmsUnavailableError, Wrapped, WrappedKeyBrokenError

pytestmark = pytest.mark.req("P11.2")

KEY = secrets.token_bytes(32)
CONTEXT = {"tenant": "t", "purpose": "seal", "version": "1"}
PASSPHRASE = "a passphrase that somebody chose"


@pytest.fixture(scope="module")
def moto():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.fixture
def aws(moto):
    import boto3

    client = boto3.client("kms", endpoint_url=moto, region_name="eu-central-1")

    def new():
        return client.create_key()["KeyMetadata"]["KeyId"]

    made = AwsKms(new(), "eu-central-1", endpoint=moto)
    made.other = lambda: AwsKms(new(), "eu-central-1", endpoint=moto)
    return made


@pytest.fixture
def transit(transit_double):
    server = transit_double.Transit()
    yield server
    server.stop()


@pytest.fixture
def vault(transit, transit_double):
    return VaultKms(transit.url, "voiceassist", lambda: transit_double.TOKEN, namespace="hospital")


@pytest.fixture
def file(tmp_path):
    keyfile.create(tmp_path / "kek.json", PASSPHRASE)
    return KeyFile(tmp_path / "kek.json", lambda: PASSPHRASE)


@pytest.fixture(params=["file", "aws", "vault"])
def kms(request):
    return request.getfixturevalue(request.param)


def test_a_key_comes_back_and_its_wrapping_does_not_show_it(kms):
    wrapped = kms.wrap(KEY, CONTEXT)
    assert wrapped.kek == kms.current()
    assert KEY not in wrapped.data
    assert kms.unwrap(wrapped, CONTEXT) == KEY


def test_a_wrapped_key_opens_under_its_own_words_only(kms):
    wrapped = kms.wrap(KEY, CONTEXT)
    for name in CONTEXT:
        with pytest.raises(WrappedKeyBrokenError):
            kms.unwrap(wrapped, CONTEXT | {name: "9"})


def test_a_changed_one_does_not_open(kms):
    wrapped = kms.wrap(KEY, CONTEXT)
    for data in (wrapped.data[:-9] + bytes([wrapped.data[-9] ^ 1]) + wrapped.data[-8:], wrapped.data[:-12]):
        with pytest.raises(WrappedKeyBrokenError):
            kms.unwrap(replace(wrapped, data=data), CONTEXT)


@pytest.mark.parametrize("kms", ["file", "vault"], indirect=True)
def test_after_a_rotation_the_new_key_wraps_and_the_old_one_opens(kms):
    before = kms.wrap(KEY, CONTEXT)
    name = kms.rotate()
    after = kms.wrap(KEY, CONTEXT)
    assert name == kms.current() == after.kek != before.kek
    assert kms.unwrap(before, CONTEXT) == kms.unwrap(after, CONTEXT) == KEY


def test_aws_opens_what_its_older_key_wrapped_once_another_is_named(aws):
    before = aws.wrap(KEY, CONTEXT)
    other = aws.other()
    assert other.current() != before.kek
    assert other.unwrap(before, CONTEXT) == KEY
    with pytest.raises(SettingsError, match="VOICEASSIST_KMS__KEY"):
        aws.rotate()


class TestKeyFile:
    def test_another_process_sees_a_rotation_without_a_restart(self, file, tmp_path):
        running = KeyFile(tmp_path / "kek.json", lambda: PASSPHRASE)
        assert running.current() == file.current()
        wrapped_by = file.rotate()
        assert running.current() == wrapped_by
        assert running.unwrap(file.wrap(KEY, CONTEXT), CONTEXT) == KEY

    def test_a_wrong_passphrase_and_a_damaged_or_missing_file_are_a_sentence(self, file, tmp_path):
        path = tmp_path / "kek.json"
        with pytest.raises(KmsUnavailableError, match="passphrase"):
            KeyFile(path, lambda: "another passphrase").current()
        whole = path.read_bytes()
        huge = whole.replace(b'"cost": 32768', b'"cost": 1099511627776')
        assert huge != whole
        for broken in (b"", b"{", whole[:-20], whole.replace(b'"format": 1', b'"format": 2'), huge):
            path.write_bytes(broken)
            with pytest.raises(KmsUnavailableError):
                KeyFile(path, lambda: PASSPHRASE).current()
        path.unlink()
        with pytest.raises(KmsUnavailableError, match="cannot be read"):
            KeyFile(path, lambda: PASSPHRASE).current()

    def test_the_file_is_private_and_a_chosen_passphrase_costs_a_guesser(self, file, tmp_path):
        path = tmp_path / "kek.json"
        assert path.stat().st_mode & 0o777 == 0o600
        assert PASSPHRASE.encode() not in path.read_bytes()
        assert (keyfile._read(path).cost, keyfile._read(path).passes) == (2**15, 3)
        before = path.read_bytes()
        keyfile.create(path, PASSPHRASE)
        assert path.read_bytes() == before, "what is there is not replaced"
        with pytest.raises(SettingsError, match="16 characters"):
            keyfile.create(tmp_path / "other.json", "too short")

    def test_the_passphrase_is_changed_and_the_keys_are_the_same(self, file, tmp_path):
        wrapped = file.wrap(KEY, CONTEXT)
        with pytest.raises(SettingsError):
            keyfile.change_passphrase(tmp_path / "kek.json", "not the passphrase", "another long passphrase")
        keyfile.change_passphrase(tmp_path / "kek.json", PASSPHRASE, "another long passphrase")
        assert KeyFile(tmp_path / "kek.json", lambda: "another long passphrase").unwrap(wrapped, CONTEXT) == KEY
        with pytest.raises(KmsUnavailableError):
            KeyFile(tmp_path / "kek.json", lambda: PASSPHRASE).unwrap(wrapped, CONTEXT)

    def test_an_old_key_can_be_forgotten_and_the_one_in_use_cannot(self, file):
        before = file.wrap(KEY, CONTEXT)
        with pytest.raises(SettingsError):
            file.forget(file.current())
        file.rotate()
        file.forget(before.kek)
        assert file.names() == [file.current()]
        with pytest.raises(WrappedKeyBrokenError, match="not in the key file"):
            file.unwrap(before, CONTEXT)


class TestVault:
    def test_token_and_namespace_go_as_headers_and_no_key_in_the_address(self, vault, transit, transit_double):
        vault.wrap(KEY, CONTEXT)
        method, path, headers = transit.requests[-1]
        assert (method, path) == ("POST", "/v1/transit/encrypt/voiceassist")
        lowered = {name.lower(): value for name, value in headers.items()}
        assert lowered["x-vault-token"] == transit_double.TOKEN
        assert lowered["x-vault-namespace"] == "hospital"

    def test_a_sealed_vault_a_refused_token_and_no_vault_are_told_alike(self, vault, transit, tmp_path):
        wrapped = vault.wrap(KEY, CONTEXT)
        transit.sealed = True
        with pytest.raises(KmsUnavailableError):
            vault.unwrap(wrapped, CONTEXT)
        transit.sealed = False
        (tmp_path / "token").write_text("expired\n")
        refused = VaultKms(transit.url, "voiceassist", token_in(tmp_path / "token"))
        nowhere = VaultKms("http://127.0.0.1:9", "voiceassist", lambda: "any")
        without = VaultKms(transit.url, "voiceassist", token_in(tmp_path / "none"))
        unknown = VaultKms(transit.url, "other", lambda: "any")
        for kms in (refused, nowhere, without, unknown):
            with pytest.raises(KmsUnavailableError) as told:
                kms.wrap(KEY, CONTEXT)
            assert "expired" not in told.value.detail


class TestAws:
    def test_an_unknown_key_and_no_kms_are_unavailable(self, moto):
        for kms in (
            AwsKms("alias/nobody", "eu-central-1", endpoint=moto),
            AwsKms("any", "eu-central-1", endpoint="http://127.0.0.1:9"),
        ):
            with pytest.raises(KmsUnavailableError):
                kms.wrap(KEY, CONTEXT)

    def test_what_never_was_a_ciphertext_does_not_open(self, aws):
        with pytest.raises(WrappedKeyBrokenError):
            aws.unwrap(Wrapped(aws.current(), os.urandom(80)), CONTEXT)
