"""Long tests of the whole service: chaos, soak; `python -m tests.endurance`."""
