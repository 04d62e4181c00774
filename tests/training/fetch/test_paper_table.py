"""Table I of the paper, from a README and tables of runs as its authors publish them."""

import pytest

from models.errors import DataError
from tests.training.fetch.web_server import Reply
from training.evaluation.published import read_published_table
from training.fetch import paper_table
from training.fetch.download import Downloader
from training.fetch.sources import path_of

ROWS = "| {} | 0.82 (0.21) | 2.53 (2.17) | 1.74 (1.26)      | 2.16 (1.26)     |\n"
README = (
    "## Results: 0.1 (0.1)\n| Train on \\ Test on | Dataset1 | Dataset2 | MIX | AFLOW |\n"
    "| **Step I: No weights MEGNET** | | | | |\n"
    + "".join(map(ROWS.format, ("Dataset1", "Dataset2", "MIX", "AFLOW")))
    + "| **Step II: With weights MEGNET** | | | | |\n"
    + "".join(map(ROWS.format, ("Dataset1", "Dataset2", "MIX", "AFLOW")))
    + "| **Step III: Retrained on AFLOW** | | | | |\n"
    + "".join(map(ROWS.format, ("Dataset1", "Dataset2", "MIX")))
)


def runs(dataset, n_runs=9):
    """Return a table of runs as published, its last row the standard deviations."""
    lines = (f"{n},{dataset},0.2{n},0.1{n},0.3{n},0.44444{n}\n" for n in range(1, n_runs + 1))
    head = "Run,train_on,test_HH143,test_L96,test_MIX,test_AFLOW\n"
    return head + "".join(lines) + ",,0.31,0.14,0.21,0.06\n"


def respond(request, n_runs=9):
    if request.path.endswith("README.md"):
        return Reply(README.encode())
    assert "/src/results_on_train_test/results_" in request.path
    return Reply(runs(request.path.removesuffix(".csv").split("_")[-1], n_runs).encode())


def test_table_and_runs_are_what_the_evaluation_reads(serve, policy, tmp_path):
    web = serve(respond)
    with Downloader(policy) as downloader:
        paper_table.fetch(path_of("paper_table", tmp_path), downloader, web.url)
    published = read_published_table(tmp_path)
    assert published.table["stage3"]["mix"]["aflow"].std == 1.26
    assert published.table["stage1"]["dataset2"]["dataset1"].mean == 0.82
    assert {stage: set(sets) for stage, sets in published.per_split.items()} == {
        "stage1": {"dataset1", "dataset2", "mix", "aflow"},
        "stage2": {"dataset1", "dataset2", "mix", "aflow"},
        "stage3": {"dataset1", "dataset2", "mix"},
    }
    assert published.per_split.keys() == published.table.keys()
    row = published.per_split["stage2"]["aflow"]
    assert (row["dataset1"][0], row["dataset2"][8], row["aflow"][2]) == (0.11, 0.29, 0.4444)
    assert len(web.requests) == 12


def test_a_run_that_is_missing_is_noticed(serve, policy, tmp_path):
    web = serve(lambda request: respond(request, n_runs=8))
    with Downloader(policy) as downloader, pytest.raises(DataError, match="8 of 9 runs"):
        paper_table.fetch(tmp_path / "a.json", downloader, web.url)
    assert not list(tmp_path.iterdir())


def test_a_readme_without_the_table_is_refused(serve, policy, tmp_path):
    web = serve(lambda _: Reply(README.replace("**Step II:", "").encode()))
    with Downloader(policy) as downloader, pytest.raises(DataError, match="no Table I"):
        paper_table.fetch(tmp_path / "a.json", downloader, web.url)
