#!/bin/sh
# Puts the checkout on the virtual environment's path, lets its Python calculate as every machine does (service/arithmetic.py) and writes its
# `onemonth` command; nothing is fetched or built.
set -eu
bin=$1
site=$("$bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')
printf '%s\nimport service.arithmetic\n' "$(pwd)" > "$site/onemonth.pth"
cat > "$bin/onemonth" <<END
#!$(pwd)/$bin/python
from service.cli import main

main()
END
chmod +x "$bin/onemonth"
