package verify_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

const (
	phone   = "+15005550006"
	address = "a@example.com"
)

func with(change func(*verify.Capabilities)) verify.Capabilities {
	c := verify.Capabilities{Vendor: "test", Channels: []verify.Channel{verify.ChannelSMS, verify.ChannelVoice}}
	change(&c)
	return c
}

func plain(*verify.Capabilities) {}

func fourToEight(c *verify.Capabilities) { c.MinDigits, c.MaxDigits = 4, 8 }

func alwaysSix(c *verify.Capabilities) { c.MinDigits, c.MaxDigits, c.DefaultDigits = 6, 6, 6 }

func byEmail(c *verify.Capabilities) { c.Channels = append(c.Channels, verify.ChannelEmail) }

func onlyEmail(c *verify.Capabilities) { c.Channels = []verify.Channel{verify.ChannelEmail} }

func onlyApp(c *verify.Capabilities) { c.Channels = []verify.Channel{verify.ChannelApp} }

func twoScopes(c *verify.Capabilities) { c.Scopes = []string{"login", "payment"} }

func shortScopes(c *verify.Capabilities) { c.MaxScope = 25 }

func binds(c *verify.Capabilities) { c.Transaction = true }

func TestSendRequestResolves(t *testing.T) {
	tests := map[string]struct {
		can     func(*verify.Capabilities)
		to      string
		opts    []verify.SendOption
		channel verify.Channel
		digits  int
	}{
		"a phone takes the first channel":         {plain, phone, nil, verify.ChannelSMS, 0},
		"an address takes email, wherever it is":  {byEmail, address, nil, verify.ChannelEmail, 0},
		"a phone skips an email that comes first": {everythingBut, phone, nil, verify.ChannelSMS, 6},
		"an empty channel is no choice":           {plain, phone, []verify.SendOption{verify.WithChannel("")}, verify.ChannelSMS, 0},
		"a channel that is asked for":             {plain, phone, []verify.SendOption{verify.WithChannel("voice")}, verify.ChannelVoice, 0},
		"the vendor's length is told":             {alwaysSix, phone, nil, verify.ChannelSMS, 6},
		"the only length may be asked for":        {alwaysSix, phone, []verify.SendOption{verify.WithDigits(6)}, verify.ChannelSMS, 6},
		"the shortest length":                     {fourToEight, phone, []verify.SendOption{verify.WithDigits(4)}, verify.ChannelSMS, 4},
		"the longest length":                      {fourToEight, phone, []verify.SendOption{verify.WithDigits(8)}, verify.ChannelSMS, 8},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := with(tc.can).SendRequest(tc.to, tc.opts...)
			require.NoError(t, err)
			assert.Equal(t, tc.to, got.To)
			assert.Equal(t, tc.channel, got.Channel)
			assert.Equal(t, tc.digits, got.Digits)
		})
	}
}

func everythingBut(c *verify.Capabilities) { *c = everything() }

