// Reads {"codes": [...], "uris": [...]} and answers with the code of each case by
// each library, and what each library that reads URIs finds in them.
import { readFileSync } from 'node:fs'
import { TOTP, URI } from 'otpauth'
import * as otplib from 'otplib'
import { parse } from '@otplib/uri'
import speakeasy from 'speakeasy'

const asked = JSON.parse(readFileSync(0, 'utf8'))
const libraries = {
  otpauth: (c) => new TOTP({ secret: c.secret, algorithm: c.algorithm, digits: c.digits, period: c.period }).generate({ timestamp: c.at * 1000 }),
  otplib: (c) => otplib.generateSync({ secret: c.secret, algorithm: c.algorithm.toLowerCase(), digits: c.digits, period: c.period, epoch: c.at }),
  speakeasy: (c) => speakeasy.totp({ secret: c.secret, encoding: 'base32', algorithm: c.algorithm.toLowerCase(), digits: c.digits, step: c.period, time: c.at }),
}
const codes = {}, uris = {}
for (const [name, code] of Object.entries(libraries)) codes[name] = asked.codes.map(code)
uris.otpauth = asked.uris.map((uri) => {
  const t = URI.parse(uri)
  return { issuer: t.issuer, account: t.label, secret: t.secret.base32, algorithm: t.algorithm, digits: t.digits, period: t.period }
})
// otplib leaves the issuer in front of the label to its caller.
uris.otplib = asked.uris.map((uri) => {
  const { label, params: { issuer, secret, algorithm = 'sha1', digits = 6, period = 30 } } = parse(uri)
  return { issuer, account: label.replace(`${issuer}:`, ''), secret, algorithm: algorithm.toUpperCase(), digits, period }
})
console.log(JSON.stringify({ codes, uris }))
