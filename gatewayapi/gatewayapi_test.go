package gatewayapi_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/gatewayapi"
	"github.com/go2fa/verify/gatewayapi/gatewayapitest"
	"github.com/go2fa/verify/otp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	phone = "+15005550006"
	other = "+15017122661"
)

// emulated returns a client and the emulator it talks to.
func emulated(t *testing.T, cfg gatewayapi.Config) (*gatewayapi.Client, *gatewayapitest.Server) {
	srv := gatewayapitest.NewServer(t)
	cfg.BaseURL = srv.URL
	return client(t, cfg), srv
}

func client(t *testing.T, cfg gatewayapi.Config) *gatewayapi.Client {
	client, err := gatewayapi.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, client.Close()) })
	return client
}

func engine(t *testing.T, messenger otp.Messenger, change ...func(*otp.Config)) *otp.Engine {
	cfg := otp.Config{
		Messenger: messenger, Store: new(otp.MemoryStore), Keys: [][]byte{bytes.Repeat([]byte("k"), 32)}, Product: "Acme",
	}
	for _, f := range change {
		f(&cfg)
	}
	engine, err := otp.New(cfg)
	require.NoError(t, err)
	return engine
}

func text(s string) otp.Message {
	return otp.Message{To: phone, Channel: verify.ChannelSMS, Text: s, TTL: 10 * time.Minute, Ref: "00000000000000000000000000000001"}
}

func wrong(code string) string {
	return strings.Repeat(string('0'+(code[0]-'0'+1)%10), len(code))
}

// ways are all in which an account may be used.
var ways = map[string]func() gatewayapi.Config{
	"Messaging API": valid,
	"REST API":      classic,
	"REST API with Basic": func() gatewayapi.Config {
		cfg := classic()
		cfg.Basic = true
		return cfg
	},
	"REST API with signatures": signed,
}

func TestSendAndCheckInEveryWay(t *testing.T) {
	t.Parallel()
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, srv := emulated(t, way())
			verifier := engine(t, client)
			receipt, err := verifier.Send(t.Context(), phone, verify.WithDigits(8), verify.WithScope("login"))
			require.NoError(t, err)
			assert.Equal(t, "gatewayapi", receipt.Vendor)
			assert.Equal(t, verify.ChannelSMS, receipt.Channel)
			assert.NotEmpty(t, receipt.ID)

			code := srv.Code(phone)
			require.Len(t, code, 8)
			login := verify.WithScope("login")
			require.ErrorIs(t, verifier.Check(t.Context(), phone, wrong(code), login), verify.ErrMismatch)
			require.ErrorIs(t, verifier.Check(t.Context(), phone, code), verify.ErrNotPending, "another scope")
			require.NoError(t, verifier.Check(t.Context(), phone, code, login))
			require.ErrorIs(t, verifier.Check(t.Context(), phone, code, login), verify.ErrNotPending, "R06: a code is accepted once")
			assert.Equal(t, 1, srv.Effects())
		})
	}
}

// elsewhere leads GatewayAPI's own hosts to the emulator, which sees their names.
type elsewhere struct{ origin *url.URL }

func (e elsewhere) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	if r.URL.Scheme == "https" {
		r.URL.Scheme, r.URL.Host = "http", e.origin.Host
	}
	return http.DefaultTransport.RoundTrip(r)
}

func TestEachRegionAndAPIHasItsHost(t *testing.T) {
	t.Parallel()
	for _, region := range []string{"com", "eu"} {
		srv := gatewayapitest.NewServer(t, gatewayapitest.Options{Region: region})
		origin, err := url.Parse(srv.URL)
		require.NoError(t, err)
		for name, way := range ways {
			for _, asked := range []string{"com", "eu"} {
				t.Run(name+" of "+region+", asked for "+asked, func(t *testing.T) {
					t.Parallel()
					cfg := way()
					cfg.Region, cfg.HTTPClient = asked, &http.Client{Transport: elsewhere{origin}}
					_, err := client(t, cfg).Deliver(t.Context(), text("Hi"))
					if asked == region {
						require.NoError(t, err)
						return
					}
					require.ErrorIs(t, err, verify.ErrUnauthorized)
					assert.Contains(t, err.Error(), "region", "an operator is told where to look")
				})
			}
		}
	}
}

func TestRefusedBeforeAnyRequest(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t, valid())
	verifier := engine(t, client)
	for name, opts := range map[string][]verify.SendOption{
		"a channel without text":    {verify.WithChannel(verify.ChannelVoice)},
		"a code of five digits":     {verify.WithDigits(5)},
		"a code of eleven digits":   {verify.WithDigits(11)},
		"a sender too long":         {gatewayapi.WithSender("AcmeAcmeAcme")},
		"no sender":                 {gatewayapi.WithSender("")},
		"two senders":               {gatewayapi.WithSender("Acme"), gatewayapi.WithSender("Acme")},
		"a label too long":          {gatewayapi.WithLabel(strings.Repeat("x", 129))},
		"no label":                  {gatewayapi.WithLabel("")},
		"two labels":                {gatewayapi.WithLabel("a"), gatewayapi.WithLabel("a")},
		"a sender that breaks HTTP": {gatewayapi.WithSender("Acme\r\n")},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := verifier.Send(t.Context(), phone, opts...)
			require.ErrorIs(t, err, verify.ErrUnsupported)
			assert.Zero(t, srv.Requests(), "an option that cannot be honored is refused before the network")
		})
	}
}

