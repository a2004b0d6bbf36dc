package gatewayapitest

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/go2fa/verify/internal/emulator"
)

// A route is one resource of either API.
type route struct {
	method    string
	operation string // as in Fault.On
	classic   bool   // of the REST API
	answer    func(call) (status int, body any, f *failure)
}

var routes = map[string]route{
	"/mobile/single": {http.MethodPost, "send", false, call.single},
	"/mobile/multi":  {http.MethodPost, "send", false, call.multi},
	"/rest/mtsms":    {http.MethodPost, "send", true, call.mtsms},
	"/rest/me":       {http.MethodGet, "balance", true, call.me},
}

// A call is one request that may be answered.
type call struct {
	*Emulator
	r *http.Request
}

func (e *Emulator) serve(w http.ResponseWriter, r *http.Request) {
	status, body, f := call{e, r}.answer()
	if f != nil {
		status, body = f.status, f.body
	}
	emulator.JSON(w, status, body)
}

func (c call) answer() (status int, body any, f *failure) {
	to, known := routes[c.r.URL.Path]
	region, product := c.host()
	switch {
	case !known, product != "" && (product == "gatewayapi") != to.classic:
		return 0, nil, described(http.StatusNotFound)
	case c.r.Method != to.method:
		return 0, nil, described(http.StatusMethodNotAllowed)
	}

	if to.classic {
		f = c.authenticateClassic()
	} else {
		f = c.authenticateMobile()
	}
	switch {
	case f != nil:
		return 0, nil, f
	case region != c.region:
		return 0, nil, described(http.StatusForbidden)
	}
	return to.answer(c)
}

// host splits the name of one of GatewayAPI's own hosts into its region and its
// product, "gatewayapi" or "messaging". Any other name serves all.
func (c call) host() (region, product string) {
	host := strings.ToLower(c.r.Host)
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	for _, region := range []string{"com", "eu"} {
		switch host {
		case "gatewayapi." + region:
			return region, "gatewayapi"
		case "messaging.gatewayapi." + region:
			return region, "messaging"
		}
	}
	return c.region, ""
}

// json reads the body, numbers as they are written.
func (c call) json() (body any, ok bool) {
	d := json.NewDecoder(c.r.Body)
	d.UseNumber()
	if d.Decode(&body) != nil {
		return nil, false
	}
	_, err := d.Token()
	return body, err == io.EOF
}
