.PHONY: help needs build demo test lint snippet clean

help:
	@echo "make demo      from ratings to recommendations, in about five minutes"
	@echo "make test      run all tests"
	@echo "make build     build the command, .build/release/foldin"
	@echo "make lint      check formatting, imports and the README's code"
	@echo "make snippet   compile and run the README's Swift code"
	@echo "make clean     remove what was built and what the demo wrote"

needs:
	@Scripts/install-needs.sh

build: needs
	swift build -c release

demo: build
	@Scripts/demo.sh

test: needs
	@Scripts/test.sh

lint:
	Scripts/lint.sh

snippet: build
	Scripts/run-snippet.sh

clean:
	rm -rf .build .venv .foldin
