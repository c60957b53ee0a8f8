#!/bin/sh
# Make a virtual environment and install requirements into it, or say plainly what is missing.
# usage: bootstrap.sh PYTHON VENV REQUIREMENTS...
set -eu
python=$1 venv=$2
shift 2

say() { printf '%s\n' "$@" >&2; }

# A half-made or foreign .venv (no working pip) is remade; a working one is kept and brought up to date.
if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    command -v "$python" >/dev/null 2>&1 || {
        say "'$python' was not found. Python 3.11 or newer is needed:" \
            "  Debian, Ubuntu:  sudo apt install python3 python3-venv" \
            "  or name another: make PYTHON=/path/to/python3.12"
        exit 1
    }
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
        say "$("$python" --version 2>&1) is too old: Python 3.11 or newer is needed." \
            "Name a newer one if you have it: make PYTHON=python3.12"
        exit 1
    }
    "$python" -c 'import venv, ensurepip' 2>/dev/null || {
        say "This Python has no venv module (Debian and Ubuntu ship it apart):" \
            "  sudo apt install python3-venv"
        exit 1
    }
    echo "Making $venv with $("$python" --version) ..."
    "$python" -m venv --clear "$venv"
fi

echo "Installing the pinned environment into $venv (a minute or two the first time) ..."
for requirements in "$@"; do
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$requirements" || {
        say "" "pip could not install $requirements (its reason is above)." \
            "The network is needed for this step, and only for this step. Behind a proxy set https_proxy;" \
            "for a mirror set PIP_INDEX_URL. Then run the same command again."
        exit 1
    }
done