func TestDeliverChecksWhatNoEngineHasChecked(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t, valid())
	for _, to := range []string{"", "+", "15005550006", "+1500555000x", "a@example.com"} {
		m := text("Hi")
		m.To = to
		_, err := client.Deliver(t.Context(), m)
		require.ErrorIs(t, err, verify.ErrInvalidRecipient, to)
	}
	for _, channel := range []verify.Channel{"", verify.ChannelVoice, verify.ChannelEmail} {
		m := text("Hi")
		m.Channel = channel
		_, err := client.Deliver(t.Context(), m)
		require.ErrorIs(t, err, verify.ErrUnsupported, channel)
	}
	assert.Zero(t, srv.Requests())
}

// nonces remembers the signatures that pass by.
type nonces struct {
	mu   sync.Mutex
	seen []string
}

func (n *nonces) RoundTrip(r *http.Request) (*http.Response, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.seen = append(n.seen, r.Header.Get("Authorization"))
	return http.DefaultTransport.RoundTrip(r)
}

func TestEachTryIsSignedAnew(t *testing.T) {
	t.Parallel()
	srv := gatewayapitest.NewServer(t)
	var n nonces
	cfg := signed()
	cfg.BaseURL, cfg.HTTPClient = srv.URL, &http.Client{Transport: &n}
	srv.Fail(gatewayapitest.Refusal(http.StatusTooManyRequests, "0x0109"))
	_, err := client(t, cfg).Deliver(t.Context(), text("Hi"))
	require.NoError(t, err)
	assert.Equal(t, 1, srv.Effects())
	require.Len(t, n.seen, 2)
	assert.NotEqual(t, n.seen[0], n.seen[1], "a nonce is good once")
	for _, header := range n.seen {
		assert.True(t, strings.HasPrefix(header, "OAuth "), "the scheme")
		assert.NotContains(t, header, gatewayapitest.Secret)
	}
}

func TestSignaturesAreSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t, signed())
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			_, err := client.Deliver(t.Context(), text("Hi"))
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	assert.Equal(t, 16, srv.Effects(), "a nonce used twice would have been refused")
}

func TestAClockThatIsOff(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t, signed())
	srv.Advance(time.Hour)
	_, err := client.Deliver(t.Context(), text("Hi"))
	require.ErrorIs(t, err, verify.ErrUnavailable)
	assert.Contains(t, err.Error(), "clock")
	assert.Zero(t, srv.Effects())
}

func TestTheWholeTextArrives(t *testing.T) {
	t.Parallel()
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, srv := emulated(t, way())
			for _, s := range []string{
				"Acme: 123456 is your code.", "Acme: 123456 bekræfter {€1} ~ [ok]", "代码 123456 😀", "il a reçu le code",
				`"quotes" & <tags> \ and` + "\na line", strings.Repeat("x", 500),
			} {
				_, err := client.Deliver(t.Context(), text(s))
				require.NoError(t, err)
				messages := srv.Messages()
				assert.Equal(t, s, messages[len(messages)-1].Text)
			}
		})
	}
}

func TestSendWhoseReplyWasLost(t *testing.T) {
	t.Parallel()
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, srv := emulated(t, way())
			verifier := engine(t, client)
			srv.Fail(gatewayapitest.Fault{Break: gatewayapitest.Close, Effect: true})
			_, err := verifier.Send(t.Context(), phone)
			require.ErrorIs(t, err, verify.ErrOutcomeUnknown)
			assert.Equal(t, 1, srv.Effects(), "R74: one message for one Send")
			assert.Equal(t, 1, srv.Requests())
			require.NoError(t, verifier.Check(t.Context(), phone, srv.Code(phone)), "the message arrived and its code is good")
		})
	}
}

func TestNoCreditIsTheAccountsFault(t *testing.T) {
	t.Parallel()
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := gatewayapitest.NewServer(t, gatewayapitest.Options{Credit: -1})
			cfg := way()
			cfg.BaseURL = srv.URL
			verifier := engine(t, client(t, cfg))
			_, err := verifier.Send(t.Context(), phone)
			require.ErrorIs(t, err, verify.ErrUnauthorized)
			assert.Contains(t, err.Error(), "no credit left (HTTP 403, 0x0216)")
			_, err = verifier.Send(t.Context(), phone)
			require.ErrorIs(t, err, verify.ErrUnauthorized, "what surely did not leave starts no cooldown")
		})
	}
}

func TestErrorsNameNobody(t *testing.T) {
	t.Parallel()
	const canary = "123456"
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, srv := emulated(t, way())
			for _, fault := range []gatewayapitest.Fault{
				{Status: 403, Body: `{"code":"0x0215","message":"MSISDN %1 blacklisted","variables":["15005550006"],"incident_uuid":"x"}`},
				{Status: 403, Body: `{"code":"0x15005550006","message":"15005550006","incident_uuid":"15005550006"}`},
				{Status: 422, Body: `{"detail":[{"loc":["body","15005550006"],"msg":"15005550006","type":"x","input":"123456"}]}`},
				{Status: 500, Body: `Acme: 123456 to 15005550006`},
				{Status: 202, Body: `{"msg_id":"15005550006","ids":[15005550006],"recipient":15005550006}`},
				{Status: 200, Body: `{"msg_id":"Acme: 123456","ids":["123456"]}`},
				{Break: gatewayapitest.Reset},
			} {
				srv.Fail(fault)
				_, err := client.Deliver(t.Context(), text("Acme: "+canary))
				require.Error(t, err)
				all := fmt.Sprintf("%v %+v %#v", err, err, err)
				for _, private := range []string{"5005550006", canary, srv.URL, gatewayapitest.Token, gatewayapitest.Secret} {
					assert.NotContains(t, all, private)
				}
			}
		})
	}
}
