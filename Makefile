# make pick    install the base into .venv and ask the first question
# make test    install all that the tests need into .venv and run them
# make check   lint, types, layers
# make pictures  draw the README's pictures again

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: pick test check pictures clean

pick: .venv/base
	$(BIN)/advisor pick --fps 30 --energy 0.5J

test: .venv/full
	$(BIN)/python -m pytest

check: .venv/full
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

pictures: .venv/full
	$(BIN)/advisor figures --board jetson-tx1 --only 2 --format svg -o docs
	mv docs/figure-02-top1-against-operations.svg docs/ball-chart.svg

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/base: pyproject.toml hatch_build.py | .venv/bin/python
	$(PIP) --editable .
	touch $@

.venv/full: pyproject.toml hatch_build.py constraints.txt | .venv/bin/python
	$(PIP) --constraint constraints.txt --editable '.[measure,energy,report,runtimes,zoo,dev]'
	touch .venv/base $@

clean:
	rm -rf .venv dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
