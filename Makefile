.PHONY: help needs build demo test lint docs snippet clean

help:
	@echo "make demo      from ratings to recommendations, in about five minutes"
	@echo "make test      run all tests"
	@echo "make build     build the command, .build/release/foldin"
	@echo "make lint      check formatting, imports, words and the README's code"
	@echo "make docs      build the API documentation, .build/docs; fails if it is incomplete"
	@echo "make snippet   compile and run the README's Swift code"
	@echo "make clean     remove all build products and the files of the demo"

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

docs: needs
	@Scripts/docs.sh

snippet: build
	Scripts/run-snippet.sh

clean:
	rm -rf .build .venv .foldin
