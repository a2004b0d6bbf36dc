package authy

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// vectors were computed by another implementation, in Python, which agrees with
// the seven callbacks recorded by https://github.com/twilio/authy-java
// (TestAuthyUtil.java) and the two of https://github.com/TwilioDevEd/authy2fa-servlets
// (AuthyRequestValidatorTest.java). They have the shapes of those, under a key
// and with people of our own.
var vectors = map[string]struct {
	method, nonce, content, signature string
}{
	"nothing but nulls and empty objects": {
		"POST", "1512923419", `{"authy_id":1000,"device_uuid":2,"callback_action":"approval_request_status",` +
			`"uuid":"4a725520-bff5-0135-eb01-0e5d90336a8c","status":"approved","approval_request":{"transaction":{"details":null,` +
			`"device_details":{},"device_geolocation":"","encrypted":false,"flagged":false,"hidden_details":null,` +
			`"message":"Log in to Acme?","status":"approved","uuid":"4a725520-bff5-0135-eb01-0e5d90336a8c",` +
			`"created_at_time":1512923400},"expiration_timestamp":1513009800,"logos":null},"signature":"+/==",` +
			`"device":{"ip":"203.0.113.7","id":2}}`, "m/Se+wRkAlcbHWw/GigGPOde1ZmgcoF5jbRtxZhxLDM=",
	},
	"details with spaces, and a list of texts": {
		"POST", "1570641874", `{"authy_id":1000,"callback_action":"approval_request_status",` +
			`"uuid":"4a725520-bff5-0135-eb01-0e5d90336a8c","status":"approved","approval_request":{"transaction":{"details":` +
			`{"Process ID":"1234567890","Location":"earth","a":"b&c=d|e"},"hidden_details":{"ip_address":"203.0.113.7"}}},` +
			`"device":{"enabled_unlock_methods":["pin","fingerprint"],"multidevice_enabled":true}}`,
		"rsEmXvl5HpiVwDv07NNBIyeUD/YqHJcDTCQVit/Mzbo=",
	},
	"a list of objects": {
		"POST", "1512940917", `{"authy_id":1000,"callback_action":"approval_request_status",` +
			`"uuid":"098c3580-c01e-0135-eb00-0e5d90336a8c","status":"denied","approval_request":{"logos":[{"res":"default",` +
			`"url":"https://example.com/a.png"},{"res":"med","url":"https://example.com/b c.png"}]}}`,
		"QCkwA0pjGXxABggKeODqc+Gb5CjIpHOVp++6l0axcic=",
	},
	"a list longer than ten, sorted as text": {
		"POST", "1", `{"l":["a","b","c","d","e","f","g","h","i","j","k","l"]}`, "lx2jfEb4t0oaqAgYLtz0YpHbmR98Nj35gEDj8hypGy0=",
	},
	"an object with a number for a name": {
		"POST", "1.5", `{"d":{"1":"x","a":{"2":"y"}},"d2":null}`, "Sh3bcNQqkVpcZC0oQChkp9mI+qpOI85+3WcaaWWALYk=",
	},
	"stars and tildes, as Go encodes": {
		"POST", "1512940231", `{"authy_id":1000,"details":{"card":"**** 1234","path":"~a"}}`, "k2Zm7RhbDglvHkVEFO1UXQoAiUe3pAr2gLCYSca8zIo=",
	},
	"stars and tildes, as browsers encode": {
		"POST", "1512940231", `{"authy_id":1000,"details":{"card":"**** 1234","path":"~a"}}`, "QXi5zDa7COpiNsvPPW5Y0pgZroyNreJEVt7K4kjltZ4=",
	},
	"letters beyond ASCII, and an escape": {
		"POST", "1512940231", `{"m":"\u00e9 日 \"q\" \/","e":[],"o":{},"z":1.50}`, "ZRNB/5KNqhEb38GVK4Hh1eXMmm8chhW9kM5Cw+q50Pg=",
	},
	"by GET": {
		"GET", "1512942246", "status=approved&authy_id=1000&approval_request%5Blogos%5D%5B%5D%5Bres%5D=default&" +
			"approval_request%5Btransaction%5D%5Bmessage%5D=Log+in%3F&uuid=224fdf40-c021-0135-fa62-06ca50569adc&" +
			"callback_action=approval_request_status&empty=", "Q84/8bGXEGOuqTeJgieV0punPve30sR3N9uAo13fhEY=",
	},
	"the smallest": {
		"POST", "1427849783.886085", `{"b": "val|ue&2", "a": "value1", "n": null, "t": true, "i": 7, ` +
			`"l": [{"res": "default", "url": "https://e.x/a b"}], "e": {}}`, "pdQXcEdQGfRWlF4t3jHk5bjeu9E0h2y3w2HDkKkyLDU=",
	},
}

const vectorURL = "https://example.com/authy/callback"

func signer(t testing.TB) *Users {
	u, err := NewUsers(Config{APIKey: "placeholder-key", CallbackURL: vectorURL})
	require.NoError(t, err)
	return u
}

func pairsIn(t testing.TB, method, content string) []pair {
	read := jsonPairs
	if method == http.MethodGet {
		read = func(s []byte) ([]pair, string) { return queryPairs(string(s)) }
	}
	pairs, refusal := read([]byte(content))
	require.Empty(t, refusal)
	return pairs
}

