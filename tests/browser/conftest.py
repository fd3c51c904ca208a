"""The service on a port of its own, and the system's browser."""

import os
import socket
import threading
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import sync_playwright

from service.app import app_of

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


DOWNLOADED = "net::ERR_ABORTED"
"""What the browser says of a page it keeps as a file instead of showing it."""


@pytest.fixture(scope="session")
def chromium():
    """Return the system's Chromium; without it the tests fail and say so."""
    places = [
        os.environ.get("ONEMONTH_CHROMIUM", ""),
        "/usr/bin/chromium",
        "/usr/bin/chromium-browser",
        "/usr/bin/google-chrome",
    ]
    found = [p for p in places if p and Path(p).is_file()]
    if not found:
        pytest.fail(
            "no Chromium found: install the package chromium, or name the program in ONEMONTH_CHROMIUM", pytrace=False
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found[0], args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def served(tmp_path, records):
    """A fresh office on the small region; its identifiers say that it is simulated."""
    with records.office(tmp_path, "SIM-") as office:
        yield office


@pytest.fixture
def site(served):
    """Serve the office on a free port of this machine."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app_of(served), log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture(params=[("zh", 1280), ("en", 360)], ids=lambda p: f"{p[0]}-{p[1]}px")
def page(request, chromium, site):
    """Open a page in a language and a width; anything on the console fails the test."""
    language, width = request.param
    context = chromium.new_context(viewport={"width": width, "height": 800}, base_url=site, java_script_enabled=True)
    context.add_cookies([{"name": "language", "value": language, "url": site}])
    page = context.new_page()
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("requestfailed", lambda call: call.failure == DOWNLOADED or told.append(f"{call.url} failed"))
    page.language = language
    yield page
    context.close()
    assert told == []
