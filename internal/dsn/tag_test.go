package dsn

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A sample has a field of each kind that a setting can have.
type sample struct {
	embedded
	Text    string              `dsn:"text,user,required" missing:"it is what counts"`
	Secret  []byte              `dsn:"secret,pass"`
	Where   string              `dsn:"where,host,oneof=here|there"`
	Flag    bool                `dsn:"flag"`
	Number  int                 `dsn:"number"`
	Wait    time.Duration       `dsn:"wait"`
	Waits   []time.Duration     `dsn:"waits"`
	Keys    [][]byte            `dsn:"keys"`
	List    []string            `dsn:"list"`
	Policy  policy              `dsn:"policy,oneof=stop|next"`
	Name    string              `dsn:"name,scope"`
	Texts   map[string]string   `dsn:"text.NAME"`
	Routes  map[string][]string `dsn:"route.NAME"`
	One     inner               `dsn:",inline"`
	Many    map[string]inner    `dsn:"many.NAME"`
	ShopURL string              `dsn:"shop"`
	Nothing func()
	_       string // not exported, so no setting
}

type embedded struct {
	Under string `dsn:"under"`
}

type inner struct {
	ID     string `dsn:"one_id" named:"id,self"`
	Digits int    `dsn:"digits"`
	Other  string
}

type policy uint8

func fillSample(t *testing.T, line string) (sample, *Filled, error) {
	t.Helper()
	table, err := NewTable("a", reflect.TypeFor[sample]())
	require.NoError(t, err)
	d, err := Parse(line, "no scheme")
	require.NoError(t, err)
	var s sample
	f, err := table.Fill(d, reflect.ValueOf(&s).Elem())
	return s, f, err
}

