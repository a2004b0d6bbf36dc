module github.com/go2fa/verify/bench

go 1.25.0

require (
	github.com/go2fa/verify v0.0.1
	github.com/go2fa/verify/redisstore v0.0.1
	github.com/redis/go-redis/v9 v9.22.0
)

require (
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/sony/gobreaker/v2 v2.4.0 // indirect
	go.uber.org/atomic v1.11.0 // indirect
	golang.org/x/sys v0.30.0 // indirect
)
