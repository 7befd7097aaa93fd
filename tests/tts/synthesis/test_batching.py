"""Sentences that share steps: each gets its own codes, whoever joins, leaves, fails or waits beside it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from threading import Event

import pytest

from tts.synthesis.batching import STINT, ContinuousBatch


@dataclass(eq=False)
class Numbers:
    """A generation whose codes are numbers."""

    start: int
    count: int
    fails: int | None = None  # at this one
    over: bool = False
    made: int = 0


def advance(generations):
    if any(own.fails == own.made for own in generations):
        raise ValueError("a step failed")
    spoken = []
    for own in generations:
        more = own.made < own.count
        spoken.append((own.start + own.made, None) if more else None)
        own.made += more
    return spoken


def make(most: int) -> tuple[ContinuousBatch, list[int]]:
    """A batch, and how many took part in each of its steps."""
    sizes = []
    return ContinuousBatch(lambda: advance, most, sizes.append), sizes


def codes(drawn) -> list[int]:
    return [code for code, _ in drawn]


def test_everyone_gets_its_own_codes_in_order():
    batch, sizes = make(3)
    drawings = [batch.draw(Numbers(100 * number, 20 + number)) for number in range(7)]
    with ThreadPoolExecutor(7) as pool:
        drawn = list(pool.map(codes, drawings))
    assert drawn == [list(range(100 * number, 101 * number + 20)) for number in range(7)]
    assert max(sizes) == 3 and sum(sizes) == sum(map(len, drawn)) + 7  # a last step finds that there is no more


def test_who_waits_for_a_code_draws_those_of_others_along():
    batch, sizes = make(4)
    one, other, late = (batch.draw(Numbers(start, 30), alone=start == 200) for start in (0, 100, 200))
    assert codes(islice(one, 4)) == [0, 1, 2, 3] and sizes == [2] * 4
    assert codes(islice(late, 2)) == [200, 201] and sizes[4:] == [1, 1]  # alone, as nothing of it sounds yet
    late.run_on()
    assert codes(islice(one, 3)) == [4, 5, 6] and sizes[6:] == [3] * 3
    assert codes(islice(other, 7)) == list(range(100, 107)) and codes(islice(late, 3)) == [202, 203, 204]
    assert len(sizes) == 9


def test_who_is_drawn_alone_waits_for_no_step_of_others():
    inside, allowed = Event(), Event()

    def steps():
        def advancing(generations):
            if generations[0].start == 0:
                inside.set()
                allowed.wait(30)
            return advance(generations)

        return advancing

    batch = ContinuousBatch(steps, 2)
    slow, new = batch.draw(Numbers(0, 3)), batch.draw(Numbers(10, 9), alone=True)
    with ThreadPoolExecutor(1) as pool:
        led = pool.submit(codes, slow)
        inside.wait(30)
        assert codes(islice(new, 5)) == list(range(10, 15))
        allowed.set()
        assert led.result(30) == [0, 1, 2]


def test_alone_nothing_is_shared():
    batch, sizes = make(1)
    one, other = batch.draw(Numbers(0, 5)), batch.draw(Numbers(10, 5))
    assert codes(one) == list(range(5)) and codes(other) == list(range(10, 15)) and set(sizes) == {1}


def test_one_who_comes_to_a_full_batch_waits_for_a_bounded_number_of_steps():
    batch, sizes = make(2)
    long = [batch.draw(Numbers(1000 * number, 900)) for number in range(2)]
    next(long[0])
    waited = len(sizes)
    assert codes(islice(batch.draw(Numbers(-5, 3)), 3)) == [-5, -4, -3]
    assert len(sizes) - waited <= STINT + 3
    assert [codes(own) for own in long] == [list(range(1, 900)), list(range(1000, 1900))]


def test_who_leaves_frees_the_place_at_once():
    batch, sizes = make(2)
    gone, generation = batch.draw(left := Numbers(0, 100)), Numbers(100, 100)
    stays = batch.draw(generation)
    assert codes(islice(stays, 2)) == [100, 101] and sizes == [2, 2]
    gone.close()
    assert codes(islice(stays, 2)) == [102, 103] and sizes == [2, 2, 1, 1]
    assert left.over and left.made == 2 and list(gone) == []
    del stays
    assert generation.over


def test_who_leaves_while_a_step_is_made_ends_whoever_waits_for_it():
    inside, allowed = Event(), Event()

    def slow(generations):
        inside.set()
        allowed.wait(30)
        return advance(generations)

    batch = ContinuousBatch(lambda: slow, 2)
    leads, leaves = batch.draw(Numbers(0, 3)), batch.draw(Numbers(10, 3))
    with ThreadPoolExecutor(2) as pool:
        led = pool.submit(codes, leads)
        inside.wait(30)
        waits = pool.submit(codes, leaves)
        leaves.close()
        assert waits.result(30) == []
        allowed.set()
        assert led.result(30) == [0, 1, 2]


def test_a_fault_is_that_of_one():
    batch, sizes = make(3)
    good = [batch.draw(Numbers(100 * number, 10)) for number in range(2)]
    bad = batch.draw(Numbers(500, 10, fails=4))
    with ThreadPoolExecutor(3) as pool:
        drawn = [pool.submit(codes, own) for own in (*good, bad)]
    assert [own.result() for own in drawn[:2]] == [list(range(10)), list(range(100, 110))]
    with pytest.raises(ValueError, match="a step failed"):
        drawn[2].result()
    assert codes(batch.draw(Numbers(7, 2))) == [7, 8]


def test_what_was_drawn_before_a_fault_is_given_before_it():
    batch, _ = make(2)
    bad, good = batch.draw(Numbers(0, 10, fails=3)), batch.draw(Numbers(100, 6))
    assert codes(good) == list(range(100, 106))
    assert codes(islice(bad, 3)) == [0, 1, 2]
    with pytest.raises(ValueError, match="a step failed"):
        next(bad)
