# Two targets: `make demo` shows what netproof does, `make test` checks everything.
# Both need python3 with venv, and the network once; VENV=elsewhere puts the environment elsewhere.

VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
SOURCES := pyproject.toml analyzer/__init__.py

EXAMPLE := tests/examples/tenants
PACKS := -p baseline -p tenant-isolation

.PHONY: demo test

demo: $(VENV)/.installed
	@for revision in leaky fixed; do \
	  echo; echo "\$$ netproof check $(EXAMPLE)/$$revision $(PACKS)"; echo; \
	  code=0; $(BIN)/netproof check $(EXAMPLE)/$$revision $(PACKS) || code=$$?; \
	  echo; echo "exit code $$code"; \
	  case $$revision$$code in leaky1|fixed0) ;; *) echo "expected: leaky 1, fixed 0"; exit 1;; esac; \
	done

# pytest comes last, so that its closing line is the last one.
test: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n auto

$(VENV)/.created:
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.created $(SOURCES)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.created $(SOURCES)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@ $(VENV)/.installed
