package operate

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/failover"
	"github.com/go2fa/verify/guard"
	"github.com/go2fa/verify/observe"
	"github.com/go2fa/verify/otelverify"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/vendors"
)

// watched is what a DSN opens, told of by metrics and logs.
func watched(dsn string, l *slog.Logger) (verify.Verifier, error) {
	tell, err := otelverify.New(otelverify.Config{}) // the global MeterProvider
	if err != nil {
		return nil, err
	}
	opened, err := vendors.Open(dsn, vendors.WithObserver(tell))
	if err != nil {
		return nil, err
	}
	return observe.New(opened, tell, observe.Slog(l)), nil
}

// unlock forgets what is counted for one person, after another proof of who it is.
func unlock(ctx context.Context, v verify.Verifier, to, scope string) error {
	var errs []error
	if g, ok := verify.As[*guard.Verifier](v); ok {
		errs = append(errs, g.Reset(ctx, to))
	}
	if f, ok := verify.As[*failover.Verifier](v); ok {
		errs = append(errs, f.Reset(ctx, to, verify.WithScope(scope)))
	}
	if e, ok := verify.As[*otp.Engine](v); ok {
		errs = append(errs, e.Reset(ctx, to, verify.WithScope(scope)))
	}
	return errors.Join(errs...)
}

func page(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(pageFile)
	require.NoError(t, err)
	return string(text)
}

// leads are what each section of an alert says, in this order.
var leads = []string{"Sees", "Means", "Known", "First", "Change", "Never", "Over"}

func TestEachAlertHasASectionThatSaysWhatToDo(t *testing.T) {
	t.Parallel()
	_, alerts, found := strings.Cut(page(t), "\n## Alerts\n")
	require.True(t, found)
	alerts, _, _ = strings.Cut(alerts, "\n## ")
	sections := map[string]string{}
	for section := range strings.SplitSeq(alerts, "\n### ") {
		if name, text, ok := strings.Cut(section, "\n"); ok && strings.HasPrefix(name, "Verify") {
			sections[name] = text
		}
	}
	for _, r := range rules(t) {
		text := sections[r.Alert]
		require.NotEmpty(t, text, "%s has no section", r.Alert)
		delete(sections, r.Alert)
		_, anchor, _ := strings.Cut(r.Annotations["runbook_url"], "/docs/operate.md#")
		assert.Equal(t, strings.ToLower(r.Alert), anchor)
		assert.NotEmpty(t, r.Annotations["summary"])
		severity := r.Labels["severity"]
		assert.Contains(t, []string{"page", "ticket"}, severity)
		assert.True(t, strings.HasPrefix(strings.ToLower(strings.TrimSpace(text)), severity+":"), "%s is a %s", r.Alert, severity)
		var got []string
		for _, lead := range regexp.MustCompile(`(?m)^\* \*\*(\w+):\*\* \S`).FindAllStringSubmatch(text, -1) {
			got = append(got, lead[1])
		}
		assert.Equal(t, leads, got, r.Alert)
		assert.Contains(t, text, "Not known", r.Alert)
	}
	assert.Empty(t, sections, "sections of no alert")
}

// What a ticket or a page is for stands in each panel that shows it.
func TestTheDashboardNamesAlertsThatThereAre(t *testing.T) {
	t.Parallel()
	there := map[string]bool{}
	for _, r := range rules(t) {
		there[r.Alert] = true
	}
	named := regexp.MustCompile(`\bVerify[A-Z]\w+`)
	for _, p := range readDashboard(t).Panels {
		for _, name := range named.FindAllString(p.Description, -1) {
			assert.True(t, there[name], "%s: %s", p.Title, name)
		}
	}
	for _, name := range named.FindAllString(page(t), -1) {
		assert.True(t, there[name], name)
	}
}

func TestEveryNameOnThePageIsExported(t *testing.T) {
	t.Parallel()
	e, _ := exported(t)
	known := map[string]bool{}
	for metric, have := range e {
		known[metric] = true
		for label := range have {
			known[label] = true
		}
	}
	names := regexp.MustCompile(`\b(verify_[a-z_]+|error_type)\b`).FindAllString(page(t), -1)
	require.NotEmpty(t, names)
	for _, name := range names {
		assert.True(t, known[name], name)
	}
}

// Each outcome has its row, and each number of the rules stands as it is.
func TestThePageKnowsEveryOutcome(t *testing.T) {
	t.Parallel()
	for _, outcome := range words["error_type"] {
		assert.Regexp(t, "(?m)^\\|[^|]*`"+outcome+"`[^|]*\\|", page(t))
	}
}

func TestThePageShowsCodeThatIsTested(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*_test.go")
	require.NoError(t, err)
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		all.Write(text)
	}
	shown := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(page(t), -1)
	require.NotEmpty(t, shown)
	for _, block := range shown {
		assert.Contains(t, all.String(), "\n"+block[1])
	}
}

func TestWatchedTellsOfSends(t *testing.T) {
	var written strings.Builder
	v, err := watched("twilio://AC00000000000000000000000000000000:topsecret@VA00000000000000000000000000000000", slog.New(slog.NewTextHandler(&written, nil)))
	require.NoError(t, err)
	_, err = v.Send(context.Background(), "nobody")
	require.ErrorIs(t, err, verify.ErrInvalidRecipient)
	assert.Contains(t, written.String(), "verify send")
	_, err = watched("topsecret://", slog.New(slog.DiscardHandler))
	require.Error(t, err)
}

// Whoever is blocked, or has had all the codes there are, is let in again by unlock.
func TestUnlockLiftsWhatIsCounted(t *testing.T) {
	t.Parallel()
	for _, application := range []string{"again", "patient"} {
		t.Run(application, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const to = "+15017122661"
				ctx, w := context.Background(), newWorld(t, application)
				var err error
				for range 30 {
					if _, err = w.v.Send(ctx, to); err != nil {
						break
					}
					code := wrong(w.code(to))
					for range 5 {
						err = w.v.Check(ctx, to, code)
					}
					if errors.Is(err, verify.ErrBlocked) {
						break
					}
					time.Sleep(11 * time.Minute) // Twilio's own count of a code ends with it
				}
				require.ErrorIs(t, err, verify.ErrBlocked)
				time.Sleep(11 * time.Minute)
				require.NoError(t, unlock(ctx, w.v, to, ""))
				_, err = w.v.Send(ctx, to)
				require.NoError(t, err)
				require.NoError(t, w.v.Check(ctx, to, w.code(to)))
			})
		})
	}
}
