#!/usr/bin/env bash
# The number that Twilio's documentation gives for tests, +15005550006, is a
# "personal number" in the metadata of phone number libraries: a gate that admits
# mobile numbers only refuses it, and end-to-end tests with it.
#
# Seen on 2026-11-28 (npm libphonenumber-js 1.13.16 with "max" metadata, Go
# github.com/nyaruka/phonenumbers 1.8.1): valid, of type PERSONAL_NUMBER in both,
# while +15017122661, the other number of that documentation, is
# FIXED_LINE_OR_MOBILE.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund libphonenumber-js@1.13.16 >/dev/null
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
	for _, number := range []string{"+15005550006", "+15017122661"} {
		n, err := phonenumbers.Parse(number, "")
		if err != nil {
			panic(err)
		}
		kind := "other"
		switch phonenumbers.GetNumberType(n) {
		case phonenumbers.PERSONAL_NUMBER:
			kind = "PERSONAL_NUMBER"
		case phonenumbers.FIXED_LINE_OR_MOBILE:
			kind = "FIXED_LINE_OR_MOBILE"
		}
		fmt.Println("go", number, phonenumbers.IsValidNumber(n), kind)
	}
}
GO
seen=$(node -e "
const { parsePhoneNumberFromString } = require('libphonenumber-js/max')
for (const number of ['+15005550006', '+15017122661']) {
  const n = parsePhoneNumberFromString(number)
  console.log('js', number, n.isValid(), n.getType())
}" && GOFLAGS=-mod=mod GOWORK=off go run .)
echo "$seen"
[ "$seen" = "js +15005550006 true PERSONAL_NUMBER
js +15017122661 true FIXED_LINE_OR_MOBILE
go +15005550006 true PERSONAL_NUMBER
go +15017122661 true FIXED_LINE_OR_MOBILE" ] || { echo "the behavior has changed"; exit 1; }