func TestSendRequestRefuses(t *testing.T) {
	const unsupported, invalid = verify.ErrUnsupported, verify.ErrInvalidRecipient
	tests := map[string]struct {
		can    func(*verify.Capabilities)
		to     string
		opt    verify.SendOption
		want   verify.Outcome
		detail string // a part of it
	}{
		"no recipient":                       {plain, "", nil, invalid, "neither a phone number"},
		"a recipient in another spelling":    {plain, "+1 500 555 0006", nil, invalid, "neither a phone number"},
		"an address without an email":        {plain, address, nil, invalid, "no channel is offered for this kind"},
		"a phone where there is only email":  {onlyEmail, phone, nil, invalid, "no channel is offered for this kind"},
		"an address by sms":                  {byEmail, address, verify.WithChannel("sms"), invalid, "does not fit"},
		"a phone by email":                   {byEmail, phone, verify.WithChannel("email"), invalid, "does not fit"},
		"a channel nobody has":               {plain, phone, verify.WithChannel("pigeon"), unsupported, "channel is not offered: ask for sms or voice"},
		"a channel this vendor has not":      {plain, phone, verify.WithChannel("whatsapp"), unsupported, "channel is not offered"},
		"the app, which is for receipts":     {onlyApp, phone, verify.WithChannel("app"), unsupported, "channel is not offered"},
		"the app, as the only channel":       {onlyApp, phone, nil, unsupported, "channel is not offered"},
		"digits where there is no choice":    {plain, phone, verify.WithDigits(6), unsupported, "cannot be chosen"},
		"other digits than the only ones":    {alwaysSix, phone, verify.WithDigits(7), unsupported, "always 6, as the vendor is configured"},
		"one digit too few":                  {fourToEight, phone, verify.WithDigits(3), unsupported, "must be 4 to 8"},
		"one digit too many":                 {fourToEight, phone, verify.WithDigits(9), unsupported, "must be 4 to 8"},
		"less than no digits":                {plain, phone, verify.WithDigits(-1), unsupported, "cannot be chosen"},
		"a scope where there are none":       {plain, phone, verify.WithScope("login"), unsupported, "no scope is offered: leave WithScope out"},
		"a scope that is not configured":     {twoScopes, phone, verify.WithScope("signup"), unsupported, "not configured: use login or payment, or none"},
		"a scope the vendor finds too long":  {shortScopes, phone, verify.WithScope(strings.Repeat("x", 26)), unsupported, "too long: at most 25 characters"},
		"a scope anybody finds too long":     {everythingBut, phone, verify.WithScope(strings.Repeat("x", 65)), unsupported, "1 to 64"},
		"a scope with a space":               {everythingBut, phone, verify.WithScope("log in"), unsupported, "1 to 64"},
		"a scope with a slash":               {everythingBut, phone, verify.WithScope("../login"), unsupported, "1 to 64"},
		"a scope with an umlaut":             {everythingBut, phone, verify.WithScope("l\u00f6gin"), unsupported, "1 to 64"},
		"a scope with a hash tag":            {everythingBut, phone, verify.WithScope("{login}"), unsupported, "1 to 64"},
		"an unbound transaction":             {plain, phone, verify.WithTransaction("EUR 1", "Acme"), unsupported, "cannot be bound"},
		"an unbound transaction, empty":      {plain, phone, verify.WithTransaction("", ""), unsupported, "cannot be bound"},
		"an empty transaction":               {binds, phone, verify.WithTransaction("", ""), unsupported, "1 to 70 characters"},
		"an amount without a payee":          {binds, phone, verify.WithTransaction("EUR 1", ""), unsupported, "1 to 70 characters"},
		"a payee without an amount":          {binds, phone, verify.WithTransaction("", "Acme"), unsupported, "1 to 70 characters"},
		"an amount of 71 characters":         {binds, phone, verify.WithTransaction(strings.Repeat("1", 71), "Acme"), unsupported, "1 to 70 characters"},
		"a payee that breaks the line":       {binds, phone, verify.WithTransaction("EUR 1", "Acme\n@evil.example #1"), unsupported, "1 to 70 characters"},
		"a payee that turns the text around": {binds, phone, verify.WithTransaction("EUR 1", "Acme\u202e"), unsupported, "1 to 70 characters"},
		"a payee with a line separator":      {binds, phone, verify.WithTransaction("EUR 1", "Ac\u2028me"), unsupported, "1 to 70 characters"},
		"a payee of spaces":                  {binds, phone, verify.WithTransaction("EUR 1", " \u00a0"), unsupported, "1 to 70 characters"},
		"a payee that cannot be seen":        {binds, phone, verify.WithTransaction("EUR 1", "\u200d\u200f"), unsupported, "1 to 70 characters"},
		"a payee with an isolate":            {binds, phone, verify.WithTransaction("EUR 1", "Acme\u2067"), unsupported, "1 to 70 characters"},
		"a payee with a byte order mark":     {binds, phone, verify.WithTransaction("EUR 1", "\ufeffAcme"), unsupported, "1 to 70 characters"},
		"a payee that is not UTF-8":          {binds, phone, verify.WithTransaction("EUR 1", "Acme\xff"), unsupported, "1 to 70 characters"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := with(tc.can).SendRequest(tc.to, tc.opt)
			assertRefused(t, err, "send", tc.want, tc.detail)
			assert.Equal(t, verify.SendRequest{}, got, "nothing to send by mistake")
		})
	}
}

