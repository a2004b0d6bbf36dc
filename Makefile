# What CI runs, by name. Everything works from a clean checkout.

MODULES := $(shell go list -m -f '{{.Dir}}')

.PHONY: check test lint fuzz tidy

check:
	bash .ci/run

test:
	go test work

lint:
	for dir in $(MODULES); do (cd $$dir && golangci-lint run ./...) || exit 1; done

fuzz:
	bash .ci/fuzz 30s

# go mod tidy does not read go.work: each nested go.mod gets its siblings'
# replaces, is tidied, and drops them again.
tidy:
	bash .ci/tidy

.PHONY: bench torture

# The stores beside the least they could cost, the clients' allocations, and the
# second vendor beside the same one behind a dead one.
bench:
	go test -run '^$$' -bench . -benchtime 2s ./bench ./otp ./twilio ./failover
	cd redisstore && go test -run '^$$' -bench .

# The races, histories and statistics of local codes in full: T2, T3, T9, T10.
torture:
	go test -timeout 60m ./otp -long -count=1
	go test -timeout 60m ./verifytest -histories 10000 -count=1
	cd redisstore && HISTORIES=10000 STORM=1000000 go test -timeout 60m -count=1 .
