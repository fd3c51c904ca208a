"""Make docs/tour.md: a small simulated region, the pages of a caseworker's day as they look, in both languages, desk and phone."""

import os
import socket
import sys
import tempfile
import threading
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import uvicorn
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from matching.errors import Conflict  # noqa: E402
from matching.tables import EXCHANGE  # noqa: E402
from models.simulation import RegionConfig, simulate_region  # noqa: E402
from service import logs  # noqa: E402
from service.app import app_of  # noqa: E402
from service.batch import office_night  # noqa: E402
from service.settings import Settings  # noqa: E402
from service.use_cases.fairs import hold_fair  # noqa: E402
from service.use_cases.rank import rank_member  # noqa: E402
from service.use_cases.refer import refer  # noqa: E402
from service.use_cases.worklist import worklist  # noqa: E402
from service.wiring import Office, open_office  # noqa: E402

AS_OF = date(2026, 6, 10)
REGION = RegionConfig(
    areas=("440103", "440104", "440105"),
    as_of=AS_OF,
    history_days=120,
    households_per_city_day=1.5,
    closure_households=6,
    openings=14.0,
)
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
]
TALLEST = 1700


def main() -> None:
    """Build the region, walk the day, write the pictures and the page."""
    logs.configure("WARNING")
    folder = ROOT / "docs" / "tour"
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    with tempfile.TemporaryDirectory() as home, open_office(Settings(home=Path(home)), day=AS_OF) as office:
        _fill(office)
        stops = _stops(office)
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app_of(office), log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            _take(f"http://127.0.0.1:{listener.getsockname()[1]}", stops, folder)
        finally:
            server.should_exit = True
            thread.join()
    text = "".join(f"## {title}\n\n{words}\n\n![{title}](tour/{name}.png)\n\n" for name, title, words, *_ in stops)
    head = (
        "# A caseworker's day, page by page\n\nMade by `make tour` from a small SIMULATED region (seed 0); nobody in it is real. Pictures "
        "are cut at the foot where a page is long.\n\n"
    )
    (ROOT / "docs" / "tour.md").write_text(head + text.rstrip() + "\n", "utf-8")
    size = sum(p.stat().st_size for p in folder.glob("*.png"))
    print(f"{len(stops)} pictures, {size / 1e6:.2f} MB")


def _fill(office: Office) -> None:
    tables = simulate_region(REGION, 0).tables
    with office.store.write() as tx:
        for table in EXCHANGE:
            if table.name in tables and len(tables[table.name]):
                tx.insert(table.name, tables[table.name])
    for day in (AS_OF - timedelta(days=1), AS_OF):
        office_night(replace(office, today=lambda day=day: day), actor="tour")


def _stops(office: Office) -> list[tuple[str, str, str, str, str, int]]:
    """Return name, title, words, address, language and width of each picture, after doing what the pictures show."""
    row, posts, letter = _first_letter(office)
    member, household = str(row["member_id"]), str(row["household_id"])
    index = office.now()
    shown = index.positions["position_id"].tolist()[:3]
    fair = hold_fair(
        office,
        AS_OF + timedelta(days=7),
        str(index.positions["region_code"].iloc[0]),
        "社区广场",
        shown,
        key="tour-fair",
    )
    me, home = f"/members/{member}", f"/households/{household}"
    return [
        ("worklist", "Who first", "Days left, chance, last and next contact, what blocks; counts on top, filters beside them.", "/worklist", "zh", 1280),
        ("worklist-phone", "The same on a phone", "Rows become cards at 360 px.", "/worklist", "en", 360),
        ("household", "One household, one file", "Four panels, members side by side, clock, tasks, contacts; which member first.", home, "zh", 1280),
        ("member", "The ranked list", "Reasons, problems, what to ask; refer, compare, pin, exclude, disagree, correct.", me, "zh", 1280),
        ("member-en", "The ranked list in English", "The switch is at the top of every page.", me, "en", 1280),
        ("compare", "Two posts beside each other", "What speaks for and against each.", f"{me}/compare?post={posts[1]}&post={posts[2]}", "zh", 1280),
        ("letter", "Letter and slip", "Only what the employer needs; printed in black and white, or as PDF.", f"/letters/{letter}", "zh", 1280),
        ("slips", "A slip comes back", "Find the letter by its number; the overdue ones are listed.", f"/slips?number={letter}", "zh", 1280),
        ("my-list", "The member's own list", "Plain words, large print, how to switch the machine off, how to disagree.", f"{me}/list", "zh", 1280),
        ("morning", "The morning after", "What the night changed, for whom, and why.", "/morning", "zh", 1280),
        ("messages", "Short messages", "At most 70 characters, no name.", "/morning/messages", "zh", 1280),
        ("sheet", "Direct train", "The posts of a household on one sheet.", f"{home}/sheet", "zh", 1280),
        ("cards", "Cards to print", "Contact card and plain-language card.", f"{home}/cards", "zh", 1280),
        ("register", "First registration", "The five clears of the intake talk.", "/register?people=1", "zh", 1280),
        ("register-phone", "First registration on a phone", "At the door of the household.", "/register?people=1", "en", 360),
        ("fair", "A fair", "Who is invited to which table, and the roll to be signed.", f"/fairs/{fair['job_fair_id']}", "zh", 1280),
        ("appeals", "Appeals", "Each with its clock.", "/appeals", "zh", 1280),
    ]  # fmt: skip


def _first_letter(office: Office) -> tuple[dict[str, object], list[str], str]:
    """Return the most urgent member who may be referred today, the posts of the list, and the letter."""
    for row in worklist(office):
        posts = [x.position_id for x in rank_member(office, str(row["member_id"]), limit=3).items]
        try:
            if len(posts) == 3:
                return row, posts, str(refer(office, str(row["member_id"]), posts[0], key="tour-letter")["referral_id"])
        except Conflict:
            continue
    raise SystemExit(
        "tour: expected a member with three posts and a free slot, found none; choose another region or seed"
    )


def _take(site: str, stops: list[tuple[str, str, str, str, str, int]], folder: Path) -> None:
    places = [
        os.environ.get("ONEMONTH_CHROMIUM", ""),
        "/usr/bin/chromium",
        "/usr/bin/chromium-browser",
        "/usr/bin/google-chrome",
    ]
    program = next(p for p in places if p and Path(p).is_file())
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        for name, _, _, address, language, width in stops:
            _picture(browser, site, address, language, width, folder / f"{name}.png")
        browser.close()


def _picture(browser: Browser, site: str, address: str, language: str, width: int, path: Path) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, base_url=site)
    context.add_cookies([{"name": "language", "value": language, "url": site}])
    page = context.new_page()
    answer = page.goto(address, timeout=120_000)
    if answer is None or answer.status != 200:
        raise SystemExit(f"{address}: expected a page, found {None if answer is None else answer.status}")
    tall = min(TALLEST, int(page.evaluate("document.documentElement.scrollHeight")))
    page.set_viewport_size({"width": width, "height": tall})
    page.screenshot(path=path)
    context.close()
    with Image.open(path) as shot:
        shot.convert("P", palette=Image.Palette.ADAPTIVE, colors=32).save(path, optimize=True)


if __name__ == "__main__":
    main()
