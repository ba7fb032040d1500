import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def conformance() -> Path:
    """The CloudEvents and Knative conformance data (not part of this repository)."""
    folder = Path(os.environ.get("VOICEASSIST_EVAL_DATA", ROOT.parent / "shared" / "data")) / "conformance"
    if not folder.is_dir():
        pytest.skip(f"no conformance data: set VOICEASSIST_EVAL_DATA to the folder that holds {folder.name}/")
    return folder
