from tests.training.fetch.conftest import serve

__all__ = ["serve"]
