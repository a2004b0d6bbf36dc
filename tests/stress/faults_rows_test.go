package stress

import (
	"strings"

	"github.com/go2fa/verify"
)

// A row is one row of the table of failures in docs/rules.md.
type row struct {
	name  string
	plays func(c cell) []play // none: the vendor has no such thing
}

// A cell is a row at one vendor, for Send or for Check.
type cell struct {
	kind
	op    string
	facts facts
}

// A play is one way to bring a failure about.
type play struct {
	script []step // on the wire
	late   bool   // it takes all the time there is
	before func(*run)
	call   func(*run) // in place of the call; it does all of it
	anyhow bool       // it has nothing to do with the wire: a check of otp meets it too
	want   want
}

// A want is what a call comes to.
type want struct {
	kind  verify.Outcome // "" is a yes
	tries int            // requests; below zero: any number
}

const (
	unknown   = verify.ErrOutcomeUnknown
	page      = "<html>"
	endless   = "HTTP/1.1 200 OK\r\n\r\n"
	long      = "HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"
	chunked   = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	forwarded = "https://elsewhere.example.com/"
)

// by tells sends and checks apart.
func (c cell) by(send, check want) want {
	if c.op == "send" {
		return send
	}
	return check
}

// lost is a failure after which a check, and no send, is tried again.
func (c cell) lost(steps ...step) []play {
	return c.each(c.by(want{unknown, 1}, c.asked(unknown)), steps...)
}

// asked is what a check comes to whose first answer was lost: the second answer, or
// none, where a second request may be a second attempt.
func (c cell) asked(kind verify.Outcome) want {
	if c.single {
		return want{unknown, 1}
	}
	return want{kind, 2}
}

// once is a failure that is never tried again.
func (c cell) once(kind verify.Outcome, steps ...step) []play {
	return c.each(want{kind, 1}, steps...)
}

// again is one of which a send makes three tries and a check two.
func (c cell) again(kind verify.Outcome, steps ...step) []play {
	return c.each(want{kind, c.most()}, steps...)
}

// most is how often a request is made that the vendor has not processed: a check that
// is never made twice has the three tries of a send.
func (c cell) most() int {
	if c.op == "send" || c.single {
		return 3
	}
	return 2
}

// each plays every step alone.
func (c cell) each(w want, steps ...step) []play {
	var plays []play
	for _, s := range steps {
		plays = append(plays, play{script: []step{s}, want: w})
	}
	return plays
}

// own is the vendor's own answer, or nothing.
func (c cell) own(s *said) []play {
	if s == nil {
		return nil
	}
	return c.once(s.means, s.step())
}

// late is a failure that takes all the time there is.
func (c cell) late(steps ...step) []play {
	plays := c.each(want{unknown, 1}, steps...)
	for i := range plays {
		plays[i].late = true
	}
	return plays
}

// bodies are answers of class 2xx.
func (c cell) bodies(texts ...string) []play {
	var steps []step
	for _, text := range texts {
		steps = append(steps, after(reply(200, text, "Content-Type", "application/json")))
	}
	return c.once(unknown, steps...)
}

