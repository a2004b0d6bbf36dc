package vendors

import (
	"errors"
	"strings"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/otp"
)

// memoryStore is the one store that Open knows by itself.
const memoryStore = "memory"

// An engine holds what makes a verifier of a messenger: see otp.Config.
type engine struct {
	keys                      []string // the first one makes MACs
	indexKey, store           string
	digits                    int
	ttl                       time.Duration
	limits                    otp.Limits
	product, locale           string
	origin, embedded, appHash string
}

// engineSettings are the rows of a messenger's table that its engine adds. At says
// where in C it keeps them.
func engineSettings[C any](at func(*C) *engine) []setting[C] {
	text := func(field func(*engine) *string) func(*C, string, string) error {
		return intoText(func(c *C) *string { return field(at(c)) })
	}
	number := func(field func(*engine) *int) func(*C, string, string) error {
		return intoNumber(func(c *C) *int { return field(at(c)) })
	}
	period := func(field func(*engine) *time.Duration) func(*C, string, string) error {
		return intoTime(func(c *C) *time.Duration { return field(at(c)) })
	}
	return []setting[C]{{
		key: "key", required: true, example: "env:OTP_KEY",
		doc: "The secret that codes are kept under: at least 32 characters, random, outside the store. Two or more, newest first and with commas between, change it.",
		set: func(c *C, _, value string) error {
			at(c).keys = strings.Split(value, ",")
			return nil
		},
	}, {
		key: "index_key", fallback: "made from `key`", example: "file:/run/secrets/otp-index",
		doc: "The secret that records are named by. Required with several keys, and then it stays the oldest.",
		set: text(func(e *engine) *string { return &e.indexKey }),
	}, {
		key: "store", required: true, example: memoryStore,
		doc: "`memory` for one process, or a URL whose scheme `vendors.WithStore` knows: `redis://127.0.0.1:6379/0`.",
		set: text(func(e *engine) *string { return &e.store }),
	}, {
		key: "digits", fallback: "6", example: "8",
		doc: "The length of a code: 6 to 10.",
		set: number(func(e *engine) *int { return &e.digits }),
	}, {
		key: "ttl", fallback: "10m", example: "5m",
		doc: "How long a code works, at most `10m`.",
		set: period(func(e *engine) *time.Duration { return &e.ttl }),
	}, {
		key: "product", fallback: "none", example: "Acme",
		doc: "Who asks for the code, as shown in the message.",
		set: text(func(e *engine) *string { return &e.product }),
	}, {
		key: "locale", fallback: "en", example: "da",
		doc: "The language for those who ask for none.",
		set: text(func(e *engine) *string { return &e.locale }),
	}, {
		key: "origin", fallback: "none", example: "login.example.com",
		doc: "The host on which browsers fill the code in by themselves.",
		set: text(func(e *engine) *string { return &e.origin }),
	}, {
		key: "embedded", fallback: "none", example: "pay.example.net",
		doc: "The host of a frame within `origin`, in which alone browsers fill the code in.",
		set: text(func(e *engine) *string { return &e.embedded }),
	}, {
		key: "app_hash", fallback: "none", example: "AAAAAAAAAAA",
		doc: "The 11 characters by which Android hands the message to one app. Not with `origin`.",
		set: text(func(e *engine) *string { return &e.appHash }),
	}, {
		key: "attempts", fallback: "5", example: "3",
		doc: "Attempts for each code: 1 to 10.",
		set: number(func(e *engine) *int { return &e.limits.Attempts }),
	}, {
		key: "failures", fallback: "100", example: "50",
		doc: "Wrong attempts over all codes before the recipient is blocked: 1 to 100.",
		set: number(func(e *engine) *int { return &e.limits.Failures }),
	}, {
		key: "remember", fallback: "720h", example: "720h",
		doc: "How long those are kept after the last one, at least `24h`.",
		set: period(func(e *engine) *time.Duration { return &e.limits.Remember }),
	}, {
		key: "sends", fallback: "5", example: "4",
		doc: "Messages to one recipient within `window`.",
		set: number(func(e *engine) *int { return &e.limits.Sends }),
	}, {
		key: "window", fallback: "10m", example: "15m",
		doc: "The time over which they are counted.",
		set: period(func(e *engine) *time.Duration { return &e.limits.Window }),
	}, {
		key: "cooldown", fallback: "30s,40s,60s,90s,120s", example: "45s,90s",
		doc: "The wait after each message, the last one again and again.",
		set: func(c *C, _, value string) error {
			for text := range strings.SplitSeq(value, ",") {
				wait, err := parseTime(text)
				if err != nil {
					return err
				}
				at(c).limits.Cooldown = append(at(c).limits.Cooldown, wait)
			}
			return nil
		},
	}}
}

// over makes a verifier of a messenger, with a store of its own. Parts are what
// was opened for the messenger: they are closed with the verifier, or now if there
// is none.
func (e engine) over(messenger otp.Messenger, parts []any, o options) (verify.Verifier, error) {
	store, err := o.openStore(e.store)
	if err != nil {
		return nil, abandon(err, parts...)
	}
	parts = append(parts, store)
	made, err := otp.New(e.config(messenger, store))
	if err != nil {
		return nil, abandon(err, parts...)
	}
	return opened{made, parts}, nil
}

func (e engine) config(messenger otp.Messenger, store otp.Store) otp.Config {
	cfg := otp.Config{
		Messenger: messenger, Store: store, Digits: e.digits, TTL: e.ttl, Limits: e.limits,
		Product: e.product, Locale: e.locale, Origin: e.origin, Embedded: e.embedded, AppHash: e.appHash,
	}
	for _, key := range e.keys {
		cfg.Keys = append(cfg.Keys, []byte(key))
	}
	if e.indexKey != "" { // an empty one is no key, and not the absence of one
		cfg.IndexKey = []byte(e.indexKey)
	}
	return cfg
}

// openStore finds the opener of a store by the scheme of its URL. What a foreign
// opener says may quote that URL, and is dropped.
func (o options) openStore(dsn string) (otp.Store, error) {
	if dsn == memoryStore {
		return new(otp.MemoryStore), nil
	}
	open := o.stores[schemeIn(dsn)]
	if open == nil {
		return nil, errors.New("store must be memory, or a URL whose scheme was handed in by vendors.WithStore")
	}
	store, err := open(dsn)
	if err != nil || store == nil {
		return nil, errors.New("store could not be opened: check its URL")
	}
	return store, nil
}

func schemeIn(url string) string {
	scheme, _, ok := strings.Cut(url, "://")
	if !ok {
		return ""
	}
	return scheme
}
