"""In a real browser: from the log-in page to the identity provider, which is another site, and back to the page that was asked for."""

import socket
import threading

import httpx2
import uvicorn

from service.app import app_of
from service.security.accounts import Accounts
from service.settings import Settings
from service.wiring import open_office
from tests.service.records import fill
from tests.service.region import DAY
from tests.service.security.identity_provider import CLIENT, SECRET, started


def test_a_person_comes_back_from_the_provider_logged_in(tmp_path, chromium):
    # the provider is at localhost, the service at 127.0.0.1: two different sites
    with started() as issuer, socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        settings = Settings(
            home=tmp_path,
            oidc_issuer=issuer,
            oidc_client_id=CLIENT,
            oidc_client_secret=SECRET,
            public_url=address,
            language="en",
        )
        with open_office(settings, day=DAY) as office:
            fill(office)
            Accounts(office.store).add("li.liwan", "caseworker", None, by="test")
            Accounts(office.store).link("li.liwan", f"{issuer} person-1", by="test")
            server = uvicorn.Server(uvicorn.Config(app_of(office), log_level="error"))
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
            thread.start()
            page = chromium.new_page()
            try:
                page.goto(f"{address}/members/M1")
                page.click("text=identity provider")
                page.wait_for_url(f"{address}/members/M1")
                assert "li.liwan" in page.inner_text("header") and page.locator("h1").count() == 1
                assert httpx2.get(f"{address}/members/M1").status_code == 303
            finally:
                page.close()
                server.should_exit = True
                thread.join()
