"""`voiceassist users` reads the seed file and nothing else."""

import json

import pyotp
import pytest
from click.testing import CliRunner

from voiceassist.adapters.issuer.seed import seed, seed_file
from voiceassist.cli.people import command


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("users")
    seed(made)
    return made


def run(*arguments, **environ):
    return CliRunner().invoke(command, [str(argument) for argument in arguments], env=environ)


def test_people_are_shown_with_a_code_that_is_right_now(folder):
    shown = json.loads(run("--data", folder, "--json").output)
    assert [row["username"] for row in shown] == ["clinician", "admin", "viewer"]
    for row in shown:
        assert pyotp.TOTP(row["totp_secret"]).verify(row["code"], valid_window=1)
        assert 0 < row["code_ends_in"] <= 30
    table = run("--data", folder).output
    assert all(row["password"] in table for row in shown)


def test_production_shows_nothing(folder):
    refused = run("--data", folder, VOICEASSIST_PROFILE="production")
    assert refused.exit_code == 1
    assert "production" in refused.output
    for person in seed(folder):
        assert person.password not in refused.output
        assert person.totp_secret not in refused.output


@pytest.mark.parametrize("content", [None, "", "{}", '{"users": [{}]}', "\xff"])
def test_a_missing_or_damaged_file_is_one_sentence(tmp_path, content):
    if content is not None:
        seed_file(tmp_path).write_text(content)
    refused = run("--data", tmp_path)
    assert refused.exit_code == 1
    assert refused.output.startswith("Error: ")
    assert refused.output.count("\n") == 1
