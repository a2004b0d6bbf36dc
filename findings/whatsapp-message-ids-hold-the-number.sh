#!/usr/bin/env bash
# The id that WhatsApp's Cloud API gives a message, a wamid, holds the recipient's phone
# number in base64. Whoever logs the id logs the number, and Meta's pages do not say so.
#
# Seen on 2026-11-29 in an answer that a test of Meta's own library for Node.js holds
# (npm whatsapp 0.0.5-Alpha, src/__tests__/messages.test.ts): the bytes 1c 18, a length,
# and the digits that stand beside it as the contact. The number is printed masked.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts whatsapp@0.0.5-Alpha >/dev/null
seen=$(node -e "
const text = require('fs').readFileSync('node_modules/whatsapp/src/__tests__/messages.test.ts', 'utf8')
const number = text.match(/input: '(\d+)'/)[1]
const id = Buffer.from(text.match(/'wamid\.([A-Za-z0-9+\/=]+)'/)[1], 'base64')
const inside = id.subarray(3, 3 + id[2]).toString()
const mask = (s) => s.slice(0, 2) + '*'.repeat(s.length - 4) + s.slice(-2)
console.log('contact', mask(number))
console.log('in the id', id.subarray(0, 2).toString('hex'), mask(inside), inside === number)
")
echo "$seen"
grep -q '^in the id 1c18 .* true$' <<<"$seen" || { echo "the behavior has changed"; exit 1; }
