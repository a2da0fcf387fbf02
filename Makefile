# Every path is relative and quoted where it is made absolute: the checkout may stand in a folder with a space in its name.

.PHONY: need-terraform build demo demo-destroy demo-nomad wheel test-wheel fixtures servers test-core test-salt test matrix \
	soak soak-consul soak-disk_full soak-exclusion soak-soak soak-scenarios check lint bench clean
.DELETE_ON_ERROR:

python := .venv/bin/python
salt_run := .venv/bin/salt-run -c .demo/conf
tools := salt maturin pytest pytest-timeout pytest-xdist ruff mypy
rust_files := $(shell find src -name '*.rs') Cargo.toml Cargo.lock rust-toolchain.toml pyproject.toml
python_files := $(shell find python -type f -name '*.py*' ! -name '*.pyc')
linted := python tests benches pillar-examples
# pyo3's build script wants an absolute path.
with_python := PYO3_PYTHON="$$PWD/$(python)"
PARALLEL ?= 4
export RUST_TEST_THREADS ?= 4
# Without make's own flags: its two jobs are not the number of cargo's.
cargo_test := MAKEFLAGS= cargo test --locked --no-default-features --no-fail-fast
pytest := $(python) -m pytest tests/salt

build: .venv/.core

# First of all: nobody waits for a build to learn that something else is missing.
need-terraform:
	@.ci/need terraform >/dev/null

.venv/.tools: constraints/python.txt
	@.ci/need rust
	python="$$(.ci/python)" && "$$python" -m venv .venv
	$(python) -m pip install --quiet --disable-pip-version-check --constraint constraints/python.txt $(tools)
	@touch $@

.venv/.core: .venv/.tools $(rust_files)
	@.ci/need rust
	VIRTUAL_ENV="$$PWD/.venv" $(python) -m maturin develop --release --locked
	@touch $@

demo: need-terraform build
	@mkdir -p -m 700 .demo
	@terraform="$$(.ci/need terraform)" && $(python) pillar-examples/configure.py .demo --root .demo/srv \
		--pillar pillar-examples/demo --states salt --terraform "$$terraform"
	$(salt_run) infrastructure.orchestrate production

demo-destroy: build
	@test -d .demo/conf || { echo "There is no demo to take down: make demo makes one." >&2; exit 1; }
	$(salt_run) infrastructure.destroy production confirm=production

# Three layers on this machine: Nomad and Consul are the tests' own, built where they are not on PATH.
demo-nomad: need-terraform build servers
	@terraform="$$(.ci/need terraform)" && $(python) tests/servers/demo.py "$$terraform"

# What `make build` has compiled, as a wheel, for the tests to look into.
target/wheels/.packed: .venv/.core $(python_files)
	rm -rf target/wheels
	VIRTUAL_ENV="$$PWD/.venv" $(python) -m maturin build --release --locked --out target/wheels
	@touch $@

# A compiler in a folder of its own: it is large, and only the wheel needs it.
.venv/zig/.installed: .venv/.tools constraints/wheel.txt
	rm -rf .venv/zig
	$(python) -m pip install --quiet --disable-pip-version-check --constraint constraints/wheel.txt \
		--target .venv/zig ziglang
	@touch $@

# For other machines: dist/saltext_eos-*.whl.
wheel: .venv/.tools .venv/zig/.installed
	@.ci/need rust
	.ci/wheel

# Installs Salt and the wheel into fresh environments, so it needs the package registry.
test-wheel: wheel need-terraform
	EOS_TEST_WHEEL="$$(ls dist/*.whl)" $(pytest) -k wheel </dev/null

# moto and Salt disagree about a dependency, so it gets a folder of its own.
.venv/moto/.installed: .venv/.tools constraints/moto.txt
	command -v moto_server >/dev/null || { $(python) -m venv .venv/moto && \
		.venv/moto/bin/python -m pip install --quiet --disable-pip-version-check \
		--constraint constraints/moto.txt 'moto[s3,server]'; } || \
		echo "moto_server could not be installed: its tests are skipped."
	@mkdir -p .venv/moto
	@touch $@

# For tests, once. What cannot be had is said here, and again by the tests that go without it.
servers:
	@for name in consul nomad vault; do tests/servers/get $$name >/dev/null || :; done

test-core: servers
	$(cargo_test) --lib --test '*'

test-salt: servers
	$(pytest) -n $(PARALLEL) </dev/null

# Most tests wait for others than the processor. A test that fails keeps no other from running.
test: need-terraform build target/wheels/.packed .venv/moto/.installed servers
	@$(MAKE) --no-print-directory --jobs=2 --keep-going test-core test-salt

# What takes minutes and has one case of it in `make test`.
matrix: need-terraform build servers .venv/moto/.installed
	$(pytest) -m matrix </dev/null

# A long while: KILLS kills (200) and ROUNDS rounds (200) of eight processes, drawn from SEED (of the moment).
soak: need-terraform servers .venv/moto/.installed
	@$(MAKE) --no-print-directory --jobs=1 --keep-going soak-consul soak-disk_full soak-exclusion soak-soak soak-scenarios

soak-consul soak-disk_full:
	$(cargo_test) --test core -- --ignored $(@:soak-%=%)::

soak-exclusion soak-soak soak-scenarios:
	$(cargo_test) --test core -- --ignored --nocapture --test-threads=1 $(@:soak-%=%)::

# What this version leaves on the disk and in Consul, for the upgrade tests of later ones: tests/fixtures/VERSION.
fixtures: need-terraform servers
	$(cargo_test) --test core -- --ignored --exact upgrade::making::the_fixtures_of_this_version_are_made --nocapture

lint: build
	cargo fmt --check
	$(with_python) cargo clippy --locked --all-targets -- -D warnings
	$(python) -m ruff check $(wildcard $(linted))
	$(python) -m ruff format --check $(wildcard $(linted))
	$(python) -m mypy.stubtest saltext.eos._core

check: lint
	$(cargo_test) --lib --test architecture --test reasons
	$(pytest) -n $(PARALLEL) -m quick </dev/null

bench: need-terraform build
	$(python) benches/run.py

clean:
	test ! -f .demo/link || rm -rf "$$(dirname "$$(cat .demo/link)")"
	test ! -f .demo-nomad/salt/link || rm -rf "$$(dirname "$$(cat .demo-nomad/salt/link)")"
	rm -rf .venv .demo .demo-nomad dist target
