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
bench:
	cd tests/bench && go run ./cmd/table -rounds $(ROUNDS) -benchtime $(BENCHTIME)
	cd tests/bench && go run ./cmd/footprint -builds $(BUILDS)
	go test -run '^$$' -bench SecondVendor -benchtime 2s ./failover

.PHONY: soak stress-fuzz stress-mutants stress-static

# Every figure of docs/stress.md that fits in an hour; SEED plays other lots.
SEED ?= 1
stress:
	go test -timeout 60m ./otp -long -count=1
	go test -timeout 60m ./driver -run OneWalk -scan.runs 10000000 -count=1
	go test -timeout 60m ./failover -run Histories -histories 10000 -count=1
	go test -timeout 60m ./verifytest -histories 10000 -count=1
	cd redisstore && HISTORIES=10000 STORM=1000000 go test -timeout 60m -count=1 .
	bash tests/stress/run -skip Soak -full -seed $(SEED)
	bash tests/stress/run -race -run 'Load|Overhead' -full

# Rotating faults for an hour unless told otherwise.
SOAK ?= 1h
soak:
	bash tests/stress/run -run Soak -full -soak $(SOAK)

# Each fuzz target for so long, or so many executions ("10000000x").
FUZZTIME ?= 10m
stress-fuzz:
	bash .ci/fuzz $(FUZZTIME)

# Mutants that no test notices, and what can be seen without running anything.
stress-mutants:
	bash tests/stress/mutants
stress-static:
	bash tests/stress/static
