#!/usr/bin/env bash
# One phone has several spellings with a plus and a calling code, and phone number
# libraries call them all valid: who counts messages by the text that came in, and
# not by what the library formats, gives one phone several budgets. The spelling
# that many Mexican databases still hold (+52 1 ...) is not valid at all.
#
# Seen on 2026-11-28 (npm libphonenumber-js 1.13.16 with "max" metadata, npm
# google-libphonenumber 3.2.47, Go github.com/nyaruka/phonenumbers 1.8.1), the
# same in all three:
#   +4407400123456   valid, formats as +447400123456
#   +54111523456789  valid, formats as +5491123456789
#   +5215512345678   not valid, formats unchanged
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund libphonenumber-js@1.13.16 google-libphonenumber@3.2.47 >/dev/null
cat >numbers.cjs <<'JS'
const js = require('libphonenumber-js/max')
const { PhoneNumberUtil, PhoneNumberFormat } = require('google-libphonenumber'), google = PhoneNumberUtil.getInstance()
for (const typed of ['+4407400123456', '+54111523456789', '+5215512345678']) {
  const a = js.parsePhoneNumberFromString(typed), b = google.parse(typed)
  console.log('js', typed, a.number, a.isValid())
  console.log('google', typed, google.format(b, PhoneNumberFormat.E164), google.isValidNumber(b))
}
JS
cat >go.mod <<'MOD'
module finding

go 1.25.0

require github.com/nyaruka/phonenumbers v1.8.1
MOD
cat >main.go <<'GO'
package main

import (
	"fmt"

	"github.com/nyaruka/phonenumbers"
)

func main() {
	for _, typed := range []string{"+4407400123456", "+54111523456789", "+5215512345678"} {
		n, err := phonenumbers.Parse(typed, "")
		if err != nil {
			panic(err)
		}
		fmt.Println("go", typed, phonenumbers.Format(n, phonenumbers.E164), phonenumbers.IsValidNumber(n))
	}
}
GO
seen=$({ node numbers.cjs; GOFLAGS=-mod=mod GOWORK=off go run .; } | sort)
echo "$seen"
want=$(for name in js google go; do
	echo "$name +4407400123456 +447400123456 true"
	echo "$name +54111523456789 +5491123456789 true"
	echo "$name +5215512345678 +5215512345678 false"
done | sort)
[ "$seen" = "$want" ] || { echo "the behavior has changed"; exit 1; }
