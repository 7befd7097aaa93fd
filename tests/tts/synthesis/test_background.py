"""Work in another thread comes in order, with its errors, and ends with whoever takes it."""

import threading

import pytest

from tts.synthesis.background import background


def test_items_come_in_order_from_another_thread():
    makers = []
    items = (makers.append(threading.current_thread()) or number for number in range(50))
    assert list(background(items)) == list(range(50))
    assert set(makers).isdisjoint({threading.current_thread()})


def test_an_error_is_raised_where_items_are_taken():
    def broken():
        yield 1
        raise ValueError("no more")

    taken = background(broken())
    assert next(taken) == 1
    with pytest.raises(ValueError, match="no more"):
        next(taken)


def test_the_thread_ends_when_nobody_takes_any_more():
    running = threading.active_count()

    def endless():
        while True:
            yield 0

    taken = background(endless())
    next(taken)
    taken.close()
    assert threading.active_count() == running


def test_no_more_items_wait_than_are_asked_for():
    made, waiting = [], threading.Semaphore(0)

    def counted():
        for number in range(6):
            made.append(number)
            waiting.release()
            yield number

    taken = background(counted(), ahead=2)
    for number in range(4):
        assert next(taken) == number
        while len(made) < number + 3:  # it makes as many as may wait
            assert waiting.acquire(timeout=60)
        assert len(made) == number + 3
    taken.close()
    assert len(made) == 6
