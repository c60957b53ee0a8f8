"""Say what the browser tests need and do not find. Installs nothing.

usage: python tests/browser/requirements.py    exit status 1 if something is missing
"""

import importlib.util
import shutil
import sys

missing = []
if importlib.util.find_spec("playwright") is None:
    missing.append("Playwright for Python:  .venv/bin/python -m pip install -r tools/requirements/browser.txt")
if shutil.which("chromium") is None:
    missing.append("Chromium:               sudo apt install chromium   (any `chromium` on the PATH will do)")
if missing:
    sys.exit("The browser tests need\n  " + "\n  ".join(missing))
