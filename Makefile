# The front door: words, not options.  Meson builds; `make help` lists the words.

BUILD  ?= build
CHECKS  = meson test --suite check --print-errorlogs
UBSAN   = UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1

export FUZZ_SECONDS ?= 60

.PHONY: all check sim differential interop test run asan ubsan tsan fuzz controls lint bench audit-lab release clean help
.DEFAULT_GOAL = all

all: $(BUILD)/build.ninja ## build into build/
	ninja -C $(BUILD)

check: all ## unit tests, controls, scenes, replayed fuzz corpora, house rules; no network
	$(CHECKS) -C $(BUILD)

sim: all ## simulated calls: SEED=n CALLS=n (10000) CALL=n to see one of them
	$(BUILD)/tests/sim --calls $(or $(CALLS),10000) $(if $(SEED),--seed $(SEED)) \
	    $(if $(CALL),--call $(CALL))

differential: all ## our reader beside Sofia-SIP, oSIP, libre, Kamailio: COUNT=n (1000000) SEED=n
	tests/differential/run.sh $(BUILD)

interop: all ## calls with real clients, servers and tools on loopback
	tests/interop/run.sh

test: ## install what is needed, then check and interop; ends with "N passed, N failed"
	@tools/test.sh $(BUILD)

run: ## install what the build needs, build, and show what it does
	@tools/install-needs.sh build
	@$(MAKE) --no-print-directory all
	$(BUILD)/sipwarden demo

asan: ## check with AddressSanitizer and UndefinedBehaviorSanitizer, in build-asan/
	@test -f build-asan/build.ninja || meson setup build-asan -Db_sanitize=address,undefined
	ninja -C build-asan
	$(UBSAN) $(CHECKS) -C build-asan --timeout-multiplier 5

ubsan: ## check with UndefinedBehaviorSanitizer alone, in build-ubsan/
	@test -f build-ubsan/build.ninja || meson setup build-ubsan -Db_sanitize=undefined
	ninja -C build-ubsan
	$(UBSAN) $(CHECKS) -C build-ubsan --timeout-multiplier 3

tsan: ## check with ThreadSanitizer, in build-tsan/
	@test -f build-tsan/build.ninja || meson setup build-tsan -Db_sanitize=thread
	ninja -C build-tsan
	TSAN_OPTIONS=halt_on_error=1 $(CHECKS) -C build-tsan --timeout-multiplier 10

fuzz: ## every fuzz target for FUZZ_SECONDS (60) from its corpus, in build-fuzz/
	tools/fuzz.sh

controls: ## each control of the catalogue: its row, vectors and simulated attacks, or why it has none
	@tools/controls.py --all --rules

lint: all ## clang-format, clang-tidy, cppcheck, house rules
	tools/lint.sh $(BUILD)

bench: all ## measure, and compare with the last accepted numbers
	tests/bench/run.sh

audit-lab: all ## audits of targets with faults that are known: docs/audit-lab.md
	tests/lab/run.sh

release: ## optimised over all files, without the tests, in build-release/
	@test -f build-release/build.ninja || \
	    meson setup build-release --buildtype=release -Db_lto=true -Dtests=false
	ninja -C build-release

clean: ## remove everything that was built
	rm -rf build build-asan build-ubsan build-tsan build-fuzz build-release out

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' Makefile | expand -t 18

$(BUILD)/build.ninja:
	meson setup $(BUILD)
