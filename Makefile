# The face of the build: CMake does the work (CMakeLists.txt). `make help` lists what there is.

BUILD      ?= build
BUILD_TYPE ?= RelWithDebInfo
PREFIX     ?= /usr/local
# Warnings are errors: ON for whoever works on the sources and for .ci/run.
WERROR     ?= OFF
# As many as there are cores, but no more than there is memory for: the compiler takes up to 480 MB for a file, and a small
# board with four cores has 1 GB.
JOBS       ?= $(shell cat /proc/meminfo 2>/dev/null | awk -v jobs="$$(nproc 2>/dev/null || echo 2)" \
  '/^MemAvailable:/ && int($$2 / 480000) < jobs { jobs = int($$2 / 480000) } END { print jobs < 1 ? 1 : jobs }')
# Options of the server that `make run` starts, for example: make run ARGS='--ingest-port 6100'
ARGS       ?=
# Seconds per program of `make fuzz`, and the folder of src that `make coverage` and `make tidy` look at (all without it).
FUZZ_SECONDS ?= 30
FOLDER       ?=
# Some parts of the benchmarks, which then write nothing: make bench PARTS='^(memory|eager)$$' (bench/run.mjs has more).
PARTS        ?=
# One test of many: make test TESTS=e2e_tls (a regular expression).
TESTS      ?=

.DEFAULT_GOAL := all
.PHONY: all run test bench bench-peers bench-programs asan asan-programs clang fuzz tidy format format-check floors headers coverage docs install clean help \
        deps-build deps-test deps-dev deps-bench

# Configures folder $(1) with options $(2). The generator is chosen once: Ninja where there is one.
define configure
@cmake -S . -B $(1) $$([ -e $(1)/CMakeCache.txt ] || { command -v ninja >/dev/null && echo -G Ninja; }) \
  $$(command -v ccache >/dev/null && echo -DCMAKE_CXX_COMPILER_LAUNCHER=ccache) -DMATCHBUS_WERROR=$(WERROR) $(2) >$(1).log 2>&1 \
  && rm -f $(1).log || { cat $(1).log; rm -f $(1).log; exit 1; }
endef
define compile
@cmake --build $(1) --parallel $(JOBS)
endef
# The last lines are ctest's summary.
define run_tests
@ctest --test-dir $(1) --parallel $(JOBS) --output-on-failure --no-tests=error $(if $(TESTS),-R '$(TESTS)')
endef

all: deps-build ## Build the programs into build/bin
	$(call configure,$(BUILD),-DCMAKE_BUILD_TYPE=$(BUILD_TYPE) $$([ -e $(BUILD)/CMakeCache.txt ] || echo -DMATCHBUS_TESTS=OFF))
	$(call compile,$(BUILD))

run: all ## Start a server with a simulated match, show its URLs and live figures (Ctrl-C ends it)
	@exec tests/demo/run $(BUILD)/bin $(ARGS)

test: deps-test ## Build everything and run all tests (TESTS=regex: some)
	$(call configure,$(BUILD),-DCMAKE_BUILD_TYPE=$(BUILD_TYPE) -DMATCHBUS_TESTS=ON)
	$(call compile,$(BUILD))
	$(call run_tests,$(BUILD))

bench: bench-programs ## Run the benchmarks and write bench/RESULTS.md (PARTS=regex: some, and write nothing)
	@exec bench/run.mjs $(BUILD)/bin $(if $(PARTS),--only='$(PARTS)')

bench-peers: deps-bench bench-programs ## Put the same load on other servers, too, and write bench/RESULTS-peers.md
	@exec bench/run.mjs $(BUILD)/bin --peers $(if $(PARTS),--only='$(PARTS)')

bench-programs: deps-test deps-dev
	$(call configure,$(BUILD),-DCMAKE_BUILD_TYPE=$(BUILD_TYPE) -DMATCHBUS_BENCH=ON)
	$(call compile,$(BUILD))

