#!/usr/bin/env bash
# Go's most used TOTP library writes an issuer with "&" bare into the otpauth URI,
# where "&" ends the parameter: the reader that a phone's app has sees another
# issuer, and a parameter that nobody wrote.
#
# Seen on 2026-11-28 (github.com/pquerna/otp 1.5.0, npm otpauth 9.5.2):
#   Generate(Issuer: "A & B") writes issuer=A%20&%20B, and net/url reads issuer "A "
#   otpauth writes issuer=A%20%26%20B for the same name, and net/url reads "A & B"
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund otpauth@9.5.2 >/dev/null
cat >go.mod <<'MOD'
module finding

go 1.25.0

require github.com/pquerna/otp v1.5.0
MOD
cat >main.go <<'GO'
package main

import (
	"fmt"
	"net/url"
	"os"

	"github.com/pquerna/otp/totp"
)

func main() {
	key, err := totp.Generate(totp.GenerateOpts{Issuer: "A & B", AccountName: "a@example.com"})
	if err != nil {
		panic(err)
	}
	for name, uri := range map[string]string{"pquerna": key.URL(), "otpauth": os.Args[1]} {
		u, err := url.Parse(uri)
		if err != nil {
			panic(err)
		}
		fmt.Printf("%s: issuer %q\n", name, u.Query().Get("issuer"))
	}
}
GO
uri=$(node -e "const { TOTP } = require('otpauth'); console.log(new TOTP({ issuer: 'A & B', label: 'a@example.com', secret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ' }).toString())")
seen=$(GOFLAGS=-mod=mod GOWORK=off go run . "$uri" | sort)
echo "$seen"
[ "$seen" = 'otpauth: issuer "A & B"
pquerna: issuer "A "' ] || { echo "the behavior has changed"; exit 1; }
