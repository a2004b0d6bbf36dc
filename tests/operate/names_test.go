package operate

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/delivery"
	"github.com/go2fa/verify/guard"
)

const (
	pageFile      = "../../docs/operate.md"
	dashboardFile = "../../docs/operate/dashboard.json"
)

// telling are the outages that export every metric with every label between them.
var telling = []string{
	"one vendor of two is down, and the site is busy", "a pump that is only observed", "the guard's store is down", "new credentials are wrong",
	"the next vendor sends again", "reports reach a process that did not send",
}

// An export is what the exporter has told of: metrics, their labels and the labels'
// values.
type export map[string]map[string][]string

// metricName is the label that a metric's name is kept in.
const metricName = "__name__"

func exported(t *testing.T) (e export, records []*record) {
	t.Helper()
	e = export{}
	for _, name := range telling {
		p := played(t, name)
		records = append(records, p.record)
		for _, s := range p.record.series {
			metric := s.labels.Get(metricName)
			if e[metric] == nil {
				e[metric] = map[string][]string{}
			}
			s.labels.Range(func(l labels.Label) { e[metric][l.Name] = append(e[metric][l.Name], l.Value) })
		}
	}
	return e, records
}

// words are values that a label may have although no outage here has them.
var words = map[string][]string{
	"error_type": {
		string(verify.ErrMismatch), string(verify.ErrNotPending), string(verify.ErrTooManyAttempts), string(verify.ErrTooManySends),
		string(verify.ErrInvalidRecipient), string(verify.ErrBlocked), string(verify.ErrUnsupported), string(verify.ErrUnauthorized),
		string(verify.ErrRejected), string(verify.ErrRateLimited), string(verify.ErrUnavailable), string(verify.ErrOutcomeUnknown),
	},
	"verify_rule": {
		guard.RuleCountry, guard.RuleKind, guard.RuleProxy, guard.RuleAddress, guard.RuleStore, guard.RuleRecipient, guard.RulePrefix,
		guard.RuleTotal, guard.RuleLimit, guard.RuleIP, guard.RuleBudget, guard.RuleConvert,
	},
	"verify_vendor": {"guard", "failover", "totp"},
	"verify_delivery_status": {
		string(delivery.Accepted), string(delivery.Sent), string(delivery.Delivered), string(delivery.Undelivered),
		string(delivery.Expired), string(delivery.Blocked), string(delivery.Failed),
	},
}

// unknown lists the metrics, labels and values in an expression that nothing exports.
func (e export) unknown(t *testing.T, expr string) (all []string) {
	t.Helper()
	for _, s := range selectors(t, expr) {
		have := e[s.Name]
		if have == nil {
			all = append(all, s.Name)
			continue
		}
		for _, m := range s.LabelMatchers {
			if m.Name == metricName {
				continue
			}
			if have[m.Name] == nil {
				all = append(all, s.Name+" has no "+m.Name)
				continue
			}
			for value := range strings.SplitSeq(m.Value, "|") {
				if value != "" && !slices.Contains(have[m.Name], value) && !slices.Contains(words[m.Name], value) {
					all = append(all, m.Name+" is never "+value)
				}
			}
		}
		for _, label := range grouped(t, expr) {
			if have[label] == nil && label != "le" {
				all = append(all, s.Name+" has no "+label)
			}
		}
	}
	return all
}

// grouped are the labels of all "by" and "on" of an expression.
func grouped(t *testing.T, expr string) (all []string) {
	t.Helper()
	parsed, err := parser.ParseExpr(expr)
	require.NoError(t, err)
	parser.Inspect(parsed, func(n parser.Node, _ []parser.Node) error {
		switch n := n.(type) {
		case *parser.AggregateExpr:
			all = append(all, n.Grouping...)
		case *parser.BinaryExpr:
			if n.VectorMatching != nil {
				all = append(all, n.VectorMatching.MatchingLabels...)
			}
		}
		return nil
	})
	return all
}

func TestEveryNameInARuleIsExported(t *testing.T) {
	t.Parallel()
	e, _ := exported(t)
	for _, r := range rules(t) {
		assert.Empty(t, e.unknown(t, r.Expr), r.Alert)
		for _, text := range r.Annotations {
			for _, label := range regexp.MustCompile(`\$labels\.(\w+)`).FindAllStringSubmatch(text, -1) {
				assert.Contains(t, grouped(t, r.Expr), label[1], "%s says a label that its series do not have", r.Alert)
			}
		}
	}
}