func TestEachKindOfFieldIsFilled(t *testing.T) {
	t.Setenv("DSN_TEST_TEXT", "from the environment")
	for name, tc := range map[string]struct {
		line string
		want sample
	}{
		"parts":                         {"a://x:y@here", sample{Text: "x", Secret: []byte("y"), Where: "here"}},
		"parts by their own names":      {"a://?user=x&pass=y&host=there", sample{Text: "x", Secret: []byte("y"), Where: "there"}},
		"a variable":                    {"a://?text=env:DSN_TEST_TEXT", sample{Text: "from the environment"}},
		"a flag and a number":           {"a://x@?flag=true&number=12", sample{Text: "x", Flag: true, Number: 12}},
		"times":                         {"a://x@?wait=90s&waits=1s,2m", sample{Text: "x", Wait: 90 * time.Second, Waits: []time.Duration{time.Second, 2 * time.Minute}}},
		"no time at all":                {"a://x@?waits=0s", sample{Text: "x", Waits: []time.Duration{0}}},
		"lists":                         {"a://x@?keys=a,b&list=c", sample{Text: "x", Keys: [][]byte{[]byte("a"), []byte("b")}, List: []string{"c"}}},
		"the first of an enumeration":   {"a://x@?policy=stop", sample{Text: "x"}},
		"the second of an enumeration":  {"a://x@?policy=next", sample{Text: "x", Policy: 1}},
		"a scope":                       {"a://x@?name=a.b", sample{Text: "x", Name: "a.b"}},
		"an embedded struct":            {"a://x@?under=u", sample{Text: "x", embedded: embedded{Under: "u"}}},
		"an inline struct":              {"a://x@?one_id=i&digits=6", sample{Text: "x", One: inner{ID: "i", Digits: 6}}},
		"a map of texts":                {"a://x@?text.a=b&text.c.d=e", sample{Text: "x", Texts: map[string]string{"a": "b", "c.d": "e"}}},
		"a map of lists":                {"a://x@?route.45=b,c", sample{Text: "x", Routes: map[string][]string{"45": {"b", "c"}}}},
		"a map of structs":              {"a://x@?many.p.digits=4&many.p=i&many.q.id=j", sample{Text: "x", Many: map[string]inner{"p": {ID: "i", Digits: 4}, "q": {ID: "j"}}}},
		"a name that looks like a key":  {"a://x@?many.digits=i", sample{Text: "x", Many: map[string]inner{"digits": {ID: "i"}}}},
		"the last label of it decides":  {"a://x@?many.p.digits.id=i&many.p.digits.digits=5", sample{Text: "x", Many: map[string]inner{"p.digits": {ID: "i", Digits: 5}}}},
		"a name with dots and a colon":  {"a://x@?many.a:b.c=i", sample{Text: "x", Many: map[string]inner{"a:b.c": {ID: "i"}}}},
		"the pattern itself is a name":  {"a://x@?many.NAME=i", sample{Text: "x", Many: map[string]inner{"NAME": {ID: "i"}}}},
		"a dot in front is of the name": {"a://x@?many..digits=i", sample{Text: "x", Many: map[string]inner{".digits": {ID: "i"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, _, err := fillSample(t, tc.line)
			require.NoError(t, err)
			assert.Equal(t, tc.want, got)
		})
	}
}

func TestFillRefuses(t *testing.T) {
	for line, want := range map[string]string{
		"a://":                              "character 1: a: text is missing: it is what counts",
		"a://x@nowhere":                     "character 7: a: where must be here or there",
		"a://x@?policy=maybe":               "character 8: a: policy must be stop or next",
		"a://x@?flag=yes":                   "a: flag must be true or false",
		"a://x@?number=0":                   "a: number must be a whole number",
		"a://x@?wait=5":                     "a: wait must be a time",
		"a://x@?waits=1s,":                  "a: waits must be a time",
		"a://x@?waits=-1s":                  "a: waits must be a time",
		"a://x@?wait=0s":                    "a: wait must be a time",
		"a://x@?name=a/b":                   "a: name must be 1 to 64 of",
		"a://x@?Flag=true":                  "a has no such key, but under, text, secret, where, flag",
		"a://x@?many.=i":                    "a has no such key",
		"a://x@?many=i":                     "a has no such key",
		"a://x@?many.a/b=i":                 "a: many.NAME has a NAME that is not",
		"a://x@?many.p=i&many.p.id=j":       "character 17: a: many.NAME is given twice",
		"a://x@?text=y":                     "character 8: a: text is given twice",
		"a://x@?user=y":                     "character 8: a: text is given twice",
		"a://x@?pass=y&secret=z":            "character 15: a: secret is given twice",
		"a://env:X@":                        "character 5: a: env: and file: are read behind the question mark only: text=env:...",
		"a://?text=env:DSN_TEST_GONE&flag=": "character 6: a: text names an environment variable that is not set",
	} {
		_, _, err := fillSample(t, line)
		assert.ErrorContains(t, err, want, line)
	}
}

// An error of New is said with keys, and points at the first one that was given.
func TestAnErrorSpeaksTheWordsOfTheLine(t *testing.T) {
	const line = "a://x@?wait=90s&many.p=i&digits=6"
	for said, want := range map[string]string{
		"vendor: Wait must be short":                     "character 8: a: wait must be short",
		"vendor: give either Flag or Wait":               "character 8: a: give either flag or wait",
		"vendor: Number is missing":                      "character 1: a: number is missing",
		"vendor: Text, or Secret":                        "character 5: a: text, or secret",
		"vendor: One.Digits must be 6":                   "character 26: a: digits must be 6",
		"vendor: Digits must be 6":                       "character 26: a: digits must be 6",
		"vendor: Many.ID must be right":                  "character 17: a: many.NAME must be right",
		"vendor: a name in Many must be right":           "character 17: a: a name in many.NAME must be right",
		"vendor: Many.Digits must be 6":                  "character 1: a: many.NAME.digits must be 6",
		"vendor: the Messaging API knows no waits, says": "character 1: a: the Messaging API knows no waits, says",
		"vendor: Shop is missing":                        "character 1: a: shop is missing",
		"Under is odd. Wait too":                         "character 8: a: under is odd. wait too",
		"vendor: the base URL is odd":                    "character 1: a: BaseURL is odd",
	} {
		_, f, err := fillSample(t, line)
		require.NoError(t, err)
		assert.EqualError(t, f.Explain(0, errors.New(said)), "vendors: "+want)
	}
	_, f, err := fillSample(t, "a://x@?many.p=i&many.q=j")
	require.NoError(t, err)
	assert.EqualError(t, f.Explain(0, errors.New("v: Many.ID is odd")), "vendors: character 1: a: many.NAME is odd", "either may be at fault")
}

// Two Configs of one line have fields of one name: the error is of one of them.
func TestAnErrorIsOfOneConfig(t *testing.T) {
	type first struct {
		Key string `dsn:"api_key"`
	}
	type second struct {
		Key string `dsn:"code_key"`
	}
	table, err := NewTable("a", reflect.TypeFor[first](), reflect.TypeFor[second]())
	require.NoError(t, err)
	d, err := Parse("a://?api_key=x&code_key=y", "")
	require.NoError(t, err)
	f, err := table.Fill(d, reflect.ValueOf(&first{}).Elem(), reflect.ValueOf(&second{}).Elem())
	require.NoError(t, err)
	assert.EqualError(t, f.Explain(0, errors.New("v: Key is odd")), "vendors: character 6: a: api_key is odd")
	assert.EqualError(t, f.Explain(1, errors.New("v: Key is odd")), "vendors: character 16: a: code_key is odd")
}

func TestTagsThatCannotBeRead(t *testing.T) {
	for name, tc := range map[string]struct {
		config any
		want   string
	}{
		"no struct": {0, "a: a Config must be a struct"},
		"an unknown word": {struct {
			A string `dsn:"a,secret"`
		}{}, "field A of struct { A string \"dsn:\\\"a,secret\\\"\" } has a tag with an unknown word"},
		"a key in capitals": {struct {
			A string `dsn:"A"`
		}{}, "has a key that is not of"},
		"no key": {struct {
			A string `dsn:",user"`
		}{}, "has a key that is not of"},
		"a type of no setting": {struct {
			A float64 `dsn:"a"`
		}{}, "is of a type that no setting can have"},
		"an enumeration without a list": {struct {
			A uint8 `dsn:"a"`
		}{}, "is of a type that no setting can have"},
		"a map without NAME": {struct {
			A map[string]string `dsn:"a"`
		}{}, "is a map without NAME in its key"},
		"NAME without a map": {struct {
			A string `dsn:"a.NAME"`
		}{}, "NAME without a map"},
		"one key twice": {struct {
			A string `dsn:"a"`
			B string `dsn:"a"`
		}{}, "field B of struct"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := NewTable("a", reflect.TypeOf(tc.config))
			assert.ErrorContains(t, err, tc.want)
		})
	}
}
