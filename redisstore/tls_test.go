package redisstore_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/redisstore"
)

// An authority signs certificates and keeps them as files.
type authority struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func anAuthority(t *testing.T) authority {
	t.Helper()
	a := authority{dir: t.TempDir()}
	a.cert, a.key = a.sign(t, "ca", &x509.Certificate{
		Subject: pkix.Name{CommonName: "a private authority"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	})
	return a
}

// sign writes NAME.pem and NAME.key. Without an authority the certificate signs
// itself.
func (a authority) sign(t *testing.T, name string, c *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	c.SerialNumber, c.NotBefore = big.NewInt(time.Now().UnixNano()), time.Now().Add(-2*time.Hour)
	if c.NotAfter.IsZero() {
		c.NotAfter = time.Now().Add(time.Hour)
	}
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	require.NoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	for file, block := range map[string]*pem.Block{
		".pem": {Type: "CERTIFICATE", Bytes: der}, ".key": {Type: "PRIVATE KEY", Bytes: private},
	} {
		require.NoError(t, os.WriteFile(a.file(name+file), pem.EncodeToMemory(block), 0o600))
	}
	signed, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return signed, key
}

func (a authority) file(name string) string { return filepath.Join(a.dir, name) }

// secure starts a server that speaks TLS only, with the certificate of name.
func (a authority) secure(t *testing.T, name, clients string) (addr string) {
	t.Helper()
	needReal(t)
	port := freePort(t)
	stop, err := startRedis(t.TempDir(), "--port", "0", "--tls-port", port, "--bind", "127.0.0.1",
		"--tls-cert-file", a.file(name+".pem"), "--tls-key-file", a.file(name+".key"),
		"--tls-ca-cert-file", a.file("ca.pem"), "--tls-auth-clients", clients)
	skipWithoutServer(t, err)
	t.Cleanup(stop)
	return net.JoinHostPort("127.0.0.1", port)
}

func TestAPrivateAuthorityByItsFile(t *testing.T) {
	t.Parallel()
	ca, other := anAuthority(t), anAuthority(t)
	loopback := []net.IP{net.IPv4(127, 0, 0, 1)}
	ca.sign(t, "server", &x509.Certificate{IPAddresses: loopback})
	ca.sign(t, "named", &x509.Certificate{DNSNames: []string{"cache.example.com"}})
	ca.sign(t, "old", &x509.Certificate{IPAddresses: loopback, NotAfter: time.Now().Add(-time.Hour)})
	ca.sign(t, "app", &x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	trusted := "?ssl_ca_certs=" + ca.file("ca.pem")

	addr := ca.secure(t, "server", "no")
	for _, scheme := range []string{"rediss", "valkeys"} {
		store := opened(t, scheme+"://"+addr+trusted)
		require.NoError(t, store.Probe(t.Context()))
		goesThrough(t, store, 2)
	}
	assert.Contains(t, fault(t, "rediss://"+addr), "this machine does not know its authority; ssl_ca_certs names the file")
	assert.Contains(t, fault(t, "rediss://"+addr+"?ssl_ca_certs="+other.file("ca.pem")), "this machine does not know its authority")
	assert.Contains(t, fault(t, "redis://"+addr), "it may want TLS (rediss://)")

	named := ca.secure(t, "named", "no")
	require.NoError(t, opened(t, "rediss://"+named+trusted+"&server_name=cache.example.com").Probe(t.Context()))
	assert.Contains(t, fault(t, "rediss://"+named+trusted), "it is for another name")
	assert.Contains(t, fault(t, "rediss://"+ca.secure(t, "old", "no")+trusted), "it has expired")

	both := ca.secure(t, "server", "yes")
	pair := "&ssl_certfile=" + ca.file("app.pem") + "&ssl_keyfile=" + ca.file("app.key")
	require.NoError(t, opened(t, "rediss://"+both+trusted+pair).Probe(t.Context()))
	// The alert may be lost where the connection was reset before it was read.
	require.Eventually(t, func() bool {
		return strings.Contains(fault(t, "rediss://"+both+trusted), "it may want a client's certificate")
	}, 20*time.Second, time.Millisecond)

	empty := filepath.Join(t.TempDir(), "s3cret.pem")
	require.NoError(t, os.WriteFile(empty, []byte("no certificate"), 0o600))
	_, err := redisstore.Open("rediss://" + addr + "?ssl_ca_certs=" + empty)
	require.ErrorContains(t, err, "the file of ssl_ca_certs cannot be read, or holds no certificate")
	assert.False(t, strings.Contains(err.Error(), "s3cret"))
}
