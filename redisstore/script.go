package redisstore

import (
	"context"
	"crypto/subtle"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/go2fa/verify/otp"
)

// What is kept of a key is at most five strings, each of which expires by itself.
// The first byte of each is the version of this layout. All but the keys is packed:
// a column has the same width in every record, and is read by its position.
//
//	s  3 kind keep [code] (at id)...       sends, kept for the longest time any caller asked for
//	c  3 code expires by                   the live code, where it does not end with the sends
//	p  3 (code expires attempts by at)...  codes that were replaced, and when
//	f  3 failures attempts attempted remember by
//	a  3 (id attempt verdict left at)...   answers of the last two minutes
//
// A live code ends with the sends, as a rule, and then stands among them: kind is m,
// it was made by the last send, and it expires keep after that. Kind c says that it
// stands in c, which ends before s, and - that there is none. The attempts in f are
// those on the code that the send "by" made: nothing but f and a changes when an
// attempt is wrong, and a new code needs no write to begin at none.
//
// A code is its MAC, folded to 16 bytes. A send's id is folded to 8 bytes, and so
// is that of an attempt, which stands before 8 bytes of the MAC that was attempted.
// Times are microseconds of the server's clock in 7 bytes, the highest first, and far
// below 2^53, to which Lua counts without loss; counts are one byte. A server
// has struct for that, a quarter of the time of an attempt faster; miniredis has not,
// and gets the same by hand.
//
// Each script is put together from those parts below that it needs. The keys come
// in the order c, p, s, f, a, and then the mark of a send that was revoked. Nothing
// is a function that need not be one: Lua would make it anew in each call.
const (
	clockLua = `
local call, sub, byte = redis.call, string.sub, string.byte
local clock = call('TIME')
local now = clock[1] * 1000000 + clock[2]
local replay = 120000000
local struct, time = rawget(_G, 'struct'), '>I7'
local pack, unpack = struct and struct.pack, struct and struct.unpack
if not pack then
  unpack = function(_, s, i)
    local a, b, c, d, e, f, g = byte(s, i, i + 6)
    return (((((a * 256 + b) * 256 + c) * 256 + d) * 256 + e) * 256 + f) * 256 + g
  end
  pack = function(_, n)
    local high = math.floor(n / 16777216)
    local low, top = n - high * 16777216, math.floor(high / 65536)
    high = high - top * 65536
    return string.char(math.floor(top / 256), top % 256, math.floor(high / 256), high % 256,
      math.floor(low / 65536), math.floor(low / 256) % 256, low % 256)
  end
end
`
	// loadCodeLua reads held, which is s, and c if that says so.
	loadCodeLua = `
local code, expires, by, keep, sends, kind = '-', 0, '', 0, '', '3-'
if held then
  kind = sub(held, 1, 2)
  local head = 9
  if kind == '3m' then head = 25 elseif kind ~= '3c' and kind ~= '3-' then return {'unreadable', 0} end
  if #held <= head or (#held - head) % 15 ~= 0 then return {'unreadable', 0} end
  keep, sends = unpack(time, held, 3), sub(held, head + 1)
  if kind == '3m' then
    code, expires, by = sub(held, 10, 25), unpack(time, held, #held - 14) + keep, sub(held, -8)
  elseif kind == '3c' then
    local apart = call('GET', KEYS[1])
    if apart then
      if sub(apart, 1, 1) ~= '3' or #apart ~= 32 then return {'unreadable', 0} end
      code, expires, by = sub(apart, 2, 17), unpack(time, apart, 18), sub(apart, 25)
    end
  end
  if now >= expires then code = '-' end
end
`
	// loadReplacedLua reads before, which is p.
	loadReplacedLua = `
local replaced = ''
if before then
  replaced = sub(before, 2)
  if sub(before, 1, 1) ~= '3' or #replaced == 0 or #replaced % 39 ~= 0 then return {'unreadable', 0} end
end
`
	// loadFailuresLua reads failed, which is f, after the code.
	loadFailuresLua = `
local failures, attempts, attempted, remember = 0, 0, 0, 0
if failed then
  if sub(failed, 1, 1) ~= '3' or #failed ~= 25 then return {'unreadable', 0} end
  failures, attempts = byte(failed, 2, 3)
  attempted, remember = unpack(time, failed, 4), unpack(time, failed, 11)
  if sub(failed, 18) ~= by then attempts = 0 end
end
`
	// saveSendsLua writes sends that are not empty, and the live code with them or
	// apart.
	saveSendsLua = `
local ends = unpack(time, sends, #sends - 14) + keep
local inside, was = '', kind
kind = '3-'
if code ~= '-' and expires > now then
  kind = '3c'
  if by == sub(sends, -8) and expires == ends then kind, inside = '3m', code end
end
call('SET', KEYS[3], kind .. pack(time, keep) .. inside .. sends, 'PX', math.ceil((ends - now) / 1000))
if kind == '3c' then
  call('SET', KEYS[1], '3' .. code .. pack(time, expires) .. by, 'PX', math.ceil((expires - now) / 1000))
elseif was == '3c' then
  call('DEL', KEYS[1])
end
`
	// saveFailuresLua keeps the attempts on a code as long as that lives, even where
	// failures are remembered for less.
	saveFailuresLua = `
local stop = 0
if failures > 0 then stop = attempted + remember end
if attempts > 0 and code ~= '-' and expires > stop then stop = expires end
if stop > now then
  call('SET', KEYS[4], '3' .. string.char(failures, attempts) .. pack(time, attempted) .. pack(time, remember) .. by,
    'PX', math.ceil((stop - now) / 1000))
else
  call('DEL', KEYS[4])
end
`
)