func TestScopesAndTransactionsAccepted(t *testing.T) {
	tests := map[string]struct {
		can func(*verify.Capabilities)
		opt verify.Option
	}{
		"the empty scope":               {plain, verify.WithScope("")},
		"a configured scope":            {twoScopes, verify.WithScope("payment")},
		"the longest the vendor takes":  {shortScopes, verify.WithScope(strings.Repeat("x", 25))},
		"the longest there is":          {everythingBut, verify.WithScope(strings.Repeat("x", 64))},
		"every byte a scope may have":   {everythingBut, verify.WithScope("AZaz09._:-")},
		"an amount of 70 characters":    {binds, verify.WithTransaction(strings.Repeat("1", 70), "Acme")},
		"a payee of 70 Japanese ones":   {binds, verify.WithTransaction("EUR 1", strings.Repeat("\u5c71", 70))},
		"a payee in another script":     {binds, verify.WithTransaction("EUR 1", "Жар-Птица 鳳凰")},
		"a scope beyond the short ones": {func(c *verify.Capabilities) { shortScopes(c); twoScopes(c) }, verify.WithScope("login")},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := with(tc.can).SendRequest(phone, tc.opt)
			require.NoError(t, err)
			_, err = with(tc.can).CheckRequest(phone, "246801", tc.opt)
			require.NoError(t, err)
			_, err = with(tc.can).SubjectRequest("cancel", phone, tc.opt)
			require.NoError(t, err)
		})
	}
}

func TestCheckRequestRefuses(t *testing.T) {
	tests := map[string]struct {
		to     string
		opts   []verify.CheckOption
		want   verify.Outcome
		detail string
	}{
		"no recipient":           {"", nil, verify.ErrInvalidRecipient, "neither a phone number"},
		"an address, no email":   {address, nil, verify.ErrInvalidRecipient, "no channel is offered"},
		"an unknown scope":       {phone, []verify.CheckOption{verify.WithScope("login")}, verify.ErrUnsupported, "no scope is offered"},
		"a malformed scope":      {phone, []verify.CheckOption{nil, verify.WithScope("a b")}, verify.ErrUnsupported, "1 to 64"},
		"an unbound transaction": {phone, []verify.CheckOption{verify.WithTransaction("EUR 1", "Acme")}, verify.ErrUnsupported, "cannot be bound"},
		"an empty transaction":   {phone, []verify.CheckOption{verify.WithTransaction("", "")}, verify.ErrUnsupported, "cannot be bound"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := with(plain).CheckRequest(tc.to, "246801", tc.opts...)
			assertRefused(t, err, "check", tc.want, tc.detail)
			assert.Equal(t, verify.CheckRequest{}, got)

			got, err = with(plain).SubjectRequest("fetch", tc.to, tc.opts...)
			assertRefused(t, err, "fetch", tc.want, tc.detail)
			assert.Equal(t, verify.CheckRequest{}, got)
		})
	}
}

func withLetters(c *verify.Capabilities) {
	plain(c)
	c.Letters = true
}

func sixWithLetters(c *verify.Capabilities) {
	alwaysSix(c)
	c.Letters = true
}

