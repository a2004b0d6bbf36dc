package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/gatewayapi/gatewayapitest"
	"github.com/go2fa/verify/vendors"
)

// start runs the program as main does, and returns where it is.
func start(t *testing.T, f flags) (site, codes string, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, f, "", in) }()
	lines := bufio.NewScanner(out)
	require.True(t, lines.Scan())
	site = strings.TrimPrefix(lines.Text(), "The site is at ")
	require.True(t, lines.Scan())
	codes = strings.TrimPrefix(lines.Text(), "Its codes are at ")
	return site, codes, func() {
		cancel()
		require.NoError(t, <-ended)
	}
}

func TestTheProgramWorksOfflineAndKeepsItsFile(t *testing.T) {
	f := flags{addr: "127.0.0.1:0", db: filepath.Join(t.TempDir(), "bank.db"), regions: "US", policy: "risky", vendor: "twilio"}
	site, codes, stop := start(t, f)
	assert.Equal(t, site+"/inbox", codes)
	p := newPerson(t, nil, site).signUp("ada").post("/enrol", "number", phone, "region", "US").send("sms")
	at := p.path
	inbox := newPerson(t, nil, site).get("/inbox").body
	assert.Contains(t, inbox, "5005550006")
	_, code, _ := strings.Cut(inbox, `<code class="big">`)
	p.get(at).type_(code[:6])
	assert.Equal(t, "/recovery", p.path, p.text("notice"))
	stop()

	site, _, stop = start(t, f)
	assert.Contains(t, newPerson(t, nil, site).logIn("ada").path, "/code/", "the account and its factor are still there")
	stop()
}

func TestTheProgramTakesAnotherPort(t *testing.T) {
	taken, err := net.Listen("tcp", defaultAddr)
	if err == nil {
		defer func() { _ = taken.Close() }()
	} // else somebody else has taken it, which is as good
	l, err := listen(t.Context(), defaultAddr)
	require.NoError(t, err)
	assert.NotEqual(t, defaultAddr, l.Addr().String())
	require.NoError(t, l.Close())
	l, err = listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	_, err = listen(t.Context(), l.Addr().String())
	assert.Error(t, err, "one that was asked for is not replaced")
	require.NoError(t, l.Close())
}

func TestWhatTheProgramRefuses(t *testing.T) {
	good := flags{addr: "127.0.0.1:0", regions: "US", policy: "risky", vendor: "twilio"}
	tests := map[string]struct {
		adjust func(*flags)
		dsn    string
		want   string
	}{
		"an inbox for the whole network": {func(f *flags) { f.addr = "0.0.0.0:0" }, "", "must be on loopback"},
		"a policy that is none":          {func(f *flags) { f.policy = "sometimes" }, "", "never, risky or always"},
		"a region that is none":          {func(f *flags) { f.regions = "US,Denmark" }, "", "two letters"},
		"a vendor that is none":          {func(f *flags) { f.vendor = "carrier" }, "", "the vendor to emulate is none of "},
		"a DSN that is none":             {func(*flags) {}, "twilio", "vendors:"},
		"ways that are none":             {func(f *flags) { f.channels = "pigeon" }, "", "sms, voice or both"},
		"a vendor without SMS":           {func(f *flags) { f.channels = "sms" }, "bandwidth://id:secret@9900000?voice_app=x&from=+15017122661", "sends no SMS"},
		"a database that is a folder":    {func(f *flags) { f.db = t.TempDir() }, "", "directory"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			f := good
			tc.adjust(&f)
			assert.ErrorContains(t, run(t.Context(), f, tc.dsn, io.Discard), tc.want)
		})
	}
}

// TestNoticesGoThroughTheDSNsMessenger where it has one.
func TestNoticesGoThroughTheDSNsMessenger(t *testing.T) {
	vendor := gatewayapitest.NewServer(t)
	line := "gatewayapi://" + gatewayapitest.Token + "@com?sender=Acme&store=memory&code_key=emulatedotpkey000000000000000000&base_url=" + vendor.URL
	b := newBank(t, func(c *config) { c.Notices = openNotices(line, c.Store) })
	p, _ := b.enrolled(t, "ada", false)
	p.addsApp(b)
	require.Len(t, vendor.Messages(), 1)
	assert.Equal(t, "Acme Bank: "+toldAppAdded+notYou, vendor.Messages()[0].Text)
	assert.Equal(t, phone, vendor.Messages()[0].To)

	for name, dsn := range map[string]string{
		"a vendor of codes": "authy://key@users",
		"one in a failover": "failover(authy://key@phone " + line + ")",
	} {
		assert.Nil(t, openNotices(dsn, b.store), name)
	}
}

// TestADSNThatIsPrintedOpens has the program take the lines that verify emulate
// prints: with Redis for codes and for a ledger, and with Authy's users.
func TestADSNThatIsPrintedOpens(t *testing.T) {
	const gateway = "gatewayapi://token@com?sender=Acme&code_key=emulatedotpkey000000000000000000&store="
	for name, dsn := range map[string]string{
		"codes in Redis":          gateway + "redis://127.0.0.1:1/0",
		"codes in Redis over TLS": gateway + "rediss://127.0.0.1:1/0",
		"Authy's users":           "authy://key@users",
		"a ledger in Redis":       "failover(authy://key@phone " + gateway + "memory)?ledger=redis://127.0.0.1:1/0&ledger_key=emulatedledgerkey00000000000000000",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := vendors.Open(dsn, hand(newStore(t))...)
			assert.NoError(t, err)
		})
	}
}
