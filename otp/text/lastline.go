package text

import (
	"bytes"
	"errors"
	"strings"

	"github.com/go2fa/verify"
)

const (
	maxHost       = 253
	maxLabel      = 63 // RFC 1035 section 2.3.4
	appHashLen    = 11
	maxDigits     = 10
	maxAndroidSMS = 140 // bytes, https://developers.google.com/identity/sms-retriever/verify
)

// A lastLine is read by machines: a browser that fills a code in on one site
// only, or in a frame of another site within it
// (https://wicg.github.io/sms-one-time-codes/), or an Android app that is
// handed the message by its hash
// (https://developers.google.com/identity/sms-retriever/verify). Both want to be
// the last line, so there is one or the other.
type lastLine struct {
	text  string // with its line feed
	code  bool   // the code follows
	after string // follows the code
}

func newLastLine(cfg Config) (lastLine, error) {
	origin, embedded, appHash := cfg.Origin, cfg.Embedded, cfg.AppHash
	switch {
	case origin != "" && appHash != "":
		return lastLine{}, errors.New("otp: give Origin or AppHash, not both: each must be the last line")
	case origin != "" && !isHost(origin):
		return lastLine{}, errors.New("otp: Origin must be a host name such as login.example.com, without scheme, port and path")
	case embedded != "" && (origin == "" || !isHost(embedded)):
		return lastLine{}, errors.New("otp: Embedded must be a host name such as pay.example.com, and goes with Origin")
	case appHash != "" && !isAppHash(appHash):
		return lastLine{}, errors.New("otp: AppHash must be the 11 characters of [A-Za-z0-9+/] that stand for the app")
	case embedded != "":
		return lastLine{"\n@" + origin + " #", true, " @" + embedded}, nil
	case origin != "":
		return lastLine{"\n@" + origin + " #", true, ""}, nil
	case appHash != "":
		return lastLine{"\n" + appHash, false, ""}, nil
	}
	return lastLine{}, nil
}

// write appends the line to a message that goes by SMS: nothing reads it in a
// mailbox, and nobody wants to hear it.
func (l lastLine) write(b, code []byte, c verify.Channel) []byte {
	if c != verify.ChannelSMS {
		return b
	}
	b = append(b, l.text...)
	if l.code {
		b = append(b, code...)
	}
	return append(b, l.after...)
}

// isHost knows DNS names of letters, digits and inner hyphens, the last label of
// which is not a number: nothing else survives the readers of the line.
func isHost(s string) bool {
	last := s[strings.LastIndexByte(s, '.')+1:]
	if len(s) > maxHost || consists(last, "0123456789") {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > maxLabel || label[0] == '-' || label[len(label)-1] == '-' ||
			!consists(label, alphanumeric+"-") {
			return false
		}
	}
	return true
}

const (
	alphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	hostBytes    = alphanumeric + "-."
	spaces       = "\t\n\f\r "
)

func isAppHash(s string) bool {
	return len(s) == appHashLen && consists(s, alphanumeric+"+/")
}

func consists(s, of string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return !strings.ContainsRune(of, r) }) < 0
}

// bindsOrigin reports whether Chromium, which looks at more than the last line,
// would find an origin-bound code in s:
// https://source.chromium.org/chromium/chromium/src/+/main:content/browser/sms/sms_parser.cc.
func bindsOrigin(s []byte) bool {
	for i, c := range s {
		if c != '@' || i > 0 && strings.IndexByte(spaces, s[i-1]) < 0 {
			continue
		}
		rest := bytes.TrimLeft(s[i+1:], hostBytes)
		if len(rest) < len(s)-i-1 && len(rest) > 2 && rest[0] == ' ' && rest[1] == '#' &&
			strings.IndexByte(spaces+"#", rest[2]) < 0 {
			return true
		}
	}
	return false
}
