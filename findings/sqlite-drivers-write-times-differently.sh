#!/usr/bin/env bash
# Three SQLite drivers for database/sql store the same time.Time as three texts, so
# a store of one-time codes that compares expiry times as the driver wrote them
# answers differently after a change of driver. Integers of microseconds do not.
#
# Seen on 2026-11-28 (modernc.org/sqlite v1.62.0, github.com/mattn/go-sqlite3
# v1.14.53, github.com/ncruces/go-sqlite3 v0.37.0): 2026-11-28 12:00:00 UTC written
# as a parameter into a TEXT column reads back as
#   modernc  2026-11-28 12:00:00 +0000 UTC
#   mattn    2026-11-28 12:00:00+00:00
#   ncruces  2026-11-28T12:00:00Z
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat >go.mod <<'MOD'
module finding

go 1.25.0

require (
	github.com/mattn/go-sqlite3 v1.14.53
	github.com/ncruces/go-sqlite3 v0.37.0
	modernc.org/sqlite v1.62.0
)
MOD
for driver in modernc mattn ncruces; do
	case $driver in
	modernc) import='_ "modernc.org/sqlite"' name=sqlite ;;
	mattn) import='_ "github.com/mattn/go-sqlite3"' name=sqlite3 ;;
	ncruces) import='_ "github.com/ncruces/go-sqlite3/driver"' name=sqlite3 ;;
	esac
	mkdir $driver
	cat >$driver/main.go <<GO
package main

import (
	"database/sql"
	"fmt"
	"time"

	$import
)

func main() {
	db, err := sql.Open("$name", "file:$dir/$driver.db")
	if err != nil {
		panic(err)
	}
	if _, err := db.Exec("CREATE TABLE codes (expires TEXT)"); err != nil {
		panic(err)
	}
	if _, err := db.Exec("INSERT INTO codes VALUES (?)", time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)); err != nil {
		panic(err)
	}
	var text string
	if err := db.QueryRow("SELECT expires || '' FROM codes").Scan(&text); err != nil {
		panic(err)
	}
	fmt.Println("$driver", text)
}
GO
done
seen=$(for driver in modernc mattn ncruces; do GOFLAGS=-mod=mod GOWORK=off go run ./$driver 2>/dev/null; done)
echo "$seen"
[ "$seen" = "modernc 2026-11-28 12:00:00 +0000 UTC
mattn 2026-11-28 12:00:00+00:00
ncruces 2026-11-28T12:00:00Z" ] || { echo "the behavior has changed"; exit 1; }
