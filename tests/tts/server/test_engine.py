"""Turns of the engine: who goes next, what happens to those who leave, and how many there may be."""

import asyncio
import threading

import pytest

from tts.server.engine import AHEAD, FAIR, Busy, Closed, SharedEngine


def run(scenario, *, most: int = 10, most_per_user: int = 10):
    """A scenario with an engine, which is closed in the end."""

    async def within():
        engine = SharedEngine(most=most, most_per_user=most_per_user)
        try:
            return await asyncio.wait_for(scenario(engine), 60)
        finally:
            engine.close()

    return asyncio.run(within())


class Steps:
    """Work whose steps wait to be allowed, and that notes in which order the steps of all works were made."""

    def __init__(self, name: str, count: int, order: list[str], seconds: float = 0.0):
        self.name, self.count, self.order, self.seconds = name, count, order, seconds
        self.closed = threading.Event()

    def __iter__(self):
        try:
            for number in range(self.count):
                if self.seconds:
                    threading.Event().wait(self.seconds)
                self.order.append(self.name)
                yield number
        finally:
            self.closed.set()


def gated(allowed: threading.Event):
    """Work that holds the engine until it is allowed to go on."""
    allowed.wait(30)
    yield "first"


def test_a_turn_gives_its_pieces_in_order():
    async def scenario(engine):
        return [piece async for piece in engine.enter("ann", iter(Steps("a", 20, [])))]

    assert run(scenario) == list(range(20))


def test_a_short_turn_goes_before_the_rest_of_a_long_one():
    async def scenario(engine):
        order = []
        book = engine.enter("ann", iter(Steps("book", 6, order, 0.05)))
        await anext(book)
        note = engine.enter("bob", iter(Steps("note", 2, order, 0.05)))
        assert [piece async for piece in note] == [0, 1]
        told = len(order)
        assert [piece async for piece in book] == [1, 2, 3, 4, 5]
        return order[:told]

    order = run(scenario)
    # The piece of the book that was being made when the note came, and perhaps one between, but not the rest.
    assert order.count("note") == 2 and order.count("book") <= 4


def test_a_long_turn_goes_on_however_many_short_ones_come():
    """There is always a short turn that has used the engine less: a new one begins whenever one ends."""
    streams = 3

    async def scenario(engine):
        order = []

        async def notes():
            while True:
                assert [piece async for piece in engine.enter("bob", iter(Steps("note", 2, order, 0.005)))] == [0, 1]

        coming = [asyncio.create_task(notes()) for _ in range(streams)]
        pieces = [piece async for piece in engine.enter("ann", iter(Steps("book", 6, order, 0.005)))]
        for task in coming:
            task.cancel()
        await asyncio.gather(*coming, return_exceptions=True)
        return pieces, "".join(name[0] for name in order)

    pieces, order = run(scenario)
    assert pieces == list(range(6)) and order.count("n") > 6
    assert max(map(len, order.split("b")[1:-1])) <= FAIR * (streams + 1)


def test_a_client_who_takes_nothing_holds_up_nobody_and_costs_a_bounded_memory():
    async def scenario(engine):
        order = []
        engine.enter("ann", iter(Steps("lazy", 1000, order)))
        other = engine.enter("bob", iter(Steps("eager", 50, order)))
        assert len([piece async for piece in other]) == 50
        return order

    assert run(scenario).count("lazy") <= AHEAD


def test_who_leaves_frees_the_place_and_what_the_work_holds():
    async def scenario(engine):
        work = Steps("left", 1000, [])
        turn = engine.enter("ann", iter(work))
        await anext(turn)
        turn.leave()
        await asyncio.to_thread(work.closed.wait, 30)
        assert work.closed.is_set()
        while engine.turns:
            await asyncio.sleep(0.01)
        return [piece async for piece in engine.enter("ann", iter(Steps("next", 1, [])))]

    assert run(scenario, most=1) == [0]


def test_an_error_is_the_turns_own():
    def broken():
        yield 1
        raise ValueError("of this turn")

    async def scenario(engine):
        turn = engine.enter("ann", broken())
        assert await anext(turn) == 1
        with pytest.raises(ValueError, match="of this turn"):
            await anext(turn)
        return [piece async for piece in engine.enter("ann", iter(Steps("next", 1, [])))]

    assert run(scenario) == [0]


def test_there_are_bounds_for_each_user_and_for_all():
    async def scenario(engine):
        allowed = threading.Event()
        turns = [engine.enter("ann", gated(allowed)), engine.enter("ann", gated(allowed))]
        with pytest.raises(Busy) as own:
            engine.enter("ann", gated(allowed))
        turns.append(engine.enter("bob", gated(allowed)))
        with pytest.raises(Busy) as whole:
            engine.enter("eve", gated(allowed))
        allowed.set()
        assert [await anext(turn) for turn in turns] == ["first"] * 3
        assert own.value.own and not whole.value.own
        assert own.value.seconds >= 1 and whole.value.seconds >= 1

    run(scenario, most=3, most_per_user=2)


def test_closing_ends_all_turns():
    async def scenario(engine):
        work = Steps("long", 10**9, [])
        turn = engine.enter("ann", iter(work))
        await anext(turn)
        await asyncio.to_thread(engine.close)
        with pytest.raises(Closed):
            while True:
                await anext(turn)
        assert work.closed.is_set()
        with pytest.raises(Busy):
            engine.enter("ann", iter(work))

    run(scenario)
