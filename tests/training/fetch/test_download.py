import hashlib
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from models.errors import DataError
from tests.training.fetch.web_server import Reply
from training.fetch.download import Downloader


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_passing_faults_are_outlasted(serve, policy, status):
    replies = [status, status, 200]
    web = serve(lambda _: Reply(b"data", status=replies.pop(0)))
    with Downloader(policy) as downloader:
        assert downloader.parsed(web.url, bytes.decode) == "data"
    assert len(web.requests) == 3


@pytest.mark.parametrize(
    "retry_after",
    [
        lambda: "30",
        lambda: format_datetime(datetime.now(UTC) + timedelta(seconds=33), usegmt=True),
    ],
    ids=["seconds", "date"],
)
def test_the_wait_the_server_asks_for_is_kept(serve, policy, retry_after):
    replies = [429, 200]
    web = serve(lambda _: Reply(b"", replies.pop(0), {"Retry-After": retry_after()}))
    slept: list[float] = []
    with Downloader(replace(policy, longest_delay=60.0), slept.append) as downloader:
        downloader.parsed(web.url, bytes)
    assert len(slept) == 1
    assert 25 < slept[0] <= 33


def test_a_retry_after_that_is_no_time_is_ignored(serve, policy):
    replies = [503, 200]
    web = serve(lambda _: Reply(b"ok", replies.pop(0), {"Retry-After": "soon"}))
    with Downloader(policy) as downloader:
        assert downloader.parsed(web.url, bytes) == b"ok"


def test_a_request_that_hangs_is_asked_again(serve, policy):
    release = threading.Event()

    def respond(_):
        if len(web.requests) == 1:
            release.wait(5)
        return Reply(b"late")

    web = serve(respond)
    with Downloader(replace(policy, timeout=0.2)) as downloader:
        assert downloader.parsed(web.url, bytes) == b"late"
    release.set()
    assert len(web.requests) == 2


def test_a_refusal_is_not_repeated(serve, policy):
    web = serve(lambda _: Reply(status=404))
    with Downloader(policy) as downloader, pytest.raises(DataError, match="answered 404"):
        downloader.parsed(web.url, bytes)
    assert len(web.requests) == 1


def test_a_server_that_stays_down_ends_in_an_error_naming_it(serve, policy):
    web = serve(lambda _: Reply(status=503))
    with Downloader(policy) as downloader, pytest.raises(DataError, match="answered 503"):
        downloader.parsed(web.url, bytes)
    assert len(web.requests) == policy.attempts


def test_an_address_that_is_none_is_not_tried(policy):
    with Downloader(policy) as downloader, pytest.raises(DataError, match="--base-url"):
        downloader.parsed("aflow.org", bytes)


def test_a_file_broken_off_is_fetched_again(serve, policy, tmp_path):
    content = bytes(range(256)) * 1000

    def respond(_):
        if len(web.requests) == 1:
            return Reply(content[:100_000], promised=len(content))
        return Reply(content)

    web = serve(respond)
    path = tmp_path / "weights"
    with Downloader(policy) as downloader:
        downloader.file(web.url, path, hashlib.sha256(content).hexdigest())
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_with_another_checksum_is_not_kept(serve, policy, tmp_path):
    web = serve(lambda _: Reply(b"tampered"))
    with Downloader(policy) as downloader, pytest.raises(DataError, match="sha256"):
        downloader.file(web.url, tmp_path / "weights", "0" * 64)
    assert list(tmp_path.iterdir()) == []
