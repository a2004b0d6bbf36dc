# What CI runs, by name. Everything works from a clean checkout.

.PHONY: check test lint fuzz tidy

check:
	bash .ci/run

test:
	go test work

lint:
	bash .ci/lint

fuzz:
	bash .ci/fuzz 30s

# go mod tidy does not read go.work: each nested go.mod gets its siblings'
# replaces, is tidied, and drops them again.
tidy:
	bash .ci/tidy

.PHONY: bench stress

# What it costs, beside what an application would use instead: tests/bench/README.md.
ROUNDS ?= 10
BENCHTIME ?= 100ms
BUILDS ?= 3
SHARE ?= 1
bench:
	cd tests/bench && go run ./cmd/table -rounds $(ROUNDS) -benchtime $(BENCHTIME)
	cd tests/bench && go test -count=1 -timeout 30m -v -run 'Turns|Far|Floor' -ratios -share $(SHARE) . | sed -n '/^|/p'
	cd tests/bench && go run ./cmd/footprint -builds $(BUILDS)
	go test -run '^$$' -bench SecondVendor -benchtime 2s ./failover
	cd tests/interop && go test -count=1 -v -run TestALostAnswerIsOneMessage . | sed -n 's/.*lost_test.go:[0-9]*: \(|.*\)/\1/p' | sort -u

.PHONY: soak stress-flips stress-fuzz stress-mutants stress-static stress-sql

# Every figure of docs/stress.md that fits in an hour; SEED plays other lots.
SEED ?= 1
stress:
	go test -timeout 60m ./otp -long -count=1
	go test -timeout 60m ./driver -run OneWalk -scan.runs 10000000 -count=1
	go test -timeout 60m ./failover -run Histories -histories 10000 -count=1
	go test -timeout 60m ./verifytest -histories 10000 -count=1
	cd redisstore && HISTORIES=10000 STORM=1000000 go test -timeout 60m -count=1 .
	cd tests && go test -timeout 60m ./texts -full -count=1
	$(MAKE) stress-sql
	bash tests/stress/run -skip Soak -full -seed $(SEED)
	bash tests/stress/run -race -run 'Load|Overhead' -full

# Every history and storm that docs/stress.md tells of the databases.
stress-sql:
	cd sqlstore && HISTORIES=10000 LOST=1000 SUITE_STORM=10000 STORM=1000000 go test -timeout 180m -count=1 -run '^TestSuite$$|Storms|AreLost|AreKilled' .

# Rotating faults for an hour unless told otherwise.
SOAK ?= 1h
soak:
	bash tests/stress/run -run Soak -full -soak $(SOAK)

# A million bits changed in what vendors sign of 200 reports, for each kind of report.
FLIPS ?= 1000000
stress-flips:
	FLIPS=$(FLIPS) SEED=$(SEED) go test -timeout 180m -p 1 -count=1 -v -run Reports $$(grep -l RunReports */*_test.go | xargs -n 1 dirname | sed 's|^|./|' | sort -u) \
		| grep -E "^(---|FAIL|ok|panic)|one-bit|^ +--- FAIL"

# Each fuzz target for so long, or so many executions ("10000000x").
FUZZTIME ?= 10m
stress-fuzz:
	bash .ci/fuzz $(FUZZTIME)

# Mutants that no test notices, and what can be seen without running anything.
stress-mutants:
	bash tests/stress/mutants
stress-static:
	bash tests/stress/static