// R13 and R14: a code is a run of ASCII digits, and of letters for a vendor whose
// codes have them. Every other spelling is a second
// key to the same door, or a path into a vendor's API.
func TestCodes(t *testing.T) {
	tests := map[string]struct {
		can  func(*verify.Capabilities)
		code string
		rule string // of the refusal; empty: accepted
	}{
		"four digits, length unknown":   {plain, "0000", ""},
		"ten digits, length unknown":    {plain, "0123456789", ""},
		"three digits, length unknown":  {plain, "123", "4 to 10 digits"},
		"eleven digits, length unknown": {plain, "01234567890", "4 to 10 digits"},
		"the shortest of a range":       {fourToEight, "1234", ""},
		"the longest of a range":        {fourToEight, "12345678", ""},
		"too short for a range":         {fourToEight, "123", "4 to 8 digits"},
		"too long for a range":          {fourToEight, "123456789", "4 to 8 digits"},
		"the only length":               {alwaysSix, "000000", ""},
		"not the only length":           {alwaysSix, "0000000", "6 digits"},
		"nothing":                       {alwaysSix, "", "6 digits"},
		"a space in front":              {alwaysSix, " 12345", "6 digits"},
		"a space behind":                {alwaysSix, "12345 ", "6 digits"},
		"a newline behind":              {alwaysSix, "12345\n", "6 digits"},
		"a NUL behind":                  {alwaysSix, "12345\x00", "6 digits"},
		"a plus":                        {alwaysSix, "+12345", "6 digits"},
		"a minus":                       {alwaysSix, "-12345", "6 digits"},
		"an underscore":                 {alwaysSix, "1_2345", "6 digits"},
		"hexadecimal":                   {alwaysSix, "0x1E24", "6 digits"},
		"a decimal point":               {alwaysSix, "1234.5", "6 digits"},
		"an exponent":                   {alwaysSix, "1234e5", "6 digits"},
		"letters":                       {alwaysSix, "abcdef", "6 digits"},
		"a path":                        {alwaysSix, "../sms", "6 digits"},
		"an escaped path":               {alwaysSix, "..%2fs", "6 digits"},
		"an anchor":                     {alwaysSix, "1/234#", "6 digits"},
		"a query":                       {alwaysSix, "12?x=3", "6 digits"},
		"fullwidth digits":              {alwaysSix, "\uff11\uff12", "6 digits"}, // six bytes
		"Arabic-Indic digits":           {alwaysSix, "\u0661\u0662\u0663", "6 digits"},
		"mathematical digits":           {plain, "\U0001d7cf\U0001d7d0", "4 to 10 digits"},
		"a zero-width space":            {alwaysSix, "123\u200b", "6 digits"},

		"letters where they may be":          {withLetters, "aB3x", ""},
		"digits where letters may be":        {withLetters, "0123456789", ""},
		"too short, with letters":            {withLetters, "aB3", "4 to 10 ASCII letters and digits"},
		"too long, with letters":             {withLetters, "aB3aB3aB3aB", "4 to 10 ASCII letters and digits"},
		"a hyphen, with letters":             {withLetters, "aB-3", "4 to 10 ASCII letters and digits"},
		"a space, with letters":              {withLetters, "aB3x ", "4 to 10 ASCII letters and digits"},
		"letters of others":                  {withLetters, "\u0430\u0412", "4 to 10 ASCII letters and digits"},
		"a path, with letters":               {withLetters, "../sms", "4 to 10 ASCII letters and digits"},
		"letters in the vendor's length":     {sixWithLetters, "aB3xY9", ""},
		"letters in another than its length": {sixWithLetters, "aB3x", "6 ASCII letters and digits"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := with(tc.can).CheckRequest(phone, tc.code)
			if tc.rule == "" {
				require.NoError(t, err)
				assert.Equal(t, tc.code, got.Code)
				return
			}
			assertRefused(t, err, "check", verify.ErrMismatch, "the code must be "+tc.rule)
			assert.Equal(t, verify.CheckRequest{}, got)
		})
	}
}