func TestSignatureVectors(t *testing.T) {
	t.Parallel()
	for name, v := range vectors {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := signer(t)
			signature, err := base64.StdEncoding.DecodeString(v.signature)
			require.NoError(t, err)
			pairs := pairsIn(t, v.method, v.content)
			assert.True(t, u.signed(v.nonce, v.method, pairs, signature))

			assert.False(t, u.signed(v.nonce+"0", v.method, pairs, signature), "another nonce")
			assert.False(t, u.signed(v.nonce, "PUT", pairs, signature), "another method")
			assert.False(t, u.signed(v.nonce, v.method, pairs[1:], signature), "a value less")
			assert.False(t, u.signed(v.nonce, v.method, append(pairs, pair{"status", "approved"}), signature), "a value more")
			elsewhere := *u
			elsewhere.callbackURL += "/"
			assert.False(t, elsewhere.signed(v.nonce, v.method, pairs, signature), "another URL")
			elsewhere = *u
			elsewhere.key = nil
			assert.False(t, elsewhere.signed(v.nonce, v.method, pairs, signature), "another key")
		})
	}
}

// R47: no bit of a signature, and no byte of what it signs, may change.
func TestNoFlippedBitIsSigned(t *testing.T) {
	t.Parallel()
	u := signer(t)
	for _, v := range vectors {
		signature, err := base64.StdEncoding.DecodeString(v.signature)
		require.NoError(t, err)
		pairs := pairsIn(t, v.method, v.content)
		for i := range 8 * len(signature) {
			signature[i/8] ^= 1 << (i % 8)
			require.False(t, u.signed(v.nonce, v.method, pairs, signature))
			signature[i/8] ^= 1 << (i % 8)
		}
		if v.method == http.MethodGet {
			continue
		}
		content := []byte(v.content)
		for i := range content {
			content[i] ^= 1 << (i % 7)
			changed, refusal := jsonPairs(content)
			// White space, and an index between its brackets, mean nothing.
			if refusal == "" && !assert.ObjectsAreEqual(form(canonical(changed), browserEscape), form(canonical(pairs), browserEscape)) {
				require.False(t, u.signed(v.nonce, v.method, changed, signature), "%s", content)
			}
			content[i] ^= 1 << (i % 7)
		}
	}
}

func TestTheSmallestVectorByHand(t *testing.T) {
	t.Parallel()
	v := vectors["the smallest"]
	assert.Equal(t, "a=value1&b=val%7Cue%262&i=7&l%5B%5D%5Bres%5D=default&l%5B%5D%5Burl%5D=https%3A%2F%2Fe.x%2Fa+b&n=&t=true",
		form(canonical(pairsIn(t, v.method, v.content)), browserEscape))
}

func TestWithoutIndexes(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{
		"a": "a", "a[0]": "a[]", "a[12][b]": "a[][b]", "a[b][3]": "a[b][]", "a[]": "a[]", "a[1": "a[1", "a[1b]": "a[1b]",
		"a[[1]]": "a[[]]", "": "", "[": "[", "a]1[": "a]1[", "[7]": "[]",
	} {
		assert.Equal(t, want, withoutIndexes(key), key)
	}
}

func TestWhatIsNotFlattened(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"nothing":                    ``,
		"a list":                     `[1]`,
		"a text":                     `"a"`,
		"half an object":             `{"a":1`,
		"two objects":                `{}{}`,
		"nested too deep":            strings.Repeat(`{"a":`, 17) + `1` + strings.Repeat(`}`, 17),
		"nested far too deep":        strings.Repeat(`{"a":`, 9000) + `1` + strings.Repeat(`}`, 9000),
		"lists nested too deep":      `{"a":` + strings.Repeat(`[`, 16) + strings.Repeat(`]`, 16) + `}`,
		"a long name over many":      `{"` + strings.Repeat("k", 1000) + `":[` + strings.Repeat(`1,`, 1000) + `1]}`,
		"a long name over nothing":   `{"` + strings.Repeat("k", 1000) + `":[` + strings.Repeat(`{},`, 1000) + `1]}`,
		"301 values":                 `{"a":[` + strings.Repeat("0,", maxValues-1) + `0]}`,
		"301 empty objects":          `{"a":[` + strings.Repeat("{},", maxValues-1) + `{}]}`,
		"a long text, again and not": `{"a":"` + strings.Repeat("x", maxPairs) + `"}`,
	} {
		_, refusal := jsonPairs([]byte(body))
		assert.NotEmpty(t, refusal, name)
	}
	pairs, refusal := jsonPairs([]byte(strings.Repeat(`{"a":`, 16) + `1` + strings.Repeat(`}`, 16)))
	assert.Empty(t, refusal)
	assert.Equal(t, []pair{{"a" + strings.Repeat("[a]", 15), "1"}}, pairs)
	pairs, refusal = jsonPairs([]byte(`{"a":[` + strings.Repeat("0,", maxValues-2) + `0]}`))
	assert.Empty(t, refusal)
	assert.Len(t, pairs, maxValues-1, "and the list itself")
	for _, query := range []string{"%", "a=%", "%zz=1", strings.Repeat("a&", maxValues) + "a"} {
		_, refusal := queryPairs(query)
		assert.NotEmpty(t, refusal, query)
	}
}
