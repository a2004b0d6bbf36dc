#!/usr/bin/env bash
# "npm install whatsapp" does not install Meta's library for the Cloud API, though its
# own documentation says so: the latest version of that name is an empty package without
# a repository, and Meta's is there as 0.0.5-Alpha only.
#
# Seen on 2026-11-29 (npm whatsapp 1.0.0 and 0.0.5-Alpha): the first has a package.json
# and nothing else, so that to require it fails; the second names Meta's repository.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
install() {
	mkdir "$1" && cd "$1"
	npm init -y >/dev/null
	npm install --silent --no-audit --no-fund --ignore-scripts "$2" >/dev/null
	node -p "
const p = require('./node_modules/whatsapp/package.json')
const files = require('fs').readdirSync('node_modules/whatsapp').length
let loads = true
try { require.resolve('whatsapp') } catch { loads = false }
['$1', p.version, files + ' files', 'loads ' + loads, (p.repository?.url ?? 'no repository').replace(/^git\+/, '')].join(', ')"
	cd ..
}
seen=$(install latest whatsapp && install alpha whatsapp@0.0.5-Alpha)
echo "$seen"
[ "$seen" = "latest, 1.0.0, 1 files, loads false, no repository
alpha, 0.0.5-Alpha, 5 files, loads true, https://github.com/WhatsApp/WhatsApp-Nodejs-SDK.git" ] || { echo "the behavior has changed"; exit 1; }
