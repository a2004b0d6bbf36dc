package driver_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/driver"
)

// A fields is what a vendor reads of an answer, one of each type.
type fields struct {
	Status string          // needed
	Valid  bool            //
	Maybe  *bool           //
	Code   string          // may be a number
	Raw    []byte          //
	Nested json.RawMessage //
}

func scan(body string) (fields, error) {
	var f fields
	err := driver.Scan([]byte(body),
		driver.Field{Key: "status", To: &f.Status, Need: true},
		driver.Field{Key: "valid", To: &f.Valid},
		driver.Field{Key: "maybe", To: &f.Maybe},
		driver.Field{Key: "code", To: &f.Code, Number: true},
		driver.Field{Key: "raw", To: &f.Raw},
		driver.Field{Key: "nested", To: &f.Nested},
	)
	return f, err
}

func TestScan(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	ok := fields{Status: "approved"}
	tests := map[string]struct {
		body string
		want fields
	}{
		"one field":          {`{"status":"approved"}`, ok},
		"white space":        {" \t\r\n{ \"status\" :\n\"approved\" \t}\r\n ", ok},
		"fields of others":   {`{"a":1,"status":"approved","b":[{"x":"}"}],"c":{"d":"]"}}`, ok},
		"a nested namesake":  {`{"data":{"status":"pending"},"status":"approved","list":["status",{"status":"x"}]}`, ok},
		"a value that looks": {`{"a":"\"status\":\"pending\"","status":"approved"}`, ok},
		"a key in escapes":   {`{"st\u0061tus":"approved"}`, ok},
		"a value in escapes": {`{"status":"appr\u006fved"}`, ok},
		"a key that is cut":  {`{"statu":"x","statuss":"y","":"z","status":"approved"}`, ok},
		"quotes and slashes": {`{"status":"a\"b\\","x":"\\"}`, fields{Status: `a"b\`}},
		"another script":     {`{"status":"\u00fc\ud83d\ude00ü"}`, fields{Status: "ü😀ü"}},
		"an empty value":     {`{"status":""}`, fields{}},
		"other case is another key": {
			`{"STATUS":"x","Status":"y","status":"approved","VALID":true,"Valid":true}`, ok,
		},
		"all of them": {
			`{"status":"approved","valid":true,"maybe":false,"code":"60200","raw":"x","nested":{"a":[1,2]}}`,
			fields{"approved", true, &no, "60200", []byte("x"), json.RawMessage(`{"a":[1,2]}`)},
		},
		"yes and no":           {`{"status":"a","valid":false,"maybe":true}`, fields{Status: "a", Maybe: &yes}},
		"a number for a code":  {`{"status":"a","code":60200}`, fields{Status: "a", Code: "60200"}},
		"null counts as no":    {`{"status":"a","valid":null,"maybe":null,"code":null,"raw":null,"nested":null}`, fields{Status: "a"}},
		"raw in escapes":       {`{"status":"a","raw":"x\ty"}`, fields{Status: "a", Raw: []byte("x\ty")}},
		"raw of any type":      {`{"status":"a","nested":-1.5e3 }`, fields{Status: "a", Nested: json.RawMessage("-1.5e3")}},
		"deep, but not too":    {`{"x":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `,"status":"approved"}`, ok},
		"numbers of all kinds": {`{"a":-0,"b":1.5e-300,"c":1e999,"d":123456789012345678901234567890,"status":"approved"}`, ok},
		"one after another":    {`{"nested":"s","status":"approved"}`, fields{Status: "approved", Nested: json.RawMessage(`"s"`)}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := scan(test.body)
			require.NoError(t, err)
			assert.Equal(t, test.want, got)
		})
	}
}

// What encoding/json would let pass: an answer that is not exactly what was
// agreed on is no answer.
func TestScanRefuses(t *testing.T) {
	t.Parallel()
	const (
		notObject = "the answer is not one JSON object"
		duplicate = "a field of the answer stands twice"
		wrongType = "a field of the answer has another type"
		missing   = "a field of the answer is missing"
	)
	tests := map[string]struct{ body, want string }{
		"nothing":                     {``, notObject},
		"white space":                 {" \n", notObject},
		"a page":                      {`<html>approved</html>`, notObject},
		"plain text":                  {`approved`, notObject},
		"null":                        {`null`, notObject},
		"true":                        {`true`, notObject},
		"a number":                    {`1`, notObject},
		"a string":                    {`"approved"`, notObject},
		"a list":                      {`[{"status":"approved"}]`, notObject},
		"two objects":                 {`{"status":"approved"}{"status":"pending"}`, notObject},
		"an object and more":          {`{"status":"approved"}x`, notObject},
		"an object and a comma":       {`{"status":"approved"},`, notObject},
		"half an object":              {`{"status":"approved"`, notObject},
		"a comma too many":            {`{"status":"approved",}`, notObject},
		"single quotes":               {`{'status':'approved'}`, notObject},
		"a comment":                   {`{"status":"approved"}//`, notObject},
		"a byte order mark":           {"\ufeff" + `{"status":"approved"}`, notObject},
		"UTF-16":                      {"{\x00\"\x00", notObject},
		"a line in a string":          {"{\"status\":\"approved\n\"}", notObject},
		"too deep":                    {`{"x":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `,"status":"a"}`, notObject},
		"twice the same":              {`{"status":"approved","status":"approved"}`, duplicate},
		"twice, yes last":             {`{"status":"pending","status":"approved"}`, duplicate},
		"twice, yes first":            {`{"status":"approved","status":"pending"}`, duplicate},
		"twice, once in escapes":      {`{"status":"pending","\u0073tatus":"approved"}`, duplicate},
		"twice, once null":            {`{"status":"approved","valid":null,"valid":true}`, duplicate},
		"no field at all":             {`{}`, missing},
		"only nested":                 {`{"data":{"status":"approved"}}`, missing},
		"only in other case":          {`{"Status":"approved"}`, missing},
		"only longer":                 {`{"status ":"approved","statuses":"approved"}`, missing},
		"needed and null":             {`{"status":null}`, missing},
		"true for a string":           {`{"status":true}`, wrongType},
		"a number for a string":       {`{"status":1}`, wrongType},
		"a list for a string":         {`{"status":["approved"]}`, wrongType},
		"an object for a string":      {`{"status":{"is":"approved"}}`, wrongType},
		"a string for a truth":        {`{"status":"a","valid":"true"}`, wrongType},
		"a number for a truth":        {`{"status":"a","valid":1}`, wrongType},
		"a string for a maybe":        {`{"status":"a","maybe":"false"}`, wrongType},
		"a fraction for a code":       {`{"status":"a","code":1.5}`, wrongType},
		"a negative number of a code": {`{"status":"a","code":-1}`, wrongType},
		"a code with an exponent":     {`{"status":"a","code":1e3}`, wrongType},
		"a code without end":          {`{"status":"a","code":12345678901}`, wrongType},
		"a truth for a code":          {`{"status":"a","code":true}`, wrongType},
		"a number for raw":            {`{"status":"a","raw":1}`, wrongType},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := scan(test.body)
			require.EqualError(t, err, test.want, "an error never quotes what was read")
		})
	}
}

// A vendor that asks for a type Scan does not know gets no value for it.
func TestScanUnknownType(t *testing.T) {
	t.Parallel()
	var n int
	require.Error(t, driver.Scan([]byte(`{"n":1}`), driver.Field{Key: "n", To: &n}))
	assert.Zero(t, n)
	require.NoError(t, driver.Scan([]byte(`{"n":1}`)), "nobody asked")
}

// To read is not to change: a body may be read again.
func TestScanLeavesTheBody(t *testing.T) {
	t.Parallel()
	body := []byte(`{"st\u0061tus":"a\tb","nested":{"x":1}}`)
	before := string(body)
	for range 2 {
		f, err := scan(string(body))
		require.NoError(t, err)
		assert.Equal(t, "a\tb", f.Status)
	}
	assert.Equal(t, before, string(body))
}

func TestScanAtFollowsAPath(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body string
		path []string
		want string // empty: it is refused
	}{
		"no path":                  {`{"id":"a"}`, nil, "a"},
		"an object":                {`{"data":{"id":"a"},"id":"b"}`, []string{"data"}, "a"},
		"the first of an array":    {`{"data":[{"id":"a"},{"id":"b"}]}`, []string{"data", "0"}, "a"},
		"two objects":              {`{"a":{"b":{"id":"a"}}}`, []string{"a", "b"}, "a"},
		"a key that is not there":  {`{"id":"a"}`, []string{"data"}, ""},
		"a key that stands twice":  {`{"data":{"id":"a"},"data":{"id":"b"}}`, []string{"data"}, ""},
		"null":                     {`{"data":null}`, []string{"data"}, ""},
		"an empty array":           {`{"data":[]}`, []string{"data", "0"}, ""},
		"an object for an array":   {`{"data":{"id":"a"}}`, []string{"data", "0"}, ""},
		"an array for an object":   {`{"data":[{"id":"a"}]}`, []string{"data"}, ""},
		"what follows the object":  {`{"data":{"id":"a"}} {}`, []string{"data"}, ""},
		"a string for an object":   {`{"data":"a"}`, []string{"data"}, ""},
		"the needed field missing": {`{"data":{}}`, []string{"data"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var id string
			err := driver.ScanAt([]byte(test.body), test.path, driver.Field{Key: "id", To: &id, Need: true})
			assert.Equal(t, test.want == "", err != nil, "%v", err)
			assert.Equal(t, test.want, id)
		})
	}
}
