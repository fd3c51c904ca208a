#!/bin/sh
# What the tests need beyond Python: Chromium with a Chinese font, and what letters as PDF are set with (pango, harfbuzz). Installed where we may, named where we may not.
# (PostgreSQL comes as a Python wheel.)
set -eu
pango() { ldconfig -p 2>/dev/null | grep -q libpango-1.0 && ldconfig -p | grep -q libharfbuzz-subset; }
found() { command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1; }
if ! { found && pango; } && command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y chromium fonts-noto-cjk libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0; } >/dev/null 2>&1 || true
fi
found || { echo "missing: chromium (install the package chromium, then run make test again)" >&2; exit 1; }
pango || { echo "missing: pango and harfbuzz-subset (Debian: libpangoft2-1.0-0 libharfbuzz-subset0), then run make test again" >&2; exit 1; }