# One build serves the sanitizers, the fuzz programs and the check that clang++ takes everything too.
asan-programs: deps-test deps-dev
	$(call configure,$(BUILD)-asan,-DCMAKE_BUILD_TYPE=Debug -DMATCHBUS_TESTS=ON -DMATCHBUS_BENCH=ON -DMATCHBUS_SANITIZE=ON \
	  -DMATCHBUS_FUZZ=ON -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++)
	$(call compile,$(BUILD)-asan)

asan: asan-programs ## Run all tests under AddressSanitizer and UndefinedBehaviorSanitizer, built with clang++
	$(call run_tests,$(BUILD)-asan)

fuzz: asan-programs ## Run each fuzz program for FUZZ_SECONDS (30; a long run: make fuzz FUZZ_SECONDS=600)
	@exec tests/fuzz/run $(BUILD)-asan $(FUZZ_SECONDS)

clang: deps-test deps-dev ## Build everything with clang++, without sanitizers
	$(call configure,$(BUILD)-clang,-DCMAKE_BUILD_TYPE=Debug -DMATCHBUS_TESTS=ON -DMATCHBUS_BENCH=ON \
	  -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++)
	$(call compile,$(BUILD)-clang)

tidy: deps-test deps-dev ## Check the sources with clang-tidy (FOLDER=match: of one folder)
	$(call configure,$(BUILD)-clang,-DCMAKE_BUILD_TYPE=Debug -DMATCHBUS_TESTS=ON \
	  -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++)
	@run-clang-tidy -quiet -j $(JOBS) -p $(BUILD)-clang '$(CURDIR)/src/$(FOLDER:%=%/).*'

SOURCES = $$(find src tests bench \( -name node_modules -o -name peers \) -prune -o \
            \( -name '*.cc' -o -name '*.h' \) -print)

format: deps-dev ## Format the sources with clang-format
	@clang-format -i $(SOURCES)

format-check: deps-dev ## Fail if a source is not formatted
	@clang-format --dry-run --Werror $(SOURCES)

floors: ## Check that the folders of src include only from floors below
	@tests/check_floors --self-test
	@tests/check_floors

headers: deps-test ## Check that each header compiles by itself
	@tests/check_headers --self-test
	@tests/check_headers
	$(call configure,$(BUILD),-DCMAKE_BUILD_TYPE=$(BUILD_TYPE) -DMATCHBUS_TESTS=ON)
	@cmake --build $(BUILD) --parallel $(JOBS) --target headers

coverage: deps-test deps-dev ## Run the unit tests with counters and print the coverage by lines (FOLDER=match: of one folder by its own)
	$(call configure,$(BUILD)-coverage,-DCMAKE_BUILD_TYPE=Debug -DMATCHBUS_TESTS=ON -DMATCHBUS_COVERAGE=ON)
	@cmake --build $(BUILD)-coverage --parallel $(JOBS) $(if $(FOLDER),--target unit_$(FOLDER))
	@find $(BUILD)-coverage -name '*.gcda' -delete
	@ctest --test-dir $(BUILD)-coverage --parallel $(JOBS) --output-on-failure -R '$(or $(TESTS),^unit_$(if $(FOLDER),$(FOLDER)$$))'
	@gcovr --root . --object-directory $(BUILD)-coverage --filter 'src/$(FOLDER:%=%/)' --exclude-throw-branches --txt

docs: all deps-test ## Put the program's options into README.md and man/matchbus.8
	@MATCHBUS_BIN=$(abspath $(BUILD))/bin node tests/support/write-documents.mjs

install: all ## Install programs and manual pages below PREFIX (and DESTDIR)
	@cmake --install $(BUILD) --prefix $(PREFIX) --strip

clean: ## Remove what was built
	rm -rf $(BUILD) $(BUILD)-* tests/node_modules

deps-build:
	@third_party/install-deps build
deps-test:
	@third_party/install-deps build test
deps-dev:
	@third_party/install-deps dev
deps-bench:
	@third_party/install-deps bench

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo '  DEPS=skip installs no packages; BUILD_TYPE, PREFIX, DESTDIR, JOBS as usual; WERROR=ON: warnings are errors.'
