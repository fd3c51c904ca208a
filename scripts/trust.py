"""``make trust``: every figure with its count, the summary on the last line. ``--short`` for the short form, names for some of them."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from service import logs
from tests.postgres import new_database, running
from tests.trust.frame import Ground, load


def main() -> int:
    """Run the checks; 0 when every figure holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="the short form, as the tests run it")
    parser.add_argument("names", nargs="*", help="only these checks")
    args = parser.parse_args()
    logs.configure("CRITICAL")
    checks = load()
    wanted = args.names or list(checks)
    held, taken, began = 0, 0, time.monotonic()
    with tempfile.TemporaryDirectory() as folder, running(folder) as server:
        ground = Ground.of(folder, lambda: new_database(server), short=args.short)
        for name in wanted:
            start = time.monotonic()
            for figure in checks[name](ground):
                held, taken = held + figure.holds, taken + 1
                print(f"{figure}  [{name}]", flush=True)
            print(f"     {name}: {time.monotonic() - start:.1f} s", flush=True)
    form = "short" if args.short else "full"
    print(f"trust ({form}): {held} of {taken} figures hold, {len(wanted)} checks, {time.monotonic() - began:.0f} s")
    return 0 if held == taken else 1


if __name__ == "__main__":
    raise SystemExit(main())
