# The verbs of this project. `make book` and `make test` need nothing but make and Python 3.11 or newer:
# each makes .venv on its first run. `make help` lists the others.
#
#   PYTHON=python3.12      the Python that .venv is made from
#   NB=book/01_....ipynb   the notebooks that `run`, `text` and `fold` work on (default: all)
#   SOLUTIONS=no           build the book without the solutions of the exercises
#   OUT=/tmp/somewhere     build the book elsewhere than _build
#   ARGS='--sample 100'    what `mutants` is told (and `coverage`)
#   JOBS=2                 processes that `make test` uses

PYTHON ?= python3
VENV ?= .venv
OUT ?= .
JOBS ?= 2
SOLUTIONS ?= yes
NB ?= $(sort $(wildcard book/*.ipynb book/reference/*.ipynb))

BIN := $(VENV)/bin
READY := $(VENV)/.ready
LAB := $(VENV)/.ready-lab
MUTANTS := $(VENV)/.ready-mutants
HTML := $(OUT)/_build/html

# The book is computed on the CPU, so that its numbers are the same on every machine.
export JAX_PLATFORMS := cpu
export SOLUTIONS
# Installed files win over whatever the caller's shell points Python at.
unexport PYTHONPATH PYTHONHOME

.DEFAULT_GOAL := help
.PHONY: help book test test-code run study lab text fold check lint types claims exercises test-browser bench lock clean distclean

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): requirements.txt pyproject.toml tools/bootstrap.sh
	@sh tools/bootstrap.sh "$(PYTHON)" "$(VENV)" requirements.txt
	@touch $@

$(LAB): $(READY) tools/requirements/lab.txt
	@sh tools/bootstrap.sh "$(PYTHON)" "$(VENV)" tools/requirements/lab.txt
	@touch $@

$(MUTANTS): $(READY) tools/requirements/mutants.txt
	@sh tools/bootstrap.sh "$(PYTHON)" "$(VENV)" tools/requirements/mutants.txt
	@touch $@

# Always from nothing: Sphinx repeats a warning only for pages it reads again, so a second build would forget it.
book: $(READY) ## build the book; prints the path of its first page
	@rm -rf "$(OUT)/_build"
	@$(BIN)/jupyter-book build . -W -n --keep-going --quiet --path-output "$(OUT)"
	@echo "The book is built: open $(abspath $(HTML))/index.html"

test: $(READY) ## unit tests, doctests, every notebook (nbval, strict), checks of the book, claims
	@$(BIN)/python -m pytest -q -n $(JOBS) --dist loadfile --nbval --nbval-current-env --nbval-cell-timeout=120 tests ngtools book
	@$(BIN)/python book/_ext/claims.py

test-code: $(READY) ## unit tests and doctests only
	@$(BIN)/python -m pytest -q -n $(JOBS) --dist loadfile tests ngtools

run: $(READY) ## execute notebooks in place (NB=... for one)
	@$(BIN)/python tools/run_notebooks.py $(NB)

study: $(READY) ## recompute the long results that chapters show (book/_data)
	@$(BIN)/python -m ngtools.experiments

lab: $(LAB) ## open the chapters in JupyterLab
	$(BIN)/jupyter lab book

text: $(READY) ## open notebooks as MyST text in text/ (NB=... for one); `make fold` brings the edits back
	@$(BIN)/python tools/text_window.py open $(NB)

fold: $(READY) ## fold edited text/ back into the notebooks, then `make run`
	@$(BIN)/python tools/text_window.py fold

links: $(READY) ## every link of the built book (addresses elsewhere: their form only; nothing is fetched)
	@test -f "$(HTML)/index.html" || $(MAKE) book
	@$(BIN)/python tools/check_links.py "$(HTML)"

audit: $(READY) ## the environment is the pinned one and fits together (no network)
	@$(BIN)/python tools/check_environment.py requirements.txt

check: audit lint types book links test ## audit, lint, types, book, links, test

lint: $(READY) ## ruff
	@$(BIN)/ruff check .

types: $(READY) ## mypy over ngtools
	@$(BIN)/mypy

claims: $(READY) ## which test checks which displayed equation
	@$(BIN)/python book/_ext/claims.py --list

exercises: $(READY) ## how many exercises and wrong answers with feedback each chapter has
	@$(BIN)/python -m ngtools.exercises

test-browser: $(READY) ## every built page in Chromium (needs chromium and Playwright; says how to get them)
	@$(BIN)/python tests/browser/requirements.py
	@test -f "$(HTML)/index.html" || $(MAKE) book
	@$(BIN)/python -m pytest -q -p no:cacheprovider -n $(JOBS) tests/browser --html-root "$(HTML)"

fuzz: $(READY) ## every public function, asked wrongly many times (a few times in test)
	@FUZZ=50 $(BIN)/python -m pytest -q -p no:cacheprovider tests/fuzz

mutants: $(MUTANTS) ## small changes of the code, and whether the tests notice (a sample; hours for all: see tools/mutants.py)
	@TEETH=all nice $(BIN)/python -m pytest -q -p no:cacheprovider tests/teeth
	@nice $(BIN)/python tools/mutants.py $(ARGS)

coverage: $(READY) ## lines and branches of ngtools that no test runs
	@$(BIN)/python -m pytest -q -n $(JOBS) --dist loadfile --cov --cov-report=term $(ARGS) tests ngtools

bench: $(READY) ## measurements against peers (never part of test)
	@$(BIN)/python -m benchmarks

lock: $(READY) ## rewrite the pinned environment from the ranges in pyproject.toml (needs uv)
	@sh tools/lock.sh

clean: ## remove what was built
	rm -rf _build text build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage htmlcov
	find . -name __pycache__ -not -path './.venv*' -prune -exec rm -rf {} +

distclean: clean ## and the environment
	rm -rf $(VENV)
