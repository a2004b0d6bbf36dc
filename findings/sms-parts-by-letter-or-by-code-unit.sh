#!/usr/bin/env bash
# Two calculators disagree about the parts, and so the price, of one text message
# in a script whose letters take two code units: Twilio's own keeps what a person
# sees as one letter in one part, others cut wherever 67 code units are full.
#
# Seen on 2026-11-28 (npm sms-segments-calculator 1.3.0 by Twilio, npm split-sms
# 0.1.7): 67 times Devanagari "ni" (U+0928 U+093F), 134 UTF-16 code units, is 3
# parts for the first and 2 for the second.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund sms-segments-calculator@1.3.0 split-sms@0.1.7 >/dev/null
seen=$(node -e "
const text = '\u0928\u093f'.repeat(67)
const { SegmentedMessage } = require('sms-segments-calculator')
console.log('code units', text.length)
console.log('sms-segments-calculator', new SegmentedMessage(text).segmentsCount)
console.log('split-sms', require('split-sms').split(text).parts.length)")
echo "$seen"
[ "$seen" = "code units 134
sms-segments-calculator 3
split-sms 2" ] || { echo "the behavior has changed"; exit 1; }
