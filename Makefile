# make demo: train the default model, score a backlog, route a ticket.  make test: all checks.
# make audit: known vulnerabilities of the pinned packages.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CORPUS := data/tickets/train.jsonl data/tickets/validation.jsonl data/tickets/test.jsonl

.PHONY: demo test audit clean

# Three passes pay for themselves here; training by itself takes two for so many words.
demo: $(VENV)/train.stamp
	$(BIN)/tierline train $(CORPUS) --epochs 3 --out out/default
	$(BIN)/tierline promote
	$(BIN)/tierline score serving/samples/backlog.csv --now 2026-03-02T16:00Z --out out/answers.csv
	$(BIN)/tierline route "Since this morning's update every customer sees other people's invoices." --customer-tier enterprise
	@echo "Start the server with: $(BIN)/tierline serve   (then open http://127.0.0.1:8000/docs)"

test: $(VENV)/dev.stamp
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n auto --dist worksteal

# Asks a service on the network: no part of `make test`.
audit: $(VENV)/bin/pip
	$(BIN)/pip install --quiet --disable-pip-version-check pip-audit
	$(BIN)/pip-audit --disable-pip --no-deps -r constraints.txt

$(VENV)/bin/pip:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --upgrade pip

$(VENV)/train.stamp: $(VENV)/bin/pip pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[train]'
	@touch $@

$(VENV)/dev.stamp: $(VENV)/bin/pip pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[train,dev]'
	@touch $@ $(VENV)/train.stamp

clean:
	rm -rf $(VENV) out dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
