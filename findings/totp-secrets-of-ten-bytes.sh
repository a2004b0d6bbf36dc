#!/usr/bin/env bash
# Many sites issued secrets of 10 bytes (16 base32 letters) for years, and people
# still have them. One popular library refuses them since its version 13, so an
# application that moves to it locks those people out at their next log-in.
#
# Seen on 2026-11-28: npm otplib 12.0.1 computes a code, otplib 13.5.0 raises
# "Secret must be at least 16 bytes (128 bits), got 10 bytes", npm otpauth 9.5.2
# computes the same code as otplib 12.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund otpauth@9.5.2 otplib@13.5.0 otplib12@npm:otplib@12.0.1 >/dev/null
cat >codes.cjs <<'JS'
const secret = 'JBSWY3DPEHPK3PXP', at = 1700000000
const ask = (f) => { try { return f() } catch (e) { return 'error: ' + e.message } }
const { TOTP } = require('otpauth'), otplib = require('otplib'), { authenticator } = require('otplib12')
console.log('otpauth', ask(() => new TOTP({ secret }).generate({ timestamp: at * 1000 })))
console.log('otplib 12', ask(() => { authenticator.options = { epoch: at * 1000 }; return authenticator.generate(secret) }))
console.log('otplib 13', ask(() => otplib.generateSync({ secret, epoch: at })))
JS
seen=$(node codes.cjs)
echo "$seen"
[ "$seen" = "otpauth 324550
otplib 12 324550
otplib 13 error: Secret must be at least 16 bytes (128 bits), got 10 bytes" ] || { echo "the behavior has changed"; exit 1; }
