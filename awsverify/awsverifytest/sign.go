package awsverifytest

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go2fa/verify/emulator"
)

const (
	algorithm = "AWS4-HMAC-SHA256"
	stamp     = "20060102T150405Z"
	skew      = 5 * time.Minute
)

// An authorization is what the header of that name says.
type authorization struct {
	key, date, region, service, signature string
	signed                                []string // headers
}

// signed wants each request signed by the key of the account:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html.
func (e *Emulator) signed(serve func(*http.Request) *emulator.Answer) func(*http.Request) *emulator.Answer {
	return func(r *http.Request) *emulator.Answer {
		body, err := io.ReadAll(r.Body)
		p := protocolOf(r)
		if err != nil {
			return p.refuse(http.StatusBadRequest, "ValidationException")
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if name := e.problem(r, body, p); name != "" {
			return p.refuse(http.StatusForbidden, name)
		}
		return serve(r)
	}
}

// names are those of the same error in both families of protocols.
var names = map[string][2]string{ // XML, JSON
	"none":    {"MissingAuthenticationToken", "MissingAuthenticationTokenException"},
	"key":     {"InvalidClientTokenId", "UnrecognizedClientException"},
	"forged":  {"SignatureDoesNotMatch", "InvalidSignatureException"},
	"expired": {"ExpiredToken", "ExpiredTokenException"},
}

// problem says which error a request is answered with, or nothing.
func (e *Emulator) problem(r *http.Request, body []byte, p protocol) string {
	what := e.judgeSignature(r, body, p)
	switch {
	case what == "":
		return ""
	case p.media == xmlMedia:
		return names[what][0]
	}
	return names[what][1]
}

func (e *Emulator) judgeSignature(r *http.Request, body []byte, p protocol) string {
	a, ok := read(r.Header.Get("Authorization"))
	at, err := time.Parse(stamp, r.Header.Get("X-Amz-Date"))
	off := time.Since(at).Abs() // of real time: the emulator's may be anywhere
	switch {
	case !ok || err != nil || !a.covers(r.Header):
		return "none"
	case a.key != e.options.AccessKeyID:
		return "key"
	case r.Header.Get("X-Amz-Security-Token") != e.options.SessionToken:
		return "expired"
	case a.region != e.options.Region || a.service != p.service || a.date != at.Format("20060102") || off > skew:
		return "forged"
	case !hmac.Equal([]byte(a.signature), []byte(e.sign(r, body, a))):
		return "forged"
	}
	return ""
}

// read takes the header apart.
func read(header string) (a authorization, ok bool) {
	rest, ok := strings.CutPrefix(header, algorithm+" ")
	parts := map[string]string{}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		parts[name] = value
	}
	scope := strings.Split(parts["Credential"], "/")
	if !ok || len(scope) != 5 || scope[4] != "aws4_request" {
		return a, false
	}
	signed := strings.Split(parts["SignedHeaders"], ";")
	return authorization{scope[0], scope[1], scope[2], scope[3], parts["Signature"], signed}, true
}

// covers reports whether the host and each header of AWS's own are signed.
func (a authorization) covers(h http.Header) bool {
	for name := range h {
		name = strings.ToLower(name)
		if strings.HasPrefix(name, "x-amz-") && !slices.Contains(a.signed, name) {
			return false
		}
	}
	return slices.Contains(a.signed, "host")
}

// sign makes the signature that a request should have.
func (e *Emulator) sign(r *http.Request, body []byte, a authorization) string {
	var canonical strings.Builder
	for _, line := range []string{r.Method, r.URL.EscapedPath(), strings.ReplaceAll(query(r.URL), "+", "%20")} {
		canonical.WriteString(line + "\n")
	}
	for _, name := range a.signed {
		canonical.WriteString(name + ":" + valueOf(r, name) + "\n")
	}
	canonical.WriteString("\n" + strings.Join(a.signed, ";") + "\n" + sum(body))
	scope := strings.Join([]string{a.date, a.region, a.service, "aws4_request"}, "/")
	text := strings.Join([]string{algorithm, r.Header.Get("X-Amz-Date"), scope, sum([]byte(canonical.String()))}, "\n")
	key := "AWS4" + e.options.SecretAccessKey
	for _, part := range []string{a.date, a.region, a.service, "aws4_request"} {
		key = string(emulator.MAC(sha256.New, key, part))
	}
	return hex.EncodeToString(emulator.MAC(sha256.New, key, text))
}

// query is sorted by its keys.
func query(u *url.URL) string { return u.Query().Encode() }

// valueOf is a header's value, with a single space for each run of them.
func valueOf(r *http.Request, name string) string {
	switch name {
	case "host":
		return r.Host
	case "content-length":
		return strconv.FormatInt(r.ContentLength, 10)
	}
	return strings.Join(strings.Fields(strings.Join(r.Header.Values(name), ",")), " ")
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}
