from data.prepare.cache import ResultCache


def test_work_is_done_once_and_again_only_for_other_input(tmp_path):
    cache, made = ResultCache(tmp_path), []

    def work(value):
        return lambda: made.append(value) or {"value": value}

    assert cache.once("stage", ["a", 1], work(1)).value == {"value": 1}
    assert cache.once("stage", ["a", 1], work(2)).value == {"value": 1}
    assert cache.once("stage", ["a", 2], work(3)).value == {"value": 3}
    assert cache.once("other", ["a", 1], work(4)).value == {"value": 4}
    assert made == [1, 3, 4]


def test_a_record_that_cannot_be_read_is_made_again(tmp_path):
    cache = ResultCache(tmp_path)
    cache.once("stage", [], lambda: {"value": 1})
    (path,) = tmp_path.glob("stage/*/*.json")
    for broken in (b"", b'{"value": {"val', b"[]", b"\xff"):
        path.write_bytes(broken)
        assert cache.once("stage", [], lambda: {"value": 2}).value == {"value": 2}


def test_work_that_fails_leaves_nothing(tmp_path):
    def fail():
        raise ValueError("no")

    try:
        ResultCache(tmp_path).once("stage", [], fail)
    except ValueError:
        pass
    assert not list(tmp_path.rglob("*.json"))
