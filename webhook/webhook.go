// Package webhook delivers messages through an endpoint of your own: it posts each to
// a URL of yours, signed as Standard Webhooks (https://www.standardwebhooks.com), and
// whatever is behind that URL sends it. It neither makes nor checks codes: package otp
// does, over a [Client].
//
//	messenger, err := webhook.New(webhook.Config{
//		URL:     "https://messages.example.com/otp",
//		Secrets: []string{os.Getenv("WEBHOOK_SECRET")}, // whsec_...
//	})
//	verifier, err := otp.New(otp.Config{Messenger: messenger, Store: new(otp.MemoryStore), Keys: [][]byte{key}})
//	receipt, err := verifier.Send(ctx, "+15005550006")
//	err = verifier.Check(ctx, "+15005550006", typed)
//
// # The request
//
// A message is one POST:
//
//	webhook-id: 5f1c0d0e6c0b4f0b9a4a7d0e3b2c1a00
//	webhook-timestamp: 1790000000
//	webhook-signature: v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=
//
//	{"type":"verify.message","data":{"to":"+15005550006","channel":"sms","text":"...","locale":"da-DK","expires_in":600}}
//
// The id is that of the message, and Receipt.ID. The signature is over id, time and
// body; with two secrets there are two. The locale is a hint, and expires_in, in
// seconds, how long the code works; either may be missing. A request of the type
// "verify.probe" has no data: the endpoint answers as usual, and sends nothing.
//
// # The answer
//
// Any whole answer of class 2xx says that the message was taken, unless it is a page of
// HTML or says otherwise: {"error":"invalid_recipient"} and the like, whatever the
// status. The words are those of codes.txt; docs/hooks.md lists them with their
// statuses. After a lost answer, a 5xx without a word or a redirect nobody knows, and
// the message is not posted again. It is posted again, under the same id, only where
// it surely was not taken: without a connection, after the word "unavailable", or a
// throttle of at most 5 seconds. An endpoint drops an id that it has seen.
package webhook

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
	"github.com/go2fa/verify/otp"
)

const (
	vendor = "webhook"
	maxID  = 64 // bytes
)

// A Config says where messages are posted and what signs them.
//
// # In the console
//
//  1. Make a secret: the word whsec_ and 32 random bytes in base64, such as
//     echo "whsec_$(openssl rand -base64 32)". It is Secrets, here and at the endpoint.
//  2. Write the endpoint, in any language: check the signature, send the text, answer
//     204 (https://github.com/go2fa/verify/blob/main/docs/hooks.md#hooks-out). Its
//     address is URL.
//  3. Keep the clocks right: a signature is good for five minutes.
type Config struct {
	// URL is the endpoint: https, or http to loopback and to hosts without dots. It has
	// no query. Required.
	URL string `dsn:"url,required" example:"https://messages.example.com/otp"`
	// Secrets must be whsec_ and 24 to 64 random bytes in base64, by which each request
	// is signed. One, or two while they are exchanged: the endpoint may know either.
	// Required.
	Secrets []string `json:"-" dsn:"secret,user,required" example:"env:WEBHOOK_SECRET"`
	// Channels must be of sms, voice, whatsapp, telegram and email: what the endpoint
	// serves. The first one for a recipient is used if none is asked for. Defaults to sms.
	Channels []string `dsn:"channels" default:"sms" example:"sms,voice"`
	// BaseURL replaces URL, for an emulator.
	BaseURL string `dsn:"base_url" example:"http://127.0.0.1:8080"`
	// HTTPClient brings a transport and a timeout; redirects and cookies stay off.
	// Its transport must not repeat requests by itself, or one Send may be posted
	// twice. Defaults to a client of our own.
	HTTPClient *http.Client `json:"-"`
}

// Format keeps the secrets of a Config out of every print.
func (Config) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("webhook.Config{[hidden]}")) }

var served = []verify.Channel{
	verify.ChannelSMS, verify.ChannelVoice, verify.ChannelWhatsApp, verify.ChannelTelegram, verify.ChannelEmail,
}

// channels are those of the Config, each once.
func (cfg Config) channels() (all []verify.Channel, err error) {
	for _, name := range cfg.Channels {
		c := verify.Channel(name)
		if !slices.Contains(served, c) || slices.Contains(all, c) {
			return nil, driver.Invalid(vendor, "Channels must be of sms, voice, whatsapp, telegram and email, each once")
		}
		all = append(all, c)
	}
	if len(all) == 0 {
		all = []verify.Channel{verify.ChannelSMS}
	}
	return all, nil
}

