package driver

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/go2fa/verify"
)

const (
	maxSegment = 128
	maxID      = 64
	usualPath  = 192 // bytes that stay on the stack
)

var (
	errBase     = errors.New("the base URL must be https://host[/path], or http:// to a loopback or dotless host")
	errBasePath = errors.New("the path of the base URL must be of [A-Za-z0-9._~-] and slashes, with no percent-escape and no segment of dots")
	errSegment  = errors.New("an argument is neither an id of [A-Za-z0-9_|-] nor a recipient")
)

// parseBase refuses plain http but to loopback, and to a host name without dots
// such as a container's. Its error never quotes the URL, which may hold a
// password.
func parseBase(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return nil, errBase
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !isLocal(u.Hostname())) {
		return nil, errBase
	}
	if u.RawPath != "" || !isPlainPath(u.Path) {
		return nil, errBasePath // what is escaped would be asked for under another path
	}
	u.Path = strings.TrimSuffix(u.Path, "/")
	return u, nil
}

// isPlainPath knows a path that reads the same escaped, and that nobody on the
// way shortens.
func isPlainPath(s string) bool {
	for segment := range strings.SplitSeq(s, "/") {
		if segment == "." || segment == ".." {
			return false
		}
	}
	for i := range len(s) {
		if !isUnreserved(s[i]) && s[i] != '/' {
			return false
		}
	}
	return true
}

func isLocal(host string) bool {
	if ip := net.ParseIP(host); ip != nil {
		return ip.IsLoopback()
	}
	// A resolver may take a name that opens with a digit for an address.
	return isSegment(host) && isLetter(host[0])
}

// resolveURL puts the call's arguments into its route and the route behind the base
// URL, and leaves the whole in u. A path is never made of anything that could
// change it.
func (c *Client) resolveURL(call Call, u *url.URL) error {
	args := call.Args
	path := append(make([]byte, 0, usualPath), c.base.Path...)
	raw := append(make([]byte, 0, usualPath), c.base.Path...)
	for rest, found := call.Route, true; found; {
		var text string
		text, rest, found = strings.Cut(rest, "{")
		path, raw = append(path, text...), append(raw, text...)
		if !found {
			break
		}
		_, rest, _ = strings.Cut(rest, "}")
		if len(args) == 0 || !isSegment(strings.ReplaceAll(args[0], "|", "_")) && !isRecipient(args[0]) {
			return errSegment
		}
		path, raw, args = append(path, args[0]...), appendEscaped(raw, args[0]), args[1:]
	}
	*u = *c.base
	u.Path = string(path)
	if len(raw) != len(path) {
		u.RawPath = string(raw)
	}
	u.RawQuery = string(call.Query)
	return nil
}

// isRecipient knows a recipient that a path can hold. Some addresses hold a slash
// or a percent sign, which a server on the way may decode.
func isRecipient(s string) bool {
	return verify.IsPhone(s) || verify.IsEmail(s) && !strings.ContainsAny(s, "/%?#{}&=;")
}

// isSegment knows an id that needs no escaping and cannot change a path.
func isSegment(s string) bool { return IsID(s, maxSegment) }

func isUnreserved(c byte) bool {
	return isLetter(c) || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '.' || c == '~'
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func isHeaderValue(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7f {
			return false
		}
	}
	return s != ""
}

// areHeaderValues is isHeaderValue of all that are not empty.
func areHeaderValues(h http.Header) bool {
	for _, values := range h {
		for _, value := range values {
			if value != "" && !isHeaderValue(value) {
				return false
			}
		}
	}
	return true
}

// cleanID keeps a vendor's reference out of the errors unless it looks like one:
// it may otherwise forge a line of a log, or echo a number.
func cleanID(id string) string {
	letter := false
	for i := range len(id) {
		if !isUnreserved(id[i]) && id[i] != ':' {
			return ""
		}
		letter = letter || isLetter(id[i])
	}
	if !letter || len(id) > maxID {
		return ""
	}
	return id
}

// cleanCode does the same for a vendor code: a name, or at most five digits,
// which is too short for a phone number, and for a code that we make.
func cleanCode(code string) string {
	if len(code) <= 5 && isSeconds(code) {
		return code
	}
	return cleanID(code)
}
