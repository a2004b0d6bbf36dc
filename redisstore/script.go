package redisstore

import (
	"context"
	"encoding/hex"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/go2fa/verify/otp"
)

// loadLua opens every script, with the record of KEYS[1] in locals. A record is
// one string:
//
//	1 code expires attempts failures attempted remember idle keep by sends|answers
//
// where the first word is the version of this layout, code is the MAC of the
// live code or "-", by the send that made it, attempted the time of the last
// attempt, and idle the time at which no send counts any more; remember and keep
// are the longest times any caller asked for. Each of the sends is "at:id ", and
// each of the answers, to the attempts of the last two minutes, is "id attempt
// verdict left at;".
//
// Times are microseconds of the server's clock, and far below 2^53, to which Lua
// counts without loss. They stay strings unless they change, since Lua's own way
// back to a string keeps 14 digits only. Nothing is a function that need not be
// one: Lua would make it anew in each call.
const loadLua = `
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local replay = 120000000

local code, expires, attempts, failures, attempted, remember, idle, made, answers = '-', '0', '0', '0', '0', '0', '0', '0 - ', ''
local raw = redis.call('GET', KEYS[1])
if raw then
  code, expires, attempts, failures, attempted, remember, idle, made, answers = string.match(raw,
    '^1 (%S+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+ %S+ [^|]*)|([^|]*)$')
  if not code then return {'unreadable', 0} end
end
`

// saveLua keeps the record for as long as it means anything to anybody. A live
// code needs no look: its send counts for as long as it lives.
const saveLua = `
local stop = attempted + replay
if idle - stop > 0 then stop = idle end
if failures ~= '0' and attempted + remember - stop > 0 then stop = attempted + remember end
if stop - now > 0 then
  redis.call('SET', KEYS[1], '1 ' .. code .. ' ' .. expires .. ' ' .. attempts .. ' ' .. failures .. ' ' .. attempted .. ' ' ..
    remember .. ' ' .. idle .. ' ' .. made .. '|' .. answers, 'PX', math.ceil((stop - now) / 1000))
else
  redis.call('DEL', KEYS[1])
end
`

// unreadable is what every script answers to a record of another layout.
const unreadable = "unreadable"

// run makes one round trip; two, if the server does not know the script yet. The
// answer is a word and a number.
func (s *Store) run(ctx context.Context, op string, script *redis.Script, keys []string, args ...any) (word string, n int64, err error) {
	if err := ctx.Err(); err != nil {
		return "", 0, failure(ctx, op, err)
	}
	reply, err := script.Run(ctx, s.client, keys, args...).Slice()
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
		return "", 0, &Error{Op: op, Detail: "a record has the layout of another version of this package: update this process, or use another Prefix"}
	}
	return word, n, nil
}

// notUnderstood is for an answer that no script gives.
func notUnderstood(op string) *Error {
	return &Error{Op: op, Detail: "the server gave an answer that no script of this package gives"}
}

// none stands for a zero MAC. No code is stored so.
const none = "0"

func macWord(m otp.MAC) string {
	if m == (otp.MAC{}) {
		return none
	}
	return hex.EncodeToString(m[:])
}

// micros rounds up: a limit may last longer than it was asked to, never less.
func micros(d time.Duration) int64 {
	return int64(d/time.Microsecond) + min(int64(d%time.Microsecond), 1)
}
