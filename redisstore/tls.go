package redisstore

import (
	"crypto/tls"
	"crypto/x509"
	"net/url"
	"os"
)

// The errors of takeTLS. Those of package os name the file.
var (
	errPlain = &Error{Op: "open", Detail: "ssl_ca_certs, ssl_certfile, ssl_keyfile and server_name are for TLS: the URL must open with rediss or valkeys"}
	errCA    = &Error{Op: "open", Detail: "the file of ssl_ca_certs cannot be read, or holds no certificate in PEM form"}
	errPair  = &Error{Op: "open", Detail: "ssl_certfile and ssl_keyfile must name a certificate and its key, in PEM form"}
)

// takeTLS removes the options of TLS, and returns nil where there is none. The
// names are those of redis-py, which other programs of the same machine read.
func takeTLS(query url.Values, secure bool) (*tls.Config, error) {
	if query.Has("skip_verify") {
		return nil, errVerify
	}
	authorities, private := take(query, "ssl_ca_certs")
	certificate, client := take(query, "ssl_certfile")
	key, keyed := take(query, "ssl_keyfile")
	name, named := take(query, "server_name")
	if !secure {
		if private || client || keyed || named {
			return nil, errPlain
		}
		return nil, nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: name} // none: the host that is dialed
	if private {
		text, err := os.ReadFile(authorities) //nolint:gosec // G304: the operator names the file
		c.RootCAs = x509.NewCertPool()
		if err != nil || !c.RootCAs.AppendCertsFromPEM(text) {
			return nil, errCA
		}
	}
	if client || keyed {
		pair, err := tls.LoadX509KeyPair(certificate, key)
		if err != nil {
			return nil, errPair
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}
