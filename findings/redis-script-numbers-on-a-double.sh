#!/usr/bin/env bash
# A Lua script that keeps times in microseconds passes its tests on miniredis and
# loses the last three digits on a real Redis: there a number that becomes a string
# has 14 significant digits, on miniredis all of them. Lists that are empty, and one
# table encoded twice, differ as well. string.format('%d', n) is right on both.
#
# Seen on 2026-11-28 (github.com/alicebob/miniredis/v2 v2.40.0; redis-server 7.0.15
# of Debian 12; github.com/redis/go-redis/v9 v9.22.0):
#   1764331200123456 .. ''           miniredis 1764331200123456   Redis 1.7643312001235e+15
#   cjson.encode({})                 miniredis []                 Redis {}
#   cjson.encode of one table twice  miniredis nil                Redis [[1,2],[1,2]]
#   struct, cmsgpack, bit            miniredis an error           Redis there
set -euo pipefail
command -v redis-server >/dev/null || { apt-get update -qq && apt-get install -y -qq redis-server >/dev/null; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat >go.mod <<'MOD'
module finding

go 1.25.0

require (
	github.com/alicebob/miniredis/v2 v2.40.0
	github.com/redis/go-redis/v9 v9.22.0
)
MOD
cat >main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

var scripts = []string{
	"return 1764331200123456 .. ''",
	"return string.format('%d', 1764331200123456)",
	"return cjson.encode({})",
	"local t = {1, 2} return cjson.encode({t, t})",
	"return struct and cmsgpack and bit and 'libraries'",
}

func ask(name string, o *redis.Options) {
	client := redis.NewClient(o)
	defer client.Close()
	for i := 0; client.Ping(context.Background()).Err() != nil && i < 100; i++ {
		time.Sleep(50 * time.Millisecond)
	}
	for _, script := range scripts {
		answer, err := client.Eval(context.Background(), script, nil).Result()
		if err != nil && err != redis.Nil {
			answer = "error"
		}
		fmt.Println(name, answer)
	}
}

func main() {
	double, err := miniredis.Run()
	if err != nil {
		panic(err)
	}
	defer double.Close()
	ask("miniredis", &redis.Options{Addr: double.Addr()})

	socket := os.Args[1]
	server := exec.Command("redis-server", "--port", "0", "--unixsocket", socket, "--save", "")
	if err := server.Start(); err != nil {
		panic(err)
	}
	ask("redis", &redis.Options{Network: "unix", Addr: socket})
	_ = server.Process.Kill()
	_ = server.Wait()
}
GO
seen=$(GOFLAGS=-mod=mod GOWORK=off go run . "$dir/redis.sock" 2>/dev/null)
echo "$seen"
[ "$seen" = "miniredis 1764331200123456
miniredis 1764331200123456
miniredis []
miniredis <nil>
miniredis error
redis 1.7643312001235e+15
redis 1764331200123456
redis {}
redis [[1,2],[1,2]]
redis libraries" ] || { echo "the behavior has changed"; exit 1; }
