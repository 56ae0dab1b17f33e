.PHONY: help build demo test lint docs check-docs snippet clean

# The package traits of `make build` and `make test`. TLS is not among them: its library takes longest to compile, and a proxy usually
# ends TLS. With it: make build TRAITS=Command,Experiments,Service,TLS
TRAITS ?= Command,Experiments,Service
export TRAITS

# SwiftPM defines the traits for the compiler in a random order, and another order compiles all modules again. This fixes the order.
swift_build = SWIFT_DETERMINISTIC_HASHING=1 swift build

help:
	@echo "make demo      from ratings to recommendations, in about four minutes; builds no more than that needs"
	@echo "make test      run all tests"
	@echo "make build     build the command, .build/release/foldin"
	@echo "make lint      check formatting, imports, words and the README's code"
	@echo "make docs      build the API documentation, .build/docs; fails if it is incomplete"
	@echo "make check-docs   check links, spelling, commands and code in the documentation, after make test and make build"
	@echo "make snippet   compile and run the README's Swift code"
	@echo "make clean     remove all build products and the files of the demo"

build:
	@Scripts/install-needs.sh build
	$(swift_build) -c release --traits $(TRAITS)
	@echo $(TRAITS) > .build/traits

# After `make build` the demo keeps its traits, so that it does not replace the command by a smaller one.
demo:
	@Scripts/install-needs.sh demo
	$(swift_build) -c release --product foldin --traits $$(cat .build/traits 2> /dev/null || echo Command)
	@Scripts/demo.sh

test:
	@Scripts/install-needs.sh test
	@Scripts/test.sh

lint:
	Scripts/lint.sh

docs:
	@Scripts/install-needs.sh build
	@Scripts/docs.sh

check-docs: build
	@Scripts/install-needs.sh
	@Scripts/check-docs.sh

snippet: build
	Scripts/run-snippet.sh

clean:
	rm -rf .build .venv .foldin