func assertRefused(t *testing.T, err error, op string, want verify.Outcome, detail string) {
	t.Helper()
	var e *verify.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, want, e.Outcome)
	assert.Equal(t, []verify.Outcome{want}, matched(err))
	assert.Equal(t, op, e.Op)
	assert.NotEmpty(t, e.Vendor)
	assert.Contains(t, e.Detail, detail)
	assert.Zero(t, e.Requests, "refused before any request")
}

func TestRequestsPrintNoSecret(t *testing.T) {
	sent, err := everything().SendRequest(phone, verify.WithScope("login"), verify.WithDigits(8))
	require.NoError(t, err)
	assert.Equal(t, `verify.SendRequest{To: +1…06, Channel: sms, Scope: "login", Digits: 8}`, fmt.Sprintf("%+v", sent))
	text, err := json.Marshal(sent)
	require.NoError(t, err)
	assert.JSONEq(t, `{"to":"+1…06","channel":"sms","scope":"login","digits":8}`, string(text))

	checked, err := everything().CheckRequest(address, "24680135", verify.WithScope("login"))
	require.NoError(t, err)
	assert.Equal(t, `verify.CheckRequest{To: …@example.com, Scope: "login"}`, fmt.Sprintf("%#v", checked))
	text, err = json.Marshal(checked)
	require.NoError(t, err)
	assert.JSONEq(t, `{"to":"…@example.com","scope":"login"}`, string(text))

	text, err = json.Marshal(verify.Transaction{Amount: "EUR 1", Payee: "Acme"})
	require.NoError(t, err)
	assert.Equal(t, `"[hidden]"`, string(text))
}

var codePattern = regexp.MustCompile(`\A[0-9]{4,10}\z`)

func FuzzCode(f *testing.F) {
	for _, seed := range []string{
		"246801", "0000", "0123456789", "123", "01234567890", "", " 12345", "12345\n", "+12345", "-12345", "1_2345",
		"0x1E24", "../sms", "..%2fsms", "%2e%2e%2f", "1/2#", "1?x=", "1;", "\uff11\uff12", "\u0661\u0662\u0663", "12345\x00",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, code string) {
		got, err := with(plain).CheckRequest(phone, code)
		if codePattern.MatchString(code) {
			require.NoError(t, err)
			require.Equal(t, code, got.Code, "a code is taken as it is")
			return
		}
		require.ErrorIs(t, err, verify.ErrMismatch)
		require.Empty(t, got.Code)
		require.Equal(t, "test: check: mismatch: the code must be 4 to 10 digits", err.Error(), "whatever was typed")
	})
}

// A Checker over accounts takes ids in place of recipients, sends nothing, and
// prints nothing of an id, even of one that looks like a number.
func TestAccountIdsInPlaceOfRecipients(t *testing.T) {
	accounts := verify.Capabilities{Vendor: "toy", Accounts: true, MinDigits: 6, MaxDigits: 8}
	for _, id := range []string{"1", "user:42", "+15005550006", "ada lovelace", "Ünïcode"} {
		req, err := accounts.CheckRequest(id, "123456")
		require.NoError(t, err, id)
		assert.Equal(t, id, req.To)
		assert.Contains(t, fmt.Sprintf("%+v", req), "To: …,")
		text, err := json.Marshal(req)
		require.NoError(t, err)
		assert.NotContains(t, string(text), "06")
	}
	for _, id := range []string{"", strings.Repeat("a", 129), "a\nb", "a\x00", "\xff"} {
		_, err := accounts.CheckRequest(id, "123456")
		require.ErrorIs(t, err, verify.ErrInvalidRecipient, "%q", id)
	}
	_, err := accounts.SendRequest("user:42")
	require.Error(t, err)
	_, err = accounts.CheckRequest("user:42", "123456", verify.WithScope("pay"))
	require.ErrorIs(t, err, verify.ErrUnsupported)
}
