package twilio

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/go2fa/verify/driver"
)

// What Verify and Messaging share: the account, and where it is.

func (cfg Config) credentials() (user, password string, err error) {
	token, key := cfg.AuthToken != "", cfg.APIKeySID != "" || cfg.APIKeySecret != ""
	err = driver.Invalid(vendor,
		driver.If(token == key, "give either AccountSID and AuthToken, or APIKeySID and APIKeySecret"),
		driver.If((token || cfg.AccountSID != "") && !isSID(cfg.AccountSID, "AC"), "AccountSID must be AC and 32 hexadecimal digits"),
		driver.If(key && !isSID(cfg.APIKeySID, "SK"), "APIKeySID must be SK and 32 hexadecimal digits"),
		driver.If(key && cfg.APIKeySecret == "", "APIKeySecret is missing"),
	)
	if key {
		return cfg.APIKeySID, cfg.APIKeySecret, err
	}
	return cfg.AccountSID, cfg.AuthToken, err
}

// edges are those of the regions that have one of their own. A host with a region
// and no edge answers with a wrong certificate, or not at all:
// https://www.twilio.com/docs/global-infrastructure/api-domain-migration-guide.
var edges = map[string]string{"ie1": "dublin", "au1": "sydney"}

// base returns the host of one of Twilio's products:
// https://www.twilio.com/docs/global-infrastructure.
func (cfg Config) base(product string) (string, error) {
	region, edge := cmp.Or(cfg.Region, "us1"), cmp.Or(cfg.Edge, edges[cfg.Region])
	if cfg.Region == "" && cfg.Edge == "" {
		return cmp.Or(cfg.BaseURL, "https://"+product+".twilio.com"), nil
	}
	if edge != "" {
		product += "." + edge
	}
	return "https://" + product + "." + region + ".twilio.com", driver.Invalid(vendor,
		driver.If(cfg.BaseURL != "", "give either BaseURL, or Region and Edge"),
		driver.If(!driver.IsLabel(region) || edge != "" && !driver.IsLabel(edge), "Region and Edge are lower-case names such as ie1 and dublin"),
		driver.If(edge == "" && region != "us1", "Edge is missing: a host with this Region alone does not answer"),
	)
}

// client makes the client of one of Twilio's products.
func (cfg Config) client(product string, readError func(string, int, []byte) driver.Failure) (*driver.Client, error) {
	user, password, err := cfg.credentials()
	if err != nil {
		return nil, err
	}
	base, err := cfg.base(product)
	if err != nil {
		return nil, err
	}
	client, err := driver.New(driver.Config{
		Vendor: vendor, BaseURL: base, Client: cfg.HTTPClient,
		Header:    map[string]string{"Authorization": driver.Basic(user, password)},
		RequestID: "Twilio-Request-Id", ReadError: readError,
	})
	if err != nil {
		return nil, fmt.Errorf("twilio: %w", err)
	}
	return client, nil
}

// isSID knows a prefix and 32 hexadecimal digits.
func isSID(s, prefix string) bool {
	digits, ok := strings.CutPrefix(s, prefix)
	return ok && len(digits) == 32 && strings.Trim(digits, "0123456789abcdefABCDEF") == ""
}
