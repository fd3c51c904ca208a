"""Make docs/tour.md: simulated regions, the pages of each role's day as they look, in both languages, desk and phone."""

import os
import socket
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import uvicorn
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from matching.errors import Conflict  # noqa: E402
from matching.reports import Period  # noqa: E402
from matching.tables import EXCHANGE  # noqa: E402
from models.evaluate import train_and_evaluate  # noqa: E402
from models.simulation import SCENARIOS, RegionConfig, simulate_region  # noqa: E402
from models.train import TrainConfig  # noqa: E402
from service import logs  # noqa: E402
from service.app import app_of  # noqa: E402
from service.batch import office_night  # noqa: E402
from service.settings import Settings  # noqa: E402
from service.storage.store import TRAINING_TABLES  # noqa: E402
from service.use_cases.bulletins import publish  # noqa: E402
from service.use_cases.fairs import hold_fair  # noqa: E402
from service.use_cases.model_life import set_shadow  # noqa: E402
from service.use_cases.post_desk import Asked, desk_list  # noqa: E402
from service.use_cases.post_entry import Unit, register_post  # noqa: E402
from service.use_cases.rank import rank_member  # noqa: E402
from service.use_cases.refer import refer  # noqa: E402
from service.use_cases.uploads import send_in  # noqa: E402
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

Stop = tuple[str, str, str, str, str, str, int]
"""Role, name, title, words, address, language and width of a picture."""


def main() -> None:
    """Build the region, walk the day, write the pictures and the page."""
    logs.configure("WARNING")
    folder = ROOT / "docs" / "tour"
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    stops = [stop for fill in (_casework, _workshop) for stop in _walked(fill, folder)]
    text = ""
    for role in dict.fromkeys(stop[0] for stop in stops):
        text += f"## {role}\n\n"
        text += "".join(f"### {t}\n\n{words}\n\n![{t}](tour/{n}.png)\n\n" for r, n, t, words, *_ in stops if r == role)
    head = (
        "# The day of each role, page by page\n\nMade by `make tour` from small SIMULATED regions (seed 0); nobody in them is real. Pictures "
        "are cut at the foot where a page is long.\n\n"
    )
    (ROOT / "docs" / "tour.md").write_text(head + text.rstrip() + "\n", "utf-8")
    size = sum(p.stat().st_size for p in folder.glob("*.png"))
    print(f"{len(stops)} pictures, {size / 1e6:.2f} MB")


def _walked(fill: Callable[[Office], list[Stop]], folder: Path) -> list[Stop]:
    """Put an office together, do what its pictures show, take them, and return its stops."""
    with tempfile.TemporaryDirectory() as home, open_office(Settings(home=Path(home)), day=AS_OF) as office:
        stops = fill(office)
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
    return stops


def _fill(office: Office, region: RegionConfig) -> None:
    tables = simulate_region(region, 0).tables
    with office.store.write() as tx:
        for table in EXCHANGE:
            if table.name in tables and len(tables[table.name]):
                tx.insert(table.name, tables[table.name])


def _workshop(office: Office) -> list[Stop]:
    """Return the analyst's stops: a year of a city, two versions, one in charge, the other in the shadow of some lists."""
    _fill(office, SCENARIOS["base"])
    for seed in (0, 1):
        config = TrainConfig(random_state=seed, weighting="none", max_rounds=40, cutoff=AS_OF)
        trained, evaluation = train_and_evaluate(office.store.snapshot(TRAINING_TABLES), config)
        office.registry.save(
            trained, evaluation, made_by="analyst-1", made_at=f"{AS_OF - timedelta(days=60 - seed)}T09:00:00+08:00"
        )
    office.registry.promote(
        "v0001", by="analyst-1", approved_by="head-1", at=f"{AS_OF - timedelta(days=56)}T09:00:00+08:00"
    )
    set_shadow(office, "v0002", by="analyst-1")
    for row in worklist(office)[:12]:
        rank_member(office, str(row["member_id"]))
    office.shadow.wait()
    who = "The analyst"
    return [
        (who, "models", "What was in charge when", "Versions, who decided and who approved, steps that wait for a second person.", "/models", "zh", 1280),
        (who, "model", "One version", "Gates, figures with intervals, calibration, groups, card.", "/models/v0001", "zh", 1280),
        (who, "model-compare", "Two versions beside each other", "Paired differences where both saw the same referrals.", "/models/compare", "en", 1280),
        (who, "model-watch", "The watch", "Drift of inputs and of calibration since the promotion, by week.", "/models/watch", "zh", 1280),
        (who, "model-shadow", "The shadow", "What the other version would have shown.", "/models/shadow", "en", 360),
        (who, "model-overrides", "Departures", "Whether officers who departed from the list did better; by reason, never by officer.", "/models/overrides", "zh", 1280),
    ]  # fmt: skip


def _casework(office: Office) -> list[Stop]:
    """Return the stops of the caseworker, the supervisor and the auditor, after two nights and what the pictures show."""
    _fill(office, REGION)
    for day in (AS_OF - timedelta(days=1), AS_OF):
        office_night(replace(office, today=lambda day=day: day), actor="tour")
    return _stops(office)


