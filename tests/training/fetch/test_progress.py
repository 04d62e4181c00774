from training.fetch.progress import Progress


def test_rate_and_time_left_count_from_where_this_run_began():
    lines: list[str] = []
    times = iter([100.0, 110.0])
    progress = Progress("rows", start=50, write=lines.append, clock=lambda: next(times))
    progress.report(100, 400)
    assert lines == ["100/400 rows, 5/s, 0:01:00 left"]


def test_an_unknown_total_is_said_to_be_unknown():
    lines: list[str] = []
    times = iter([0.0, 2.0])
    progress = Progress("rows", write=lines.append, clock=lambda: next(times))
    progress.report(3, None)
    assert lines == ["3/? rows, 1.5/s"]
