package otp

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		edit func(*Config)
		says string
	}{
		"no messenger":                  {func(c *Config) { c.Messenger = nil }, "Messenger"},
		"a messenger without channels":  {func(c *Config) { c.Messenger = &post{channels: []verify.Channel{}} }, "channel"},
		"no store":                      {func(c *Config) { c.Store = nil }, "Store"},
		"no keys":                       {func(c *Config) { c.Keys = nil }, "Keys"},
		"an empty list of keys":         {func(c *Config) { c.Keys = [][]byte{} }, "Keys"},
		"an empty key":                  {func(c *Config) { c.Keys = [][]byte{{}} }, "32 bytes"},
		"a short key":                   {func(c *Config) { c.Keys = [][]byte{keyA[:31]} }, "32 bytes"},
		"a short second key":            {func(c *Config) { c.Keys = [][]byte{keyA, keyB[:31]}; c.IndexKey = keyA }, "32 bytes"},
		"a key twice":                   {func(c *Config) { c.Keys = [][]byte{keyA, keyB, keyA}; c.IndexKey = keyA }, "twice"},
		"several keys and no index key": {func(c *Config) { c.Keys = [][]byte{keyA, keyB} }, "IndexKey"},
		"a short index key":             {func(c *Config) { c.IndexKey = keyB[:31] }, "IndexKey"},
		"an empty index key":            {func(c *Config) { c.IndexKey = []byte{} }, "IndexKey"},
		"five digits":                   {func(c *Config) { c.Digits = 5 }, "Digits"},
		"eleven digits":                 {func(c *Config) { c.Digits = 11 }, "Digits"},
		"negative digits":               {func(c *Config) { c.Digits = -6 }, "Digits"},
		"a TTL over ten minutes":        {func(c *Config) { c.TTL = 10*time.Minute + 1 }, "TTL"},
		"a negative TTL":                {func(c *Config) { c.TTL = -1 }, "TTL"},
		"eleven attempts":               {func(c *Config) { c.Limits.Attempts = 11 }, "Attempts"},
		"negative attempts":             {func(c *Config) { c.Limits.Attempts = -1 }, "Attempts"},
		"more than a hundred failures":  {func(c *Config) { c.Limits.Failures = 101 }, "Failures"},
		"negative failures":             {func(c *Config) { c.Limits.Failures = -1 }, "Failures"},
		"failures soon forgotten":       {func(c *Config) { c.Limits.Remember = 24*time.Hour - 1 }, "Remember"},
		"negative sends":                {func(c *Config) { c.Limits.Sends = -1 }, "Sends"},
		"a negative window":             {func(c *Config) { c.Limits.Window = -1 }, "Window"},
		"a negative cooldown":           {func(c *Config) { c.Limits.Cooldown = []time.Duration{-1} }, "Cooldown"},
		"a cooldown that falls":         {func(c *Config) { c.Limits.Cooldown = []time.Duration{2, 1} }, "Cooldown"},
		"a product too long":            {func(c *Config) { c.Product = strings.Repeat("p", 65) }, "Product"},
		"a product of two lines":        {func(c *Config) { c.Product = "a\nb" }, "Product"},
		"a product with a bell":         {func(c *Config) { c.Product = "a\a" }, "Product"},
		"a product that is not UTF-8":   {func(c *Config) { c.Product = "\xff" }, "Product"},
		"a product for browsers":        {func(c *Config) { c.Product = "a @evil.example #1" }, "Product"},
		"a locale without texts":        {func(c *Config) { c.Locale = "xx" }, "Locale"},
		"Origin and AppHash":            {func(c *Config) { c.Origin, c.AppHash = "a.example", "FA+9qCX9VSu" }, "not both"},
		"an origin with a scheme":       {func(c *Config) { c.Origin = "https://a.example" }, "Origin"},
		"a short app hash":              {func(c *Config) { c.AppHash = "FA+9qCX9VS" }, "AppHash"},
		"an app hash of other letters":  {func(c *Config) { c.AppHash = "FA-9qCX9VSu" }, "AppHash"},
		"a text too long for Android": {func(c *Config) {
			c.AppHash = "FA+9qCX9VSu"
			c.Templates = map[string]Template{"en": {Code: "{code} " + strings.Repeat("x", 118)}}
		}, "140 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := Config{Messenger: &post{}, Store: new(MemoryStore), Keys: [][]byte{keyA}}
			tt.edit(&cfg)
			e, err := New(cfg)
			require.ErrorContains(t, err, tt.says)
			assert.Nil(t, e)
			assert.True(t, strings.HasPrefix(err.Error(), "otp: "), err.Error())
			assert.NotContains(t, err.Error(), "AAAA", "a key was printed")
			assert.NotContains(t, err.Error(), "evil", "a value was printed")
		})
	}
}

