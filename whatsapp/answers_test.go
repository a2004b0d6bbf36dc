package whatsapp_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/whatsapp"
	"github.com/go2fa/verify/whatsapp/whatsapptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestErrorsNameNobody(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	inner := func(rest string) string {
		return `{"error":{"message":"to 15005550006","type":"OAuthException",` + rest + `}}`
	}
	for _, fault := range []whatsapptest.Fault{
		{Status: 400, Body: inner(`"code":123456`)},
		{Status: 400, Body: inner(`"code":15005550006`)},
		{Status: 400, Body: inner(`"code":"+15005550006"`)},
		{Status: 400, Body: inner(`"code":131026,"error_data":{"details":"123456 to 15005550006"}`)},
		{Status: 200, Body: `{"messaging_product":"whatsapp","contacts":[{"input":"+15005550006"}],"messages":[{"id":"15005550006"}]}`},
		{Status: 200, Body: `{"messaging_product":"whatsapp","contacts":[{"input":"+15005550006"}],"messages":[{"id":"wamid.x","message_status":"123456"}]}`},
		{Status: 500, Body: `123456 to 15005550006`},
		{Break: whatsapptest.Reset},
	} {
		srv.Fail(fault)
		_, err := client.DeliverCode(t.Context(), code("123456"))
		require.Error(t, err)
		all := fmt.Sprintf("%v %+v %#v", err, err, err)
		for _, private := range []string{"5005550006", "123456", srv.URL, whatsapptest.Token} {
			assert.NotContains(t, all, private)
		}
	}
}

func TestOnlyAnAnswerOfThisMessageIsAYes(t *testing.T) {
	t.Parallel()
	const good = `{"messaging_product":"whatsapp","contacts":[{"input":"+15005550006","wa_id":"15005550006"}],"messages":[{"id":"wamid.abc="}]}`
	client, srv := emulated(t)
	srv.Fail(whatsapptest.Fault{Status: 200, Body: good})
	id, err := client.DeliverCode(t.Context(), code("123456"))
	require.NoError(t, err)
	assert.Equal(t, whatsapp.ID("wamid.abc="), id)

	for name, change := range map[string][2]string{
		"another product":            {`"whatsapp"`, `"instagram"`},
		"no product":                 {`"messaging_product":"whatsapp",`, ``},
		"another number":             {`"+15005550006"`, `"+15017122661"`},
		"a number in another form":   {`"+15005550006"`, `"+1 500-555-0006"`},
		"no number":                  {`"input":"+15005550006",`, ``},
		"no contact":                 {`{"input":"+15005550006","wa_id":"15005550006"}`, ``},
		"two contacts":               {`}],"mess`, `},{"input":"+15005550006"}],"mess`},
		"no message":                 {`{"id":"wamid.abc="}`, ``},
		"two messages":               {`{"id":"wamid.abc="}`, `{"id":"wamid.abc="},{"id":"wamid.abd="}`},
		"an id of another kind":      {`wamid.abc=`, `abc`},
		"an id that is a text":       {`wamid.abc=`, `wamid.a b`},
		"an empty id":                {`wamid.abc=`, `wamid.`},
		"too long an id":             {`wamid.abc=`, `wamid.` + strings.Repeat("a", 256)},
		"an id that stands twice":    {`{"id":"wamid.abc="}`, `{"id":"wamid.abc=","id":"wamid.abd="}`},
		"an id in capitals":          {`"id"`, `"ID"`},
		"a list that is an object":   {`[{"id":"wamid.abc="}]`, `{"id":"wamid.abc="}`},
		"a message that is held":     {`"wamid.abc="`, `"wamid.abc=","message_status":"held_for_quality_assessment"`},
		"a status that is not known": {`"wamid.abc="`, `"wamid.abc=","message_status":"Accepted"`},
		"a status that is no text":   {`"wamid.abc="`, `"wamid.abc=","message_status":true`},
		"a second document":          {`}]}`, `}]}{}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, srv := emulated(t)
			require.Contains(t, good, change[0])
			srv.Fail(whatsapptest.Fault{Status: 200, Body: strings.Replace(good, change[0], change[1], 1)})
			_, err := client.DeliverCode(t.Context(), code("123456"))
			require.ErrorIs(t, err, verify.ErrOutcomeUnknown)
		})
	}
}

func TestProbeSendsNothing(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	require.NoError(t, client.Probe(t.Context()))
	assert.Zero(t, srv.Effects())
	cfg := config(srv.URL)
	cfg.Token = "another"
	stranger, err := whatsapp.New(cfg)
	require.NoError(t, err)
	require.ErrorIs(t, stranger.Probe(t.Context()), verify.ErrUnauthorized)
	cfg = config(srv.URL)
	cfg.PhoneNumberID = "1"
	elsewhere, err := whatsapp.New(cfg)
	require.NoError(t, err)
	require.ErrorContains(t, elsewhere.Probe(t.Context()), "check PhoneNumberID")
}

// A client that New did not make closes, and finds fault with itself.
func TestZeroClient(t *testing.T) {
	c := new(whatsapp.Client)
	require.NoError(t, c.Close())
	require.ErrorIs(t, c.Probe(t.Context()), verify.ErrUnsupported, "nil would say that it works")
	_, err := c.DeliverCode(t.Context(), code("123456"))
	require.ErrorIs(t, err, verify.ErrUnsupported)
}
