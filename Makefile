# make build | run | test | lint | bench | notebooks | pictures: all that one needs to know.
# Everything that is made goes to the cache, to dashboard-server/web/{node_modules,dist} and to
# bin/; nothing outside is touched, except that root on Debian gets missing packages installed.

export CARGO_TARGET_DIR ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/millrace/target
WEB := dashboard-server/web
DEBUG := $(CARGO_TARGET_DIR)/debug/millrace
RELEASE := $(CARGO_TARGET_DIR)/release/millrace
PYTHON := sh scripts/python.sh
NPM := npm --prefix $(WEB) --no-fund --no-audit

# Where `make pictures` puts them; the one of the README is copied to docs/pictures.
PICTURES ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/millrace/pictures

# Where `make notebooks` puts the pages that it makes of them.
NOTEBOOKS ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/millrace/notebooks

.PHONY: help build run test soak test-rust test-web test-python test-browser lint lint-rust lint-web bench notebooks pictures web clean

help:
	@echo 'make build      the web app and the release binary, linked at bin/millrace'
	@echo 'make run        build, fill an empty data directory with the demo company, serve it'
	@echo 'make test       all tests: Rust, web, Python readers, notebooks, a real browser'
	@echo 'make soak       hours of kill -9, of random sequences and of backups; BURSTS=20 SEQUENCES=50 SECONDS=60 for less'
	@echo 'make lint       formatting, clippy, biome, tsc; cargo deny and machete where installed'
	@echo 'make bench      side by side with DuckDB, a bare SQLite loop, pgbench and wise-pizza;'
	@echo '                BENCH_ARGS="--events 1000000" BENCH_OPERATIONS_ARGS="--seconds 5" BENCH_DASHBOARD_ARGS="--events 1000000" for a short one'
	@echo 'make notebooks  executes the notebooks over a demo company, as pages with their charts; OPEN=1 opens'
	@echo '                them in Jupyter instead. Over your own: MILLRACE_URL, MILLRACE_TOKEN, MILLRACE_DATA_DIR'
	@echo 'make pictures   pictures of the pages, and the one of the README'

build: web
	@sh scripts/need.sh cargo cc
	cargo build --release --locked --package millrace
	@mkdir -p bin
	@ln -sfn '$(RELEASE)' bin/millrace

run: build
	@sh scripts/run.sh $(RUN_ARGS)

# --- the web app

# Installed only when the lock file changed.
$(WEB)/node_modules/.installed: $(WEB)/package-lock.json
	@sh scripts/need.sh node npm
	$(NPM) ci
	@touch $@

WEB_SOURCES := $(shell find $(WEB) -type f \( -path '$(WEB)/src/*' -o -path '$(WEB)/public/*' \) 2>/dev/null) \
	$(wildcard $(WEB)/*.html $(WEB)/*.ts $(WEB)/*.json)

$(WEB)/dist/index.html: $(WEB)/node_modules/.installed $(WEB_SOURCES)
	$(NPM) run build
	@touch $@

web: $(WEB)/dist/index.html

# --- tests, all on the debug build

test: test-rust test-web test-python test-browser

test-rust:
	@sh scripts/need.sh cargo cc
	@sh scripts/need.sh postgresql || echo 'tests on PostgreSQL will be skipped' >&2
	@sh scripts/need.sh mariadb || echo 'tests on MariaDB will be skipped' >&2
	@sh scripts/need.sh cjk-font || echo 'tests of reports will be skipped' >&2
	cargo test --workspace --locked

test-web: $(WEB)/node_modules/.installed
	$(NPM) test

# The tests of the whole need the binary, and building them makes it with the same features: a
# `cargo build` of the one package would compile the stack a second time.
$(DEBUG): FORCE
	cargo test --workspace --locked --no-run

FORCE:

test-python: $(DEBUG)
	@sh scripts/need.sh cjk-font || echo 'charts will lack Chinese letters, and no report is written' >&2
	MILLRACE='$(DEBUG)' $(PYTHON) -m pytest tests/python -q

test-browser: $(DEBUG) web
	@sh scripts/need.sh chromium cjk-font
	sh scripts/served.sh '$(DEBUG)' $(NPM) run browser

# The long run of what `make test` does a little of: servers killed in the middle of writes, rounds and
# compactions on both databases, random sequences made step by step and at once, and backups one after the
# other under writes.
soak:
	@sh scripts/need.sh cargo cc postgresql
	MILLRACE_TEST_BURSTS=$(or $(BURSTS),200) cargo test --workspace --locked --test it -- killed:: together::
	MILLRACE_TEST_SEQUENCES=$(or $(SEQUENCES),1000) cargo test --workspace --locked --test it -- incremental::
	MILLRACE_TEST_SECONDS=$(or $(SECONDS),600) cargo test --workspace --locked --test it -- backed_up::

# --- lint

lint: lint-rust lint-web

lint-rust:
	@sh scripts/need.sh cargo cc
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	@if command -v cargo-deny >/dev/null; then cargo deny check bans licenses sources; else echo 'cargo deny is not installed: skipped'; fi
	@if command -v cargo-machete >/dev/null; then cargo machete; else echo 'cargo machete is not installed: skipped'; fi

lint-web: $(WEB)/node_modules/.installed
	$(NPM) run lint

# --- beside the peers, and the pictures

bench: build
	MILLRACE='$(RELEASE)' $(PYTHON) benches/run.py $(BENCH_ARGS)
	MILLRACE='$(RELEASE)' $(PYTHON) benches/operations.py $(BENCH_OPERATIONS_ARGS)
	MILLRACE='$(RELEASE)' $(PYTHON) benches/freshness.py $(BENCH_FRESHNESS_ARGS)
	MILLRACE='$(RELEASE)' $(PYTHON) benches/freshness.py --database temporary $(BENCH_FRESHNESS_ARGS)
	MILLRACE='$(RELEASE)' $(PYTHON) benches/backup.py $(BENCH_BACKUP_ARGS)
	MILLRACE='$(RELEASE)' $(PYTHON) benches/dashboard.py $(BENCH_DASHBOARD_ARGS)
	MILLRACE='$(RELEASE)' $(PYTHON) benches/report.py $(BENCH_REPORT_ARGS)
	PINS=drivers.txt $(PYTHON) benches/drivers.py $(BENCH_DRIVERS_ARGS)

# Over a demo company of their own, or over the server that MILLRACE_URL names.
notebooks: build
	@sh scripts/need.sh cjk-font
ifdef OPEN
	MILLRACE='$(RELEASE)' PINS='notebooks/requirements.txt notebooks/lab.txt' \
		$(if $(MILLRACE_URL),,sh scripts/served.sh '$(RELEASE)') $(PYTHON) -m jupyterlab --notebook-dir notebooks
else
	MILLRACE='$(RELEASE)' $(if $(MILLRACE_URL),,sh scripts/served.sh '$(RELEASE)') \
		$(PYTHON) notebooks/run.py --out '$(NOTEBOOKS)'
endif

pictures: build
	@sh scripts/need.sh chromium cjk-font
	OUT='$(PICTURES)/demo' sh scripts/served.sh '$(RELEASE)' $(NPM) run pictures
	DEMO=none OUT='$(PICTURES)/empty' sh scripts/served.sh '$(RELEASE)' $(NPM) run pictures
	@mkdir -p docs/pictures
	cp '$(PICTURES)/demo/dashboard-1440-zh-light.png' docs/pictures/dashboard.png
	@echo 'the pictures are in $(PICTURES)'

clean:
	rm -rf bin $(WEB)/dist $(WEB)/node_modules
	cargo clean