// unreadable is what every script answers to a record of another layout.
const unreadable = "unreadable"

// run makes one round trip; two, if the server does not know the script yet. The
// answer is a word and a number.
func (s *Store) run(ctx context.Context, op string, script *redis.Script, keys []string, args ...any) (word string, n int64, err error) {
	if !s.made() {
		return "", 0, notMade(op)
	}
	if err := ctx.Err(); err != nil {
		return "", 0, failure(ctx, op, err)
	}
	reply, err := s.eval(ctx, script, keys, args...)
	if err != nil {
		return "", 0, failure(ctx, op, err)
	}
	if len(reply) != 2 {
		return "", 0, notUnderstood(op)
	}
	word, isWord := reply[0].(string)
	n, isNumber := reply[1].(int64)
	switch {
	case !isWord || !isNumber:
		return "", 0, notUnderstood(op)
	case word == unreadable:
		return "", 0, otherLayout(op)
	}
	return word, n, nil
}

// notUnderstood is for an answer that no script gives.
func notUnderstood(op string) *Error {
	return &Error{Op: op, Detail: "the server gave an answer that no script of this package gives"}
}

// otherLayout is for a record that another version wrote, or somebody else.
func otherLayout(op string) *Error {
	return &Error{Op: op, Detail: "a record has the layout of another version of this package: update this process, or use another Prefix"}
}

// Columns of the layout.
const (
	codeBytes = 16
	idBytes   = 8
)

// none stands for a zero MAC. No code is stored so.
const none = "0"

// packedMAC folds a MAC, so that each of its bits counts: 128 of a hash that nobody
// chooses are as many as a MAC needs.
func packedMAC(m otp.MAC) string {
	if m == (otp.MAC{}) {
		return none
	}
	var folded [codeBytes]byte
	subtle.XORBytes(folded[:], m[:codeBytes], m[codeBytes:])
	return string(folded[:])
}

// packedID folds an id like a MAC.
func packedID(id otp.ID) string {
	var folded [idBytes]byte
	subtle.XORBytes(folded[:], id[:idBytes], id[idBytes:])
	return string(folded[:])
}

// longest is what every longer time is taken for: with the clock it stays below 2^53
// microseconds.
const longest = 100 * 365 * 24 * time.Hour

// micros rounds up: a limit may last longer than it was asked to, never less.
func micros(d time.Duration) int64 {
	d = min(d, longest)
	return int64(d/time.Microsecond) + min(int64(d%time.Microsecond), 1)
}
