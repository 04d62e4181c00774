"""The service as a process of its own, on fake ensembles: `python -m tests.fake_service`."""

import sys

from app.server.serve import serve
from app.settings import Settings
from tests.app.conftest import FakeEnsemble

if __name__ == "__main__":
    try:
        sys.exit(serve(Settings(), load=lambda _settings: [FakeEnsemble()]))
    except OSError as error:
        sys.exit(str(error))