def _stops(office: Office) -> list[Stop]:
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
    me, home, who = f"/members/{member}", f"/households/{household}", "The caseworker"
    bulletin = publish(office, "monthly", Period.month_of(AS_OF).before.label).bulletin_id
    return [
        (who, "worklist", "Who first", "Days left, chance, last and next contact, what blocks; counts on top, filters beside them.", "/worklist", "zh", 1280),
        (who, "worklist-phone", "The same on a phone", "Rows become cards at 360 px.", "/worklist", "en", 360),
        (who, "household", "One household, one file", "Four panels, members side by side, clock, tasks, contacts; which member first.", home, "zh", 1280),
        (who, "member", "The ranked list", "Reasons, problems, what to ask; refer, compare, pin, exclude, disagree, correct.", me, "zh", 1280),
        (who, "member-en", "The ranked list in English", "The switch is at the top of every page.", me, "en", 1280),
        (who, "compare", "Two posts beside each other", "What speaks for and against each.", f"{me}/compare?post={posts[1]}&post={posts[2]}", "zh", 1280),
        (who, "letter", "Letter and slip", "Only what the employer needs; printed in black and white, or as PDF.", f"/letters/{letter}", "zh", 1280),
        (who, "slips", "A slip comes back", "Find the letter by its number; the overdue ones are listed.", f"/slips?number={letter}", "zh", 1280),
        (who, "my-list", "The member's own list", "Plain words, large print, how to switch the machine off, how to disagree.", f"{me}/list", "zh", 1280),
        (who, "morning", "The morning after", "What the night changed, for whom, and why.", "/morning", "zh", 1280),
        (who, "messages", "Short messages", "At most 70 characters, no name.", "/morning/messages", "zh", 1280),
        (who, "sheet", "Direct train", "The posts of a household on one sheet.", f"{home}/sheet", "zh", 1280),
        (who, "cards", "Cards to print", "Contact card and plain-language card.", f"{home}/cards", "zh", 1280),
        (who, "register", "First registration", "The five clears of the intake talk.", "/register?people=1", "zh", 1280),
        (who, "register-phone", "First registration on a phone", "At the door of the household.", "/register?people=1", "en", 360),
        (who, "fair", "A fair", "Who is invited to which table, and the roll to be signed.", f"/fairs/{fair['job_fair_id']}", "zh", 1280),
        (who, "appeals", "Appeals", "Each with its clock.", "/appeals", "zh", 1280),
        ("The supervisor", "supervisor", "The region at a glance", "Stock, flow, promises kept, retention; which promises are likely to break.", "/supervisor", "zh", 1280),
        ("The supervisor", "outlook", "What the night foresaw", "What blocks each promise, who holds nothing, what one more opening is worth.", "/supervisor/outlook", "zh", 1280),
        ("The supervisor", "outlook-phone", "The same on a phone", "In English, at 360 px.", "/supervisor/outlook", "en", 360),
        ("The supervisor", "bulletin", "A bulletin", "Frozen when published; as page, workbook and PDF.", f"/bulletins/{bulletin}", "zh", 1280),
        ("The auditor", "journal", "The journal", "Filtered, with its chain walked and the result shown.", "/journal", "zh", 1280),
        ("The auditor", "evidence", "The evidence of one household", "Everything offered, shown and decided as one signed file.", f"/journal?household={household}", "en", 1280),
        *_desk_stops(office),
    ]  # fmt: skip


def _desk_stops(office: Office) -> list[Stop]:
    """Return the stops of the employer desk and of the files, after taking in a post and sending in a file."""
    who = "The post officer"
    unit = str(office.store.read("employers", ["employer_id"])["employer_id"].iloc[0])
    street = str(office.now().positions["region_code"].iloc[0])
    told = {"kind": "EMPLOYER", "title": "包装工（限女性）", "duties": "给产品贴标、装箱，年龄要求：45岁以下", "occupation_code": "69901", "region_code": street,
            "wage_min": 200000, "wage_max": 230000, "contract_months": 12, "insured": "medical", "shift_start": 510, "shift_end": 1050}  # fmt: skip
    held = f"/desk/posts/{register_post(office, Unit(unit), told, key='tour-post')['position_id']}"
    open_one = next(p["position_id"] for p in reversed(desk_list(office, Asked("open"), limit=500).items))
    rows = "家庭编号,家庭档案号,居住地,认定日期,民族,低保情况\nSIM-X1,示例-1,{0},2026年6月1日,汉,享受中\nSIM-X2,示例-2,{0},2026年13月1日,汉,无\n"
    sent = send_in(office, "零就业家庭台账.csv", rows.format(street).encode())
    return [
        (who, "desk", "The employer desk", "Posts by what they wait for; the one confirmed longest ago first, confirmed in one tap.", "/desk", "zh", 1280),
        (who, "desk-phone", "The desk on a phone", "The same list at 360 px.", "/desk", "en", 360),
        (who, "desk-held", "A post held back", "What was found, where, and what to change; the occupation suggested; let through after correction.", held, "zh", 1280),
        (who, "desk-members", "Whom a post suits", "Numbers and reasons; nothing about health or categories.", f"/desk/posts/{open_one}/members", "zh", 1280),
        (who, "imports", "Files in and out", "Send a workbook in, see what became of others, take tables home.", "/imports", "zh", 1280),
        (who, "import", "A file before it is brought in", "What each column means, what the first rows become, what would be refused.", f"/imports/{sent.upload_id}", "zh", 1280),
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


def _take(site: str, stops: list[Stop], folder: Path) -> None:
    places = [
        os.environ.get("ONEMONTH_CHROMIUM", ""),
        "/usr/bin/chromium",
        "/usr/bin/chromium-browser",
        "/usr/bin/google-chrome",
    ]
    program = next(p for p in places if p and Path(p).is_file())
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        for _, name, _, _, address, language, width in stops:
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