var (
	_ otp.Messenger = (*Client)(nil)
	_ verify.Prober = (*Client)(nil)
	_ verify.Warmer = (*Client)(nil)
)

// A Client is an [otp.Messenger] over an endpoint of the application's. It is safe for
// concurrent use.
type Client struct {
	driver.Base
	client *driver.Client
	route  string
}

// New checks cfg and makes a client. It does no I/O. Its errors name the field
// at fault and never its value.
func New(cfg Config) (*Client, error) {
	if cfg.URL == "" {
		return nil, driver.Invalid(vendor, "URL is missing")
	}
	keys, err := readKeys(cfg.Secrets)
	if err != nil {
		return nil, err
	}
	channels, err := cfg.channels()
	if err != nil {
		return nil, err
	}
	client, err := connect(cfg.URL, cfg.HTTPClient, keys)
	if err != nil {
		return nil, driver.Invalid(vendor, strings.ReplaceAll(err.Error(), "the base URL", "URL"))
	}
	if cfg.BaseURL != "" {
		if client, err = connect(cfg.BaseURL, cfg.HTTPClient, keys); err != nil {
			return nil, fmt.Errorf("webhook: %w", err)
		}
	}
	offered := verify.Capabilities{Vendor: vendor, Channels: channels, Locale: true}
	return &Client{driver.NewBase("Client", client, offered), client, routeOf(cmp.Or(cfg.BaseURL, cfg.URL))}, nil
}

func connect(address string, client *http.Client, keys [][]byte) (*driver.Client, error) {
	return driver.New(driver.Config{Vendor: vendor, BaseURL: address, Client: client, Sign: signer(keys), ReadError: readError})
}

// routeOf keeps the slash at the end of an address, for which driver has none: without
// it another page may be meant, and redirects are not followed.
func routeOf(address string) string {
	if u, err := url.Parse(address); err == nil && (u.Path == "" || strings.HasSuffix(u.Path, "/")) {
		return "/"
	}
	return ""
}

// Deliver posts a message and returns its id, which is m.Ref, or a random one without
// it. It reads m.Request.Locale, and no options.
func (c *Client) Deliver(ctx context.Context, m otp.Message) (id string, err error) {
	caps := c.Capabilities()
	id = cmp.Or(m.Ref, rand.Text())
	if why := refuse(caps, m, id); why != "" {
		return "", &verify.Error{Vendor: vendor, Op: "send", Outcome: verify.ErrUnsupported, Detail: why}
	}
	if _, err := caps.SendRequest(m.To, verify.WithChannel(m.Channel)); err != nil {
		return "", err
	}
	if err := c.post(ctx, driver.Call{Op: "send", JSON: body(m)}, id); err != nil {
		return "", err
	}
	return id, nil
}

// refuse says why a message cannot be posted as it is.
func refuse(caps verify.Capabilities, m otp.Message, id string) string {
	switch {
	case !slices.Contains(caps.Channels, m.Channel):
		return "the endpoint does not serve this channel"
	case m.Text == "":
		return "the text is empty"
	case !driver.IsID(id, maxID):
		return "the reference must be 1 to 64 of [A-Za-z0-9_-]"
	}
	return ""
}

// Probe posts a request of the type "verify.probe", which an endpoint answers like any
// other and for which it sends nothing. So the address, a secret and the clock are
// right; whether messages arrive only a message can tell.
func (c *Client) Probe(ctx context.Context) error {
	return c.post(ctx, driver.Call{Op: "probe", JSON: probe, Repeatable: true}, rand.Text())
}

// post makes one call. An answer of class 2xx may be a no as well.
func (c *Client) post(ctx context.Context, call driver.Call, id string) error {
	call.Route, call.Header = c.route, map[string]string{idHeader: id}
	reply, err := c.client.Do(ctx, call)
	if err != nil {
		return err
	}
	f, err := readTaken(reply.Body)
	switch {
	case err != nil:
		return c.client.Unknown(call.Op, reply, err.Error())
	case f.Outcome != "":
		return c.client.Failed(call.Op, reply, f)
	}
	return nil
}
