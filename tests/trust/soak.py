"""A server at work for long: memory that does not grow, files that are closed again."""

import json
import os
import subprocess
import sys

from tests.trust.frame import ROOT, Figure, check

MEBIBYTES = 8
"""Most memory the straight line through the second half of the run may rise by within it: what one renewal of the index takes and gives."""

FILES = 2
"""Most files that may be open beyond those before, both times while nobody asks: a request at work holds a few, and how many are at work hangs on
the machine."""


@check
def long_soak(ground):
    """Let 40 caseworkers work without a pause to speak of; the short form is too short for slopes and counts answers alone."""
    minutes = ground.size(10, 0.1)
    sizes = {"caseworkers": 40, "think": 2, "members": 500, "positions": 200, "overload": 0, "minutes": minutes}
    options = [word for name, value in sizes.items() for word in (f"--{name}", str(value))]
    command = [sys.executable, "-c", "from service.cli import main; main()", "bench", "load", "--json", *options]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True, env=os.environ)
    found = json.loads(done.stdout.splitlines()[-1])
    asked = found["requests"]
    yield Figure(
        f"requests of {minutes} minutes answered without an error", asked - found["errors"] - found["sent_away"], asked
    )
    if not ground.short:
        late = minutes / 2
        memory = found["memory_mib_per_minute"] * late
        before, after = found["open_files_at_rest_before"], found["open_files_at_rest_after"]
        yield Figure(
            f"servers whose memory rose by at most {MEBIBYTES} MiB in the second half ({memory:+.1f})",
            int(memory <= MEBIBYTES),
            1,
        )
        yield Figure(
            f"servers with at most {FILES} more files open at rest after it than before ({before}, {after})",
            int(after <= before + FILES),
            1,
        )
