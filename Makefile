# `make demo` shows what netproof does, `make test` checks everything, `make docs` builds the pages into build/site.
# All need python3 with venv, and the network once; VENV=elsewhere puts the environment elsewhere.

VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
SOURCES := pyproject.toml analyzer/resources/version.py

BRIEF := --quiet --max-counterexamples 1
# Where the ML platform admits no classified pod (examples/README.md).
UNCLASSIFIED := kube-system,istio-system,monitoring,kubeflow,ml-serving,ml-training

.PHONY: demo test docs

# Two clusters, each in a leaky and in a fixed revision: exit codes 1 and 0, and anything else fails the demo.
demo: $(VENV)/.installed
	@show() { \
	  wanted=$$1; shift; code=0; \
	  echo; echo "\$$ netproof check $$*" | awk '{ gsub(/ -/, " \\\n    -"); sub(/--set /, "--set \\\n"); print }'; echo; \
	  $(BIN)/netproof check "$$@" || code=$$?; \
	  echo; echo "exit code $$code"; \
	  [ $$code = $$wanted ] || { echo "expected $$wanted"; exit 1; }; \
	}; \
	show 1 examples/multi-tenant/leaky -p tenant-isolation $(BRIEF); \
	show 0 examples/multi-tenant/fixed -p tenant-isolation; \
	show 1 examples/ml-platform/leaky -p data-protection $(BRIEF) --set unclassified=$(UNCLASSIFIED); \
	show 0 examples/ml-platform/fixed -p data-protection --set unclassified=$(UNCLASSIFIED)

# pytest comes last, so that its closing line is the last one.  The order of sets is the same in every run.
test: export PYTHONHASHSEED := 0
test: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n auto --dist worksteal

# Every warning fails it, so each link and each anchor leads somewhere.
docs: $(VENV)/.installed-docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

$(VENV)/.created:
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.created $(SOURCES)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.created $(SOURCES)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@ $(VENV)/.installed

$(VENV)/.installed-docs: $(VENV)/.created $(SOURCES)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[docs]'
	@touch $@
