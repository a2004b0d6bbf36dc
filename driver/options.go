package driver

import (
	"encoding/json"
	"errors"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/go2fa/verify"
)

// Options are the options of a vendor's own that are parameters of its request. Their
// Text is a table, mostly an embedded file: a line for each parameter, with its name,
// the channels that it goes with or *, what its value must look like, and a sentence
// that refuses any other.
//
//	AppHash sms [A-Za-z0-9+/]{11} an app hash is given once, 11 characters of base64, for sms only
//	Tags * pairs:10:128 tags are at most 10, each with a name of its own and 1 to 128 bytes
//
// A value is given once and matches a regular expression as a whole, or has 1 to 30
// bytes where it must be bytes:30. Pairs are given more often, at most ten times here
// and without a limit with pairs:*:128, and make one object of JSON; names and values
// have 1 to 128 bytes. The table is read at the first option.
type Options struct {
	Vendor string
	Text   string

	once  sync.Once
	rules []optionRule
}

type (
	option struct{ parameter, name, value string } // no name: no pair

	optionRule struct {
		parameter, sentence string
		channels            []string       // empty: all
		value               *regexp.Regexp // nil: only its bytes count
		pairs               bool
		most, longest       int // pairs; bytes
	}
)

// Value is an option with a value.
func (o *Options) Value(parameter, value string) verify.SendOption {
	return verify.VendorOption(o.Vendor, option{parameter, "", value})
}

// Pair is an option with a name and a value.
func (o *Options) Pair(parameter, name, value string) verify.SendOption {
	return verify.VendorOption(o.Vendor, option{parameter, "=" + name, value})
}

// Has reports whether a parameter is given.
func (o *Options) Has(r verify.SendRequest, parameter string) bool {
	return slices.ContainsFunc(verify.VendorOptions[option](r, o.Vendor), func(given option) bool { return given.parameter == parameter })
}

// AddTo adds what is given to a form, or says why it cannot. It panics if the table
// has a line that is none.
func (o *Options) AddTo(form *Form, r verify.SendRequest) error {
	given := verify.VendorOptions[option](r, o.Vendor)
	if len(given) == 0 {
		return nil
	}
	o.once.Do(o.read)
	for _, rule := range o.rules {
		values := slices.DeleteFunc(slices.Clone(given), func(o option) bool { return o.parameter != rule.parameter })
		if len(values) == 0 {
			continue
		}
		value, ok := rule.read(values)
		if !ok || rule.channels != nil && !slices.Contains(rule.channels, string(r.Channel)) {
			return errors.New(rule.sentence)
		}
		form.Add(rule.parameter, value)
	}
	return nil
}

// read makes the value of a parameter of what is given.
func (r optionRule) read(given []option) (value string, ok bool) {
	if !r.pairs {
		value = given[0].value
		return value, len(given) == 1 && r.fits(value)
	}
	pairs := map[string]string{}
	for _, p := range given {
		name := strings.TrimPrefix(p.name, "=")
		if _, twice := pairs[name]; twice || !r.fits(name) || !r.fits(p.value) {
			return "", false
		}
		pairs[name] = p.value
	}
	text, _ := json.Marshal(pairs) // a map of strings always marshals
	return string(text), len(pairs) <= r.most
}

func (r optionRule) fits(s string) bool {
	if r.value != nil {
		return r.value.MatchString(s)
	}
	return s != "" && len(s) <= r.longest
}

func (o *Options) read() {
	for line := range strings.Lines(o.Text) {
		words := strings.SplitN(strings.TrimSpace(line), " ", 4)
		if words[0] == "" || words[0][0] == '#' {
			continue
		}
		if len(words) != 4 {
			panic("driver: the table of options has no sentence for " + words[0])
		}
		rule := optionRule{parameter: words[0], sentence: words[3], most: math.MaxInt}
		if words[1] != "*" {
			rule.channels = strings.Split(words[1], ",")
		}
		switch limits := strings.Split(words[2], ":"); {
		case limits[0] == "bytes" && len(limits) == 2:
			rule.longest = count(limits[1])
		case limits[0] == "pairs" && len(limits) == 3:
			rule.pairs, rule.longest = true, count(limits[2])
			if limits[1] != "*" {
				rule.most = count(limits[1])
			}
		default:
			rule.value = regexp.MustCompile("^(?:" + words[2] + ")$")
		}
		o.rules = append(o.rules, rule)
	}
}

func count(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		panic("driver: the table of options has no number in " + text)
	}
	return n
}
