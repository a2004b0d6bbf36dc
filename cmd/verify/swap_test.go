package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/redisstore"
	"github.com/go2fa/verify/sqlstore/sqlite"
	"github.com/go2fa/verify/vendors"
)

// application is a program that knows no vendor: VERIFY_DSN alone decides. It
// sends a code, and says what becomes of each line that is typed.
func application() {
	v, err := vendors.Open(os.Getenv("VERIFY_DSN"),
		vendors.WithStore("redis", redisstore.Open), vendors.WithLedger("redis", redisstore.OpenLedger),
		vendors.WithReferences("redis", redisstore.OpenReferences),
		vendors.WithStore("sqlite", sqlite.Open), vendors.WithLedger("sqlite", sqlite.OpenLedger))
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, to := context.Background(), os.Getenv("RECIPIENT")
	receipt, err := v.Send(ctx, to)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("sent by", receipt.Vendor)
	for typed := bufio.NewScanner(os.Stdin); typed.Scan(); {
		if err := v.Check(ctx, to, typed.Text()); err != nil {
			fmt.Println(verify.OutcomeOf(err))
			continue
		}
		fmt.Println("approved")
	}
}

// A swap is one VERIFY_DSN, and who sends by it.
type swap struct{ dsn, vendor string }

// swaps are all that the one application runs over, by the emulators of r.
func swaps(t *testing.T, r running) map[string]swap {
	t.Helper()
	file := "sqlite:" + t.TempDir() + "/codes.db"
	dsn := map[string]string{}
	for _, p := range r.places {
		dsn[p.Vendor] = p.DSN
	}
	messenger := func(vendor string) string {
		line, _, _ := strings.Cut(dsn[vendor], "&code_key=")
		return line
	}
	_, engine, _ := strings.Cut(dsn["gatewayapi"], "&code_key=")
	_, redis, _ := strings.Cut(engine, "&store=")
	dead := func(line string) string { // with the port of nobody
		head, tail, _ := strings.Cut(line, "base_url=http://127.0.0.1:")
		_, rest, more := strings.Cut(tail, "&")
		if more {
			rest = "&" + rest
		}
		return head + "base_url=http://127.0.0.1:1" + rest
	}
	return map[string]swap{
		"twilio":                         {dsn["twilio"], "twilio"},
		"bandwidth":                      {dsn["bandwidth"], "bandwidth"},
		"gatewayapi":                     {dsn["gatewayapi"], "gatewayapi"},
		"gatewayapi, REST":               {dsn["gatewayapi"] + "&classic=true", "gatewayapi"},
		"authy":                          {dsn["authy"], "authy"},
		"twilio's messaging":             {dsn["twilio-sms"], "twilio"},
		"codes in SQLite":                {messenger("gatewayapi") + "&code_key=" + otpKey + "&store=" + file, "gatewayapi"},
		"a ledger in SQLite":             {"failover(" + dead(dsn["twilio"]) + " " + dsn["bandwidth"] + ")?ledger_key=" + otpKey + "&ledger=" + file, "bandwidth"},
		"a failover":                     {"failover(" + dsn["twilio"] + " " + dsn["bandwidth"] + ")?ledger_key=" + otpKey + "&ledger=" + redis, "twilio"},
		"a failover, the first down":     {"failover(" + dead(dsn["twilio"]) + " " + dsn["bandwidth"] + ")?ledger_key=" + otpKey + "&ledger=" + redis, "bandwidth"},
		"to local codes":                 {"failover(" + dead(dsn["authy"]) + " " + dsn["gatewayapi"] + ")?ledger_key=" + otpKey + "&ledger=" + redis, "gatewayapi"},
		"messengers":                     {"failover(" + messenger("gatewayapi") + " " + messenger("twilio-sms") + ")?code_key=" + engine, "gatewayapi"},
		"messengers, the first one down": {"failover(" + dead(messenger("gatewayapi")) + " " + messenger("twilio-sms") + ")?code_key=" + engine, "twilio"},
	}
}

// emulation in a process of its own, as in production, and a recipient for each name.
func emulatedElsewhere(t *testing.T) running {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(cancel)
	emulator := process(ctx, "", "emulate", "-addr", "127.0.0.1:0", "-json")
	out, err := emulator.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, emulator.Start())
	t.Cleanup(func() {
		assert.NoError(t, emulator.Process.Signal(os.Interrupt))
		assert.NoError(t, emulator.Wait())
	})
	return announced(t, out, len(everyEmulator()))
}

// arrived is the code that the inbox shows for a recipient.
func (r running) arrived(t *testing.T, to string) string {
	t.Helper()
	_, body := get(t, r.inbox+"/inbox.json")
	var messages []struct{ To, Code string }
	require.NoError(t, json.Unmarshal([]byte(body), &messages))
	for _, m := range messages {
		if m.To == to {
			return m.Code
		}
	}
	require.Fail(t, "no message arrived")
	return ""
}

// One unchanged program sends and checks through every vendor, and through
// failovers of them: only VERIFY_DSN changes.
func TestOneProgramOverEveryVendor(t *testing.T) {
	r := emulatedElsewhere(t)
	number := 15005551000
	for name, s := range swaps(t, r) {
		number++ // a number of its own, or the limits of one would hold for the next
		t.Run(name, func(t *testing.T) {
			to := fmt.Sprint("+", number)
			app := exec.CommandContext(t.Context(), os.Args[0])
			app.Env = append(os.Environ(), "VERIFY_TEST_APPLICATION=1", "VERIFY_DSN="+s.dsn, "RECIPIENT="+to)
			typed, err := app.StdinPipe()
			require.NoError(t, err)
			printed, err := app.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, app.Start())
			said := bufio.NewScanner(printed)
			line := func() string {
				require.True(t, said.Scan())
				return said.Text()
			}
			require.Equal(t, "sent by "+s.vendor, line())

			code := r.arrived(t, to)
			for _, step := range []struct{ types, says string }{{spoil(code), "mismatch"}, {code, "approved"}} {
				_, err = io.WriteString(typed, step.types+"\n")
				require.NoError(t, err)
				assert.Equal(t, step.says, line())
			}
			_, err = io.WriteString(typed, code+"\n")
			require.NoError(t, err)
			assert.NotEqual(t, "approved", line(), "a code is accepted once")
			require.NoError(t, typed.Close())
			assert.NoError(t, app.Wait())
		})
	}
}

// The same by the command, which sends in one process and checks in another.
func TestTwoProcessesOverEveryVendor(t *testing.T) {
	r := emulatedElsewhere(t)
	number := 15005552000
	for name, s := range swaps(t, r) {
		number++
		t.Run(name, func(t *testing.T) {
			to, env := fmt.Sprint("+", number), "VERIFY_DSN="+s.dsn
			sent, err := process(t.Context(), env, "send", "-to", to, "-json").Output()
			require.NoError(t, err)
			assert.Contains(t, string(sent), `"vendor":"`+s.vendor+`"`)

			code := r.arrived(t, to)
			wrong := process(t.Context(), env, "check", "-to", to, "-code", spoil(code))
			assert.Error(t, wrong.Run())
			assert.Equal(t, 1, wrong.ProcessState.ExitCode())
			approved, err := process(t.Context(), env, "check", "-to", to, "-code", code).Output()
			require.NoError(t, err)
			assert.Equal(t, "approved\n", string(approved))
			again := process(t.Context(), env, "check", "-to", to, "-code", code)
			assert.Error(t, again.Run())
			assert.Equal(t, 1, again.ProcessState.ExitCode())
		})
	}
}
