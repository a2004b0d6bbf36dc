#!/usr/bin/env bash
# Authenticator libraries disagree about a base32 secret in groups of four, the
# way many sites print it for people to type ("JBSW Y3DP EHPK 3PXP").
#
# Seen on 2026-11-28 (npm otpauth 9.5.2, npm speakeasy 2.0.0, npm otplib 13.5.0,
# Go github.com/pquerna/otp 1.5.0), at Unix time 1700000000, the 20-byte secret
# of RFC 6238's test vectors:
#   otpauth    the same code with and without the spaces
#   speakeasy  no error, and another code, which no server will accept
#   otplib     an error that names the space
#   pquerna    an error: base32 decoding failed
# So an application must remove spaces before it hands over a secret.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund otpauth@9.5.2 speakeasy@2.0.0 otplib@13.5.0 >/dev/null
cat >codes.cjs <<'JS'
const plain = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ', grouped = plain.match(/.{4}/g).join(' '), at = 1700000000
const ask = (f) => { try { return f() } catch (e) { return 'error' } }
const otpauth = require('otpauth'), speakeasy = require('speakeasy'), otplib = require('otplib')
const libraries = {
  otpauth: (secret) => new otpauth.TOTP({ secret }).generate({ timestamp: at * 1000 }),
  speakeasy: (secret) => speakeasy.totp({ secret, encoding: 'base32', time: at }),
  otplib: (secret) => otplib.generateSync({ secret, epoch: at }),
}
for (const [name, code] of Object.entries(libraries)) {
  const a = ask(() => code(plain)), b = ask(() => code(grouped))
  console.log(name, a === b ? 'same' : b === 'error' ? 'error' : 'another code')
}
JS
mkdir go && cd go
cat >go.mod <<'MOD'
module finding

go 1.25.0

require github.com/pquerna/otp v1.5.0
MOD
cat >main.go <<'GO'
package main

import (
	"fmt"
	"time"

	"github.com/pquerna/otp/totp"
)

func main() {
	at := time.Unix(1700000000, 0)
	plain, err := totp.GenerateCode("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", at)
	if err != nil {
		panic(err)
	}
	grouped, err := totp.GenerateCode("GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ", at)
	switch {
	case err != nil:
		fmt.Println("pquerna error")
	case grouped == plain:
		fmt.Println("pquerna same")
	default:
		fmt.Println("pquerna another code")
	}
}
GO
cd ..
seen=$(node codes.cjs && cd go && GOFLAGS=-mod=mod GOWORK=off go run .)
echo "$seen"
[ "$seen" = "otpauth same
speakeasy another code
otplib error
pquerna error" ] || { echo "the behavior has changed"; exit 1; }
