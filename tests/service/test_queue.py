"""Requests wait their turn, a bounded number of them for a bounded time; everybody else is told at once when to come back."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi.testclient import TestClient

from service.api.queue import Places, Queue
from service.app import app_of
from service.security.refusals import Busy
from service.settings import Settings
from service.wiring import open_office
from tests.service.records import fill
from tests.service.region import DAY
from tests.service.test_errors import is_problem


def run_apart(story):
    """Run it on a loop of its own thread: a browser of an earlier test may keep this thread's loop."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, story).result()


async def until(condition):
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0)


def test_places_are_given_in_the_order_of_asking_and_nobody_waits_beyond_the_line():
    async def story():
        places, got = Places(at_once=1, waiting=3), []
        await places.take(9)

        async def caller(number):
            await places.take(9)
            got.append(number)

        async with asyncio.TaskGroup() as callers:
            for k in range(3):
                callers.create_task(caller(k))
                await asyncio.sleep(0)
            with pytest.raises(Busy):
                await places.take(9)
            for k in range(3):
                places.give_back()
                await until(lambda k=k: len(got) == k + 1)
        assert got == [0, 1, 2]
        places.give_back()
        await places.take(0.1)

    run_apart(story())


def test_who_gives_up_waiting_or_leaves_loses_no_place_for_others():
    async def story():
        places = Places(at_once=1, waiting=2)
        await places.take(9)
        with pytest.raises(Busy):
            await places.take(0.01)
        leaver = asyncio.create_task(places.take(9))
        await asyncio.sleep(0)
        leaver.cancel()  # leaves, and in the same moment is given the place
        places.give_back()
        with pytest.raises(asyncio.CancelledError):
            await leaver
        await places.take(0.1)
        handed = asyncio.create_task(places.take(9))
        await asyncio.sleep(0)
        places.give_back()
        handed.cancel()  # was given the place, and leaves before seeing it
        with pytest.raises(asyncio.CancelledError):
            await handed
        await places.take(0.1)

    run_apart(story())


def test_a_slow_sender_or_reader_holds_no_place():
    """Two with bodies half sent, one whose answer has begun: the one place is free all the while."""

    async def story():
        begun, read_on, inside = asyncio.Event(), asyncio.Event(), []

        async def app(scope, receive, send):
            inside.append((await receive())["body"] + (await receive())["body"])
            await send({"type": "http.response.start", "status": 200, "headers": []})
            begun.set()
            await read_on.wait()
            await send({"type": "http.response.body", "body": b""})

        async def no_more(message):
            return None

        def body(first, rest):
            async def receive():
                if first:
                    return {"type": "http.request", "body": first.pop(), "more_body": True}
                return {"type": "http.request", "body": await rest, "more_body": False}

            return receive

        queue, scope, loop = Queue(app, 1, 0), {"type": "http", "path": "/x"}, asyncio.get_running_loop()
        rests = [loop.create_future() for _ in range(3)]
        calls = [asyncio.create_task(queue(scope, body([b"a"], rest), no_more)) for rest in rests]
        for rest in rests:
            await asyncio.sleep(0)
            begun.clear()
            rest.set_result(b"b")
            await asyncio.wait_for(begun.wait(), 10)
        read_on.set()
        await asyncio.gather(*calls)
        assert inside == [b"ab"] * 3

    run_apart(story())


def test_a_full_house_answers_503_with_a_time_to_machines_and_to_people_and_probes_pass(tmp_path):
    settings = Settings(home=tmp_path, requests_at_once=1, requests_waiting=0)
    with open_office(settings, day=DAY) as office:
        client, answers = TestClient(app_of(fill(office))), []
        with office.store.write():  # whoever writes now waits, and holds the one place

            def call():
                body = {"kind": "phone", "result": "reached"}
                while (answer := client.post("/api/v1/households/H1/contacts", json=body)).status_code == 503:
                    pass  # came while the other one was asking
                answers.append(answer)

            busy = threading.Thread(target=call)
            busy.start()
            while (told := client.get("/api/v1/me")).status_code == 200:
                pass
            page = client.get("/worklist")
            alive = [client.get(path).status_code for path in ("/health", "/ready", "/static/style.css")]
        busy.join()
        assert is_problem(told, 503, "busy")
        assert int(told.headers["retry-after"]) > 0
        assert (page.status_code, page.headers["retry-after"]) == (503, told.headers["retry-after"])
        assert "同时使用的人太多" in page.text
        assert alive[:2] == [200, 200] and alive[2] != 503
        assert (answers[0].status_code, client.get("/api/v1/me").status_code) == (201, 200)
