package otp

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/keys"
	"github.com/go2fa/verify/otp/text"
)

const (
	maxTTL     = 10 * time.Minute
	defaultTTL = maxTTL
	maxScope   = 64 // bytes
)

// A Template is the text of messages in one language; see [text.Template].
type Template = text.Template

// A Config says through what an Engine sends, where it keeps codes, and what its
// messages read like.
type Config struct {
	// Messenger delivers the messages: a [Messenger], a [CodeMessenger], or several of
	// them joined by [Fallback]. Required.
	Messenger Courier
	// Store remembers the codes. Required.
	Store Store

	// Keys are secrets of at least 32 random bytes, kept outside the store. The
	// first one makes MACs, every one checks them: to change keys, put the new one
	// first and drop the old one after TTL. Required.
	Keys [][]byte `json:"-" dsn:"code_key,required" missing:"at least 32 random characters, kept outside the store" example:"env:OTP_KEY"`
	// IndexKey names the records of the store. Keep it when Keys change, since
	// another one forgets every limit that was reached. Defaults to the key, if
	// there is only one; required with several, and then it stays the oldest.
	IndexKey []byte `json:"-" dsn:"index_key" example:"file:/run/secrets/otp-index"`

	// Digits is the length of a code, 6 to 10. Defaults to 6.
	Digits int `dsn:"digits" default:"6" example:"8"`
	// TTL is how long a code works, 10 minutes at most (NIST SP 800-63B-4 section
	// 3.1.3.2). Defaults to 10 minutes.
	TTL time.Duration `dsn:"ttl" default:"10m" example:"5m"`
	// Limits bound sends and attempts. Defaults to those of Limits.
	Limits Limits `dsn:",inline"`

	// Product is shown in each message: who asks for the code. At most 48
	// characters, without 4 to 10 digits in a row. Defaults to none.
	Product string `dsn:"product" example:"Acme"`
	// Locale is the language for those who ask for none, or for one that is not
	// known, as a BCP 47 tag. Defaults to "en".
	Locale string `dsn:"locale" default:"en" example:"da"`
	// Templates replace the texts of this module, or add languages to its da, de,
	// en, es, fr, it and pt: by BCP 47 tag, where "pt" serves "pt-BR" too, "zh-TW"
	// serves "zh-Hant-TW", and "nb" serves "no".
	//
	// Put the code near the beginning: an SMS gateway that cuts a message after its
	// first part (160 characters, or 70 with any that is not in GSM-7) often reports
	// success, and a code at the end is lost. Package text counts parts. Defaults to
	// none.
	Templates map[string]Template `dsn:"template.NAME"`
	// Origin makes the last line of each SMS one by which browsers fill the code
	// in on this host only, such as "login.example.com"
	// (https://wicg.github.io/sms-one-time-codes/). Defaults to none.
	Origin string `dsn:"origin" example:"login.example.com"`
	// Embedded is the host of a frame in which the code is typed, where Origin is
	// the site around it. Then browsers fill the code in only there. It goes with
	// Origin. Defaults to none.
	Embedded string `dsn:"embedded" example:"pay.example.net"`
	// AppHash makes the last line of each SMS the 11 characters by which Android
	// hands it to one app
	// (https://developers.google.com/identity/sms-retriever/verify). Not with
	// Origin. Defaults to none.
	AppHash string `dsn:"app_hash" example:"AAAAAAAAAAA"`
}

// Format keeps the keys of a Config out of every print.
func (Config) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("otp.Config{[hidden]}")) }

// New returns an Engine, or says which field of cfg is at fault. It makes no
// request.
func New(cfg Config) (*Engine, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	texts, err := text.New(text.Config{
		Product: cfg.Product, Locale: cfg.Locale, Templates: cfg.Templates,
		Origin: cfg.Origin, Embedded: cfg.Embedded, AppHash: cfg.AppHash,
	})
	if err != nil {
		return nil, err
	}
	couriers, err := couriersOf(cfg.Messenger)
	if err != nil {
		return nil, err
	}
	caps, err := cfg.capabilities(couriers)
	if err != nil {
		return nil, err
	}
	codeKeys, indexKey := cfg.ownKeys()
	cfg.Limits.Cooldown = slices.Clone(cfg.Limits.Cooldown)
	e := &Engine{
		courier: couriers[0], store: cfg.Store, caps: caps,
		keys: newHasher(codeKeys, indexKey), texts: texts, limits: cfg.Limits.WithDefaults(),
		ttl: orDefault(cfg.TTL, defaultTTL), random: rand.Reader,
	}
	if len(couriers) > 1 {
		e.several = &fallback{couriers: couriers, caps: caps}
	}
	return e, nil
}

// capabilities are those of the couriers together, and the engine's own. A
// CodeMessenger may take codes of some lengths only.
func (cfg Config) capabilities(couriers []courier) (verify.Capabilities, error) {
	together := inUnion(couriers)
	caps := verify.Capabilities{
		Vendor: together.Vendor, Channels: together.Channels, ClientIP: together.ClientIP, Locale: true,
		MinDigits: minDigits, MaxDigits: maxDigits, DefaultDigits: orDefault(cfg.Digits, defaultDigits), MaxScope: maxScope,
		IdempotencyKey: true,
	}
	for _, c := range couriers {
		caps.Transaction = caps.Transaction || c.texts != nil
		if c.codes != nil && c.caps.MaxDigits > 0 {
			caps.MinDigits, caps.MaxDigits = max(caps.MinDigits, c.caps.MinDigits), min(caps.MaxDigits, c.caps.MaxDigits)
		}
	}
	switch {
	case len(caps.Channels) == 0:
		return caps, errors.New("otp: Messenger offers no channel")
	case caps.DefaultDigits < caps.MinDigits || caps.DefaultDigits > caps.MaxDigits:
		return caps, errors.New("otp: Digits is none that Messenger takes")
	}
	return caps, nil
}

func (cfg Config) validate() error {
	switch {
	case cfg.Messenger == nil:
		return errors.New("otp: Messenger is missing")
	case cfg.Store == nil:
		return errors.New("otp: Store is missing")
	case cfg.Digits != 0 && (cfg.Digits < minDigits || cfg.Digits > maxDigits):
		return errors.New("otp: Digits must be 6 to 10")
	case cfg.TTL < 0 || cfg.TTL > maxTTL:
		return errors.New("otp: TTL must be at most 10 minutes, and not negative")
	}
	if err := keys.Validate("otp", cfg.Keys, cfg.IndexKey); err != nil {
		return err
	}
	return cfg.Limits.validate()
}

// ownKeys copies the keys: the caller may change its own later.
func (cfg Config) ownKeys() (codeKeys [][]byte, indexKey []byte) {
	for _, key := range cfg.Keys {
		codeKeys = append(codeKeys, append([]byte(nil), key...))
	}
	return codeKeys, append([]byte(nil), keys.Index(cfg.Keys, cfg.IndexKey)...)
}