// A comparison that lets everything through would never be noticed.
func TestUnknownNamesRing(t *testing.T) {
	t.Parallel()
	e := export{"verify_sends_total": {"error_type": {"unavailable"}, "verify_vendor": {"twilio"}}}
	for expr, want := range map[string]string{
		`rate(verify_sends_total{error_type="unavailable"}[5m])`: "",
		`sum by (verify_vendor) (verify_sends_total)`:            "",
		`verify_sends`:                                         "verify_sends",
		`verify_sends_total{vendor="twilio"}`:                  "verify_sends_total has no vendor",
		`verify_sends_total{error_type=~"unavailable|unsent"}`: "error_type is never unsent",
		`sum by (vendor) (verify_sends_total)`:                 "verify_sends_total has no vendor",
	} {
		assert.Equal(t, want, strings.Join(e.unknown(t, expr), ", "), expr)
	}
}

// A dashboard as Grafana reads it, as far as this one goes.
type dashboard struct {
	UID, Title    string
	SchemaVersion int
	Templating    struct{ List []struct{ Name, Type string } }
	Panels        []panel
}

type panel struct {
	ID                       int
	Type, Title, Description string
	GridPos                  struct{ X, Y, W, H int }
	Datasource               struct{ Type, UID string }
	FieldConfig              struct {
		Defaults struct{ Unit string }
	}
	Targets []struct{ RefID, Expr, LegendFormat string }
}

func readDashboard(t *testing.T) (d dashboard) {
	t.Helper()
	text, err := os.ReadFile(dashboardFile)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &d))
	return d
}

func TestTheDashboardIsOneThatGrafanaShows(t *testing.T) {
	t.Parallel()
	d := readDashboard(t)
	assert.NotEmpty(t, d.UID)
	assert.NotEmpty(t, d.Title)
	assert.GreaterOrEqual(t, d.SchemaVersion, 36, "as old as the form of its panels")
	require.Len(t, d.Templating.List, 1)
	ids, taken := map[int]bool{}, map[[2]int]string{}
	for _, p := range d.Panels {
		assert.False(t, ids[p.ID], p.Title)
		ids[p.ID] = true
		assert.NotEmpty(t, p.Title)
		assert.LessOrEqual(t, p.GridPos.X+p.GridPos.W, 24, p.Title)
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				assert.Empty(t, taken[[2]int{x, y}], "%s covers another panel", p.Title)
				taken[[2]int{x, y}] = p.Title
			}
		}
		if p.Type == "row" {
			continue
		}
		assert.Contains(t, []string{"stat", "timeseries"}, p.Type, p.Title)
		assert.Equal(t, "${"+d.Templating.List[0].Name+"}", p.Datasource.UID, p.Title)
		assert.Equal(t, d.Templating.List[0].Type, "datasource")
		assert.Contains(t, []string{"percentunit", "reqps", "s", "short", "none"}, p.FieldConfig.Defaults.Unit, p.Title)
		assert.NotEmpty(t, p.Description, p.Title)
		assert.NotEmpty(t, p.Targets, p.Title)
	}
}

// Each curve shows something in one of the outages, by names that are exported, and
// each metric is somewhere.
func TestTheDashboardShowsEveryMetric(t *testing.T) {
	t.Parallel()
	e, records := exported(t)
	shown := map[string]bool{}
	for _, p := range readDashboard(t).Panels {
		for _, target := range p.Targets {
			expr := strings.ReplaceAll(target.Expr, "$__rate_interval", "5m")
			assert.Empty(t, e.unknown(t, expr), p.Title)
			for _, s := range selectors(t, expr) {
				shown[s.Name] = true
			}
			for _, label := range regexp.MustCompile(`\{\{(\w+)\}\}`).FindAllStringSubmatch(target.LegendFormat, -1) {
				assert.Contains(t, grouped(t, expr), label[1], "%s: a legend names a label that its curves do not have", p.Title)
			}
			assert.True(t, slices.ContainsFunc(records, func(r *record) bool { return len(r.ask(t, expr, time.Minute)) > 0 }), "%s shows nothing in any outage", p.Title)
		}
	}
	for metric := range e {
		if strings.HasPrefix(metric, "verify_") && !strings.HasSuffix(metric, "_sum") && !strings.HasSuffix(metric, "_count") {
			assert.True(t, shown[metric], "no panel shows %s", metric)
		}
	}
}