// rows are all forty. Those in which no request is answered are in another file.
func rows() []row {
	return append(outerRows(), []row{
		{"no answer", func(c cell) []play {
			return c.late(after(hang("")), hang(""), after(hang("HTTP/1.1 200 OK\r\nContent-")))
		}},
		{"lost answer", func(c cell) []play {
			return append(c.lost(after(reset), after(raw(""))), play{
				script: []step{reset, healthy}, want: c.by(want{unknown, 1}, c.asked("")),
			})
		}},
		{"no HTTP", func(c cell) []play {
			return c.lost(after(raw("SSH-2.0-x\r\n")), raw("HTTP/1.1 two\r\n\r\n"), after(raw("HTTP/1.1 200 OK\r\nContent-Le")),
				raw("HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", 40<<10)+"\r\n\r\n"))
		}},
		{"accepted", func(c cell) []play { return c.once("", healthy) }},
		{"not understood", func(c cell) []play {
			if c.op == "send" && c.anyBody() {
				return c.bodies(append([]string{page, " " + page, `{"success": tr`}, c.facts.unknown...)...)
			}
			return c.bodies(append([]string{"", page, `{}`, `[]`, `null`, `{"success": tr`}, c.facts.unknown...)...)
		}},
		{"cut off", func(c cell) []play {
			if c.op == "check" && c.bodiless() {
				return c.lost(after(raw(long+"{")), after(raw(chunked+"5\r\n12345\r\n"))) // its yes has no half
			}
			return c.lost(half, after(raw(long+"{")), after(raw(chunked+"5\r\n12345\r\n")))
		}},
		{"too large", func(c cell) []play {
			return append(c.once(unknown, after(flood(endless, " ", 1<<20)), after(reply(200, "{}", "Content-Encoding", "gzip"))),
				c.late(after(drip(endless)))...)
		}},
		{"contradiction", func(c cell) []play { return c.bodies(c.facts.contradictions...) }},
		{"redirect", func(c cell) []play {
			return c.once(unknown, reply(302, "", "Location", forwarded), reply(307, "", "Location", forwarded),
				reply(308, page, "Location", forwarded), reply(300, ""))
		}},
		{"vendor's error", func(c cell) []play { return c.own(c.facts.refused) }},
		{"proxy's error", func(c cell) []play {
			w := c.by(want{verify.ErrRejected, 1}, want{unknown, 1})
			return append(c.each(w, reply(400, page), reply(404, ""), reply(403, page)), c.once(unknown, after(reply(499, page)))...)
		}},
		{"credentials", func(c cell) []play { return c.own(c.facts.account) }},
		{"guard", func(c cell) []play { return c.own(c.facts.blocked) }},
		{"not found", func(c cell) []play { return c.own(c.facts.gone) }},
		{"denial after a lost answer", func(c cell) []play {
			if c.op == "send" {
				return nil // it does not occur
			}
			means := unknown
			if c.replays() {
				means = "" // the approval itself is played again
			}
			return []play{
				{script: []step{after(reset), healthy}, want: c.asked(means)},
				{script: []step{after(raw("")), healthy}, want: c.asked(means)},
			}
		}},
		{"408", func(c cell) []play { return c.lost(after(reply(408, page)), reply(408, "")) }},
		{"short throttle", func(c cell) []play {
			return []play{{script: []step{reply(429, "", "Retry-After", "1"), healthy}, want: want{"", 2}}}
		}},
		{"long throttle", func(c cell) []play {
			return c.once(verify.ErrRateLimited, reply(429, "", "Retry-After", "3600"), reply(429, page, "Retry-After", "9999999999"))
		}},
		{"bare throttle", func(c cell) []play {
			return append(c.again(verify.ErrRateLimited, reply(429, ""), reply(429, page, "Retry-After", "soon")),
				play{script: []step{reply(429, ""), healthy}, want: want{"", 2}})
		}},
		{"recipient's limit", func(c cell) []play { return c.own(c.facts.limited) }},
		{"500", func(c cell) []play { return c.lost(after(reply(500, page)), reply(500, "")) }},
		{"501 or 505", func(c cell) []play {
			return c.each(c.by(want{verify.ErrUnavailable, 1}, want{unknown, 1}), reply(501, page), reply(505, page))
		}},
		{"502 or 504", func(c cell) []play {
			return c.lost(after(reply(502, page)), reply(502, page), after(reply(504, page)), reply(504, page))
		}},
		{"503", func(c cell) []play {
			return c.lost(after(reply(503, page)), reply(503, page), after(reply(503, page, "Retry-After", "0")))
		}},
		{"no in a 2xx", func(c cell) []play { return c.own(c.facts.no) }},
	}...)
}
