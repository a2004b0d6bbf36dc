package awsverify

import (
	"encoding/xml"
	"strings"
	"testing"

	"github.com/go2fa/verify/driver"
)

// FuzzPublishResponse looks for an answer that is taken for an acceptance and that
// encoding/xml reads otherwise.
func FuzzPublishResponse(f *testing.F) {
	const whole = `<PublishResponse xmlns="x"><PublishResult><MessageId>a-1</MessageId></PublishResult></PublishResponse>`
	for _, seed := range []string{
		whole, whole[:40], whole + whole, strings.Replace(whole, "a-1", "a<!-- x -->-1", 1), "<html/>", "", `{"MessageId":"a"}`,
		strings.Replace(whole, "</MessageId>", "</MessageId><MessageId>b</MessageId>", 1), strings.Replace(whole, "a-1", "<MessageId>a</MessageId>", 1),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		texts, err := readXML(body, "PublishResponse")
		id := texts["PublishResult/MessageId"]
		if err != nil || driver.ReceiptID(id) == "" {
			return
		}
		var read struct {
			XMLName xml.Name `xml:"PublishResponse"`
			IDs     []string `xml:"PublishResult>MessageId"`
		}
		if err := xml.Unmarshal(body, &read); err != nil || len(read.IDs) != 1 || strings.Join(strings.Fields(read.IDs[0]), "") != id {
			t.Errorf("%q is read as %q, and by encoding/xml as %q (%v)", body, id, read.IDs, err)
		}
	})
}

// FuzzReference looks for two scopes of one referenceId, and for one that AWS takes not.
func FuzzReference(f *testing.F) {
	for _, seed := range [][2]string{{"", "verify"}, {"a.b", "a_db"}, {"a:b", "a_cb"}, {"_", "__"}, {"a-b", "a-b"}, {strings.Repeat(".", maxScope), strings.Repeat(":", maxScope)}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, one, other string) {
		for _, scope := range []string{one, other} {
			if len(scope) > maxScope || strings.Trim(scope, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:-") != "" {
				return
			}
			if !driver.IsID(referenceOf(scope), 256) {
				t.Errorf("%q is written as %q", scope, referenceOf(scope))
			}
		}
		if (one == other) != (referenceOf(one) == referenceOf(other)) {
			t.Errorf("%q and %q are written as %q and %q", one, other, referenceOf(one), referenceOf(other))
		}
	})
}
