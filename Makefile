# make demo    install, solve Lotka–Volterra and Lorenz from text, write pictures to out/
# make test    install and run the tests
# make lint    ruff and mypy
# make bench   work–precision, cold start and overhead against the peers (minutes; installs them)

PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test lint bench clean

demo: .venv/installed
	$(BIN)/python examples/demo.py out

test: .venv/installed
	$(BIN)/python -m pytest -n auto --dist loadfile

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/benchmarks
	$(BIN)/python -m benchmarks

.venv/installed: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[tables,dev]"
	touch $@

.venv/benchmarks: .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[tables,dev,bench]"
	touch $@

clean:
	rm -rf .venv out .pytest_cache .mypy_cache .ruff_cache
