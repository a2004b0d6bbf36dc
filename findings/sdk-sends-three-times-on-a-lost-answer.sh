#!/usr/bin/env bash
# Two official SDKs ask for a one-time code three times when the answer is lost,
# without an idempotency key, so a person may get three messages for one call.
#
# Seen on 2026-11-28 (npm telnyx 7.24.0, npm @prelude.so/sdk 0.10.0): a server on
# this machine reads each request whole and closes the connection; each SDK sends
# the POST three times, with no Idempotency-Key, and then raises a connection
# error. Setting maxRetries to 0 makes it one.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund telnyx@7.24.0 @prelude.so/sdk@0.10.0 >/dev/null
cat >lost.mjs <<'JS'
import net from 'node:net'
import Telnyx from 'telnyx'
import Prelude from '@prelude.so/sdk'

// A server that reads requests whole, counts them, and never answers.
function listen(seen) {
  return new Promise((ready) => {
    const server = net.createServer((socket) => {
      let text = ''
      socket.on('error', () => {})
      socket.on('data', (chunk) => {
        text += chunk
        const end = text.indexOf('\r\n\r\n')
        if (end < 0) return
        const length = Number(/content-length: *(\d+)/i.exec(text)?.[1] ?? 0)
        if (text.length < end + 4 + length) return
        seen.requests++
        if (/^idempotency-key:/im.test(text)) seen.keys++
        socket.destroy()
      })
    })
    server.listen(0, '127.0.0.1', () => ready(server))
  })
}

const to = '+15005550006'
const calls = {
  telnyx: (baseURL, options) => new Telnyx({ apiKey: 'KEY0', baseURL, ...options })
    .verifications.triggerSMS({ phone_number: to, verify_profile_id: '00000000-0000-0000-0000-000000000000' }),
  prelude: (baseURL, options) => new Prelude({ apiToken: 'sk_0', baseURL, ...options })
    .verification.create({ target: { type: 'phone_number', value: to } }),
}
for (const [name, call] of Object.entries(calls)) {
  for (const options of [{}, { maxRetries: 0 }]) {
    const seen = { requests: 0, keys: 0 }, server = await listen(seen)
    let error = 'none'
    try { await call('http://127.0.0.1:' + server.address().port, options) } catch (e) { error = e.constructor.name }
    server.close()
    console.log(`${name} ${JSON.stringify(options)} requests ${seen.requests} idempotency keys ${seen.keys} error ${error}`)
  }
}
JS
seen=$(node lost.mjs)
echo "$seen"
[ "$seen" = 'telnyx {} requests 3 idempotency keys 0 error APIConnectionError
telnyx {"maxRetries":0} requests 1 idempotency keys 0 error APIConnectionError
prelude {} requests 3 idempotency keys 0 error APIConnectionError
prelude {"maxRetries":0} requests 1 idempotency keys 0 error APIConnectionError' ] || { echo "the behavior has changed"; exit 1; }