func TestNewAccepts(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(*Config){
		"the least there is":       func(*Config) {},
		"ten digits":               func(c *Config) { c.Digits = 10 },
		"ten minutes":              func(c *Config) { c.TTL = 10 * time.Minute },
		"a nanosecond":             func(c *Config) { c.TTL = 1 },
		"ten attempts":             func(c *Config) { c.Limits.Attempts = 10 },
		"a day of memory":          func(c *Config) { c.Limits.Remember = 24 * time.Hour },
		"a level cooldown":         func(c *Config) { c.Limits.Cooldown = []time.Duration{1, 1, 2} },
		"a long key":               func(c *Config) { c.Keys = [][]byte{bytes.Repeat(keyA, 9)} },
		"a product of 48 letters":  func(c *Config) { c.Product = strings.Repeat("p", 48) },
		"a product with braces":    func(c *Config) { c.Product = "{code}" },
		"another locale":           func(c *Config) { c.Locale = "pt-BR" },
		"a locale in capitals":     func(c *Config) { c.Locale = "DA-DK" },
		"an origin":                func(c *Config) { c.Origin = "login.example.com" },
		"an origin for developers": func(c *Config) { c.Origin = "localhost" },
		"an app hash":              func(c *Config) { c.AppHash = "FA+9qCX9VSu" },
		"a text of 140 bytes": func(c *Config) {
			c.AppHash = "FA+9qCX9VSu"
			c.Templates = map[string]Template{"en": {Code: "{code} " + strings.Repeat("x", 117)}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, p := newEngine(t, edit)
			_, err := e.Send(t.Context(), phone)
			require.NoError(t, err)
			require.NotEmpty(t, p.last(t).Text)
		})
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	want := Limits{
		Attempts: 5, Failures: 100, Remember: 30 * 24 * time.Hour, Sends: 5, Window: 10 * time.Minute,
		Cooldown: []time.Duration{30 * time.Second, 40 * time.Second, 60 * time.Second, 90 * time.Second, 120 * time.Second},
	}
	assert.Equal(t, want, Limits{}.WithDefaults())
	assert.Equal(t, want, Limits{Attempts: -1, Failures: -1, Remember: -1, Sends: -1, Window: -1}.WithDefaults(), "no limit is lifted by a sign")

	high := Limits{Attempts: 1000, Failures: 1000}.WithDefaults()
	assert.Equal(t, 10, high.Attempts)
	assert.Equal(t, 100, high.Failures)

	own := Limits{Attempts: 1, Failures: 2, Remember: 3, Sends: 4, Window: 5, Cooldown: []time.Duration{6}}
	assert.Equal(t, own, own.WithDefaults())

	mine := Limits{}.WithDefaults()
	mine.Cooldown[0] = 0
	assert.Equal(t, want, Limits{}.WithDefaults(), "the defaults are nobody's to change")

	ladder := []time.Duration{time.Hour}
	e, _ := newEngine(t, func(c *Config) { c.Limits.Cooldown = ladder })
	ladder[0] = 0
	assert.Equal(t, time.Hour, e.limits.Cooldown[0], "the engine's limits are nobody's to change")

	e, _ = newEngine(t)
	assert.Equal(t, 10*time.Minute, e.ttl)
	assert.Equal(t, want, e.limits)
}

func TestNamesOfAnswers(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []string{"admitted", "too soon", "too many", "blocked", "full", "unknown"},
		[]string{Admitted.String(), TooSoon.String(), TooMany.String(), SendBlocked.String(), Full.String(), Refusal(5).String()})
	assert.Equal(t, []string{"gone", "wrong", "locked", "blocked", "match", "unknown"},
		[]string{Gone.String(), Wrong.String(), Locked.String(), Blocked.String(), Match.String(), Verdict(5).String()})
	assert.Equal(t, Gone, *new(Verdict), "the zero verdict approves nothing")
}
