package driver

import (
	"encoding/base64"
	"strings"
)

// Basic makes the Authorization of HTTP Basic, RFC 7617.
func Basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// Bearer makes the Authorization of a token, RFC 6750.
func Bearer(token string) string { return "Bearer " + token }

// IsUser reports whether HTTP Basic can hold s as a user: RFC 7617 section 2.
func IsUser(s string) bool { return s != "" && !strings.Contains(s, ":") }
