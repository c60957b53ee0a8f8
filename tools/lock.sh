#!/bin/sh
# Resolve the ranges of pyproject.toml into the pins of requirements.txt, for every platform and for Python
# from 3.11.0 on (Debian 12 has 3.11.2). Pins already there are kept where they still fit; remove a line to move it.
set -eu
command -v uv >/dev/null 2>&1 || { echo "make lock needs uv: pip install uv" >&2; exit 1; }

compile() {
    uv pip compile pyproject.toml "$@" --universal --python-version 3.11 --quiet \
        --no-header --no-annotate --no-emit-index-url --no-emit-find-links
}

pins=$(mktemp)
trap 'rm -f "$pins"' EXIT
grep -v '^-e' requirements.txt > "$pins"
compile --extra book --extra rl --extra test -o "$pins" > /dev/null
{ cat "$pins"; echo "-e ."; } > requirements.txt
# What the three optional environments need on top of it.
compile --extra book --extra rl --extra test --extra lab -c "$pins" | grep -vxFf "$pins" > tools/requirements/lab.txt
compile --extra browser -c "$pins" | grep -vxFf "$pins" > tools/requirements/browser.txt
compile --extra book --extra rl --extra test --extra mutants -c "$pins" | grep -vxFf "$pins" > tools/requirements/mutants.txt
