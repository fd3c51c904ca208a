#!/bin/sh
# What the tests need beyond Python: Chromium with a Chinese font. Installed where we may, named where we may not.
# (PostgreSQL comes as a Python wheel.)
set -eu
found() { command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1; }
if ! found && command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y chromium fonts-noto-cjk; } >/dev/null 2>&1 || true
fi
found || { echo "missing: chromium (install the package chromium, then run make test again)" >&2; exit 1; }
