package twilio

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

// serviceRoute reads a Service: https://www.twilio.com/docs/verify/api/service.
const serviceRoute = "/v2/Services/{service}"

var _ verify.Prober = (*Client)(nil)

// Probe reads each Service, which takes good credentials, and compares its code
// length and PSD2 with Config. Whether a channel is set up only a Send can tell.
func (c *Client) Probe(ctx context.Context) error {
	if len(c.services) == 0 {
		return unsupported("probe", "the client was not made by New")
	}
	var faults []string
	for _, scope := range slices.Sorted(maps.Keys(c.services)) {
		found, err := c.differences(ctx, c.services[scope])
		if err != nil {
			return err // it would meet the other Services as well
		}
		for _, fault := range found {
			faults = append(faults, serviceOf(scope)+" "+fault)
		}
	}
	if len(faults) == 0 {
		return nil
	}
	return &verify.Error{Vendor: vendor, Op: "probe", Outcome: verify.ErrRejected, Detail: strings.Join(faults, "; ")}
}

func serviceOf(scope string) string {
	if scope == "" {
		return "the Service of the empty scope"
	}
	return "the Service of scope " + scope
}

// differences says in which settings a Service is not what Config has it be.
func (c *Client) differences(ctx context.Context, service Service) (found []string, err error) {
	reply, err := c.rest.Do(ctx, driver.Call{
		Op: "probe", Method: "GET", Route: serviceRoute, Args: []string{service.SID}, Repeatable: true,
	})
	if isGone(err) {
		return []string{"was not found: check its SID and the region"}, nil
	}
	if err != nil {
		return nil, err
	}

	var sid, digits string
	var psd2 *bool
	err = driver.Scan(reply.Body,
		driver.Field{Key: "sid", To: &sid, Need: true},
		driver.Field{Key: "code_length", To: &digits, Need: true, Number: true},
		driver.Field{Key: "psd2_enabled", To: &psd2},
	)
	length, wrong := strconv.Atoi(digits)
	switch {
	case err != nil:
		return nil, c.rest.Unknown("probe", reply, err.Error())
	case sid != service.SID:
		return nil, c.rest.Unknown("probe", reply, "the answer speaks of another Service")
	case wrong != nil || length < minDigits || length > maxDigits:
		return nil, c.rest.Unknown("probe", reply, "the answer's code length is none")
	case length != service.CodeLength:
		found = append(found, "sends "+digits+" digits, not "+strconv.Itoa(service.CodeLength)+": set its CodeLength to "+digits)
	}
	switch {
	case psd2 == nil || *psd2 == service.PSD2:
	case *psd2:
		found = append(found, "has PSD2: set its PSD2")
	default:
		found = append(found, "has no PSD2: switch it on in the console, or leave PSD2 out")
	}
	return found, nil
}
