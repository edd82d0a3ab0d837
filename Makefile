# Shortcuts for maintainers. `./openrapport` is the way in for everybody else.
BIN = .venv/bin

.PHONY: help css check format test messages screenshots

help:  ## what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/:/' | column -t -s:

css: assets/node_modules  ## compile the style sheet after new classes in templates (needs Node)
	cd assets && npm run --silent css

check:  ## lint, format, types and import contracts
	$(BIN)/python tests/run_all.py --checks

format:  ## put Python files into the house's form
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

test:  ## everything CI runs
	./openrapport test

messages:  ## collect the sentences people see, and compile their translations
	$(BIN)/python -m tests.translations

screenshots:  ## make the pictures of the documents from the demo (needs Chromium)
	$(BIN)/python -m tests.screenshots

assets/node_modules: assets/package-lock.json
	cd assets && npm ci --no-audit --no-fund
	touch $@
