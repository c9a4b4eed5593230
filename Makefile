# Each target sets up what it needs in .venv; all it asks of the machine is Python 3.11 (or newer) and make.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
READY := .venv/.ready

.PHONY: demo test test-cluster check bench lock docs clean

demo: $(READY)
	$(BIN)/trialkin demo

test: $(READY)
	$(BIN)/python -m pytest

# A real OpenSearch of three nodes on loopback, from Maven artifacts: needs Maven and Java 17 to 23; gone afterwards.
test-cluster: $(READY)
	trap 'tests/opensearch_cluster.sh wipe' EXIT; trap 'exit 130' INT TERM; \
	  tests/opensearch_cluster.sh start 3 && $(BIN)/python -m pytest -m cluster

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/test_house.py tests/test_docs.py

bench: $(READY)
	$(BIN)/python -m tests.bench

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "trialkin needs Python 3.11 or newer; name one with make PYTHON=…")'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q crawler index serve cli.py
	touch $(READY)

# For developers: pin every dependency anew, with hashes and without an index's address.
lock:
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --all-extras --group dev \
	  --python-version 3.11 --output-file requirements.lock pyproject.toml

# For developers: write each command's help into the README.
docs: $(READY)
	$(BIN)/python -m tests.docs

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
