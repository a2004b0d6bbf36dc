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

.PHONY: bench torture

# What it costs, beside what an application would use instead: bench/README.md.
ROUNDS ?= 10
BENCHTIME ?= 100ms
BUILDS ?= 3
bench:
	cd bench && go run ./cmd/table -rounds $(ROUNDS) -benchtime $(BENCHTIME)
	cd bench && go run ./cmd/footprint -builds $(BUILDS)
	go test -run '^$$' -bench SecondVendor -benchtime 2s ./failover

.PHONY: soak torture-fuzz torture-mutants torture-static

# Every figure of docs/torture.md that fits in an hour; SEED plays other lots.
SEED ?= 1
torture:
	go test -timeout 60m ./otp -long -count=1
	go test -timeout 60m ./failover -run Histories -histories 10000 -count=1
	go test -timeout 60m ./verifytest -histories 10000 -count=1
	cd redisstore && HISTORIES=10000 STORM=1000000 go test -timeout 60m -count=1 .
	bash torture/run -skip Soak -full -seed $(SEED)
	bash torture/run -race -run T01 -full

# T11, for an hour unless told otherwise.
SOAK ?= 1h
soak:
	bash torture/run -run Soak -full -soak $(SOAK)

# T6: each fuzz target for so long, or so many executions ("10000000x").
FUZZTIME ?= 10m
torture-fuzz:
	bash .ci/fuzz $(FUZZTIME)

# T13 and T16.
torture-mutants:
	bash torture/mutants
torture-static:
	bash torture/static
