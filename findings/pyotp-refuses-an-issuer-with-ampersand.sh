#!/usr/bin/env bash
# An otpauth URI whose issuer holds an escaped "&" or "+" cannot be read by pyotp of
# Debian 12: parse_uri decodes the whole URI before it splits the parameters, so the
# issuer of the label and that of the parameter differ. npm otpauth and Go's
# pquerna/otp read the same URI.
#
# Seen on 2026-11-28: python3-pyotp 2.6.0-3 of Debian 12 raises ValueError("If issuer
# is specified in both label and parameters, it should be equal."); npm otpauth 9.5.2
# and github.com/pquerna/otp 1.5.0 read the issuer "A & B".
set -euo pipefail
dpkg -s python3-pyotp >/dev/null 2>&1 || { apt-get update -qq && apt-get install -y -qq python3-pyotp >/dev/null; }
uri='otpauth://totp/A%20%26%20B:a%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=A%20%26%20B'
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
	"os"

	"github.com/pquerna/otp"
)

func main() {
	k, err := otp.NewKeyFromURL(os.Args[1])
	if err != nil {
		panic(err)
	}
	fmt.Println("pquerna", k.Issuer())
}
GO
seen=$(/usr/bin/python3 - "$uri" <<'PY'
import sys
import pyotp

try:
    print("pyotp", pyotp.parse_uri(sys.argv[1]).issuer)
except ValueError as e:
    print("pyotp ValueError", e)
PY
node -e "console.log('otpauth', require('otpauth').URI.parse(process.argv[1]).issuer)" "$uri"
GOFLAGS=-mod=mod GOWORK=off go run . "$uri")
echo "$seen"
[ "$seen" = "pyotp ValueError If issuer is specified in both label and parameters, it should be equal.
otpauth A & B
pquerna A & B" ] || { echo "the behavior has changed"; exit 1; }
