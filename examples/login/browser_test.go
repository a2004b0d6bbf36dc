package main

import (
	"context"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// TestInARealBrowser walks the site in one headless Chromium, over real HTTP. A
// walk has cookies of its own. Every page of every walk is looked at: see arrived.
func TestInARealBrowser(t *testing.T) {
	c := startChromium(t)
	walks := map[string]func(*testing.T, *chromium){
		"keyboard alone":                   walkByKeyboard,
		"without JavaScript":               walkWithoutScript,
		"a double click sends one message": doubleClick,
		"a double click without a script":  doubleClickWithoutScript,
		"a double click on a right code":   doubleClickOnARightCode,
		"a reload sends nothing":           reloadAndBack,
		"the code fills itself in":         fillsItselfIn,
		"a code that is pasted":            pasted,
		"a code that is wrong is spoken":   spoken,
		"a code in digits of any script":   typedAsPeopleDo,
		"recovery codes are kept":          keepsRecoveryCodes,
		"new messages come by themselves":  watchesTheInbox,
		"where the typing goes on":         focusAfterFaults,
		"every page, in every light":       everyPage,
		"an app, without a script":         appWithoutScript,
		"several numbers, without script":  numbersWithoutScript,
		"a passkey":                        walkByPasskey,
		"passkeys elsewhere":               passkeysElsewhere,
	}
	for vendor, play := range differentVendors(t) {
		walks[vendor] = func(t *testing.T, c *chromium) { walkVendor(t, c, play(t)) }
	}
	for name, walk := range walks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			walk(t, c)
		})
	}
}

// A chromium is one browser, which ends with its test.
type chromium struct{ ctx context.Context }

func startChromium(t *testing.T) *chromium {
	t.Helper()
	path := findBrowser()
	if path == "" {
		t.Skip("no Chromium and no Chrome is installed: the pages are not tried in a browser")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], // headless, a new and empty profile, no background traffic
		chromedp.ExecPath(path),
		chromedp.NoSandbox, // it sees no page but ours, and root has no sandbox
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-domain-reliability", true),
		chromedp.Flag("no-proxy-server", true),
		chromedp.Flag("lang", "en-US"),
	)
	ctx, end := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(end)
	ctx, closeIt := chromedp.NewContext(ctx)
	t.Cleanup(closeIt)
	require.NoError(t, chromedp.Do(ctx), "%s does not start", path)
	return &chromium{ctx}
}

// findBrowser takes Chromium without windows first: a tab is a window of the whole
// program in the other, which takes twice the time.
func findBrowser() string {
	for _, name := range []string{"chromium-headless-shell", "chrome-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// walkTime is for all of a walk, on a machine that is busy.
const walkTime = 5 * time.Minute
