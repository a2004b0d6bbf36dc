package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/go2fa/verify/health"
)

// What docs/operate/kubernetes.yaml says, by the names of Kubernetes' API.
type (
	httpProbe struct {
		HTTPGet          struct{ Path, Port string } `yaml:"httpGet"`
		PeriodSeconds    int                         `yaml:"periodSeconds"`
		FailureThreshold int                         `yaml:"failureThreshold"`
	}
	container struct {
		Name, Image string
		Args        []string
		Ports       []struct {
			Name          string
			ContainerPort string `yaml:"containerPort"`
		}
		StartupProbe   httpProbe `yaml:"startupProbe"`
		ReadinessProbe httpProbe `yaml:"readinessProbe"`
		LivenessProbe  httpProbe `yaml:"livenessProbe"`
		Lifecycle      struct {
			PreStop struct{ Sleep struct{ Seconds int } } `yaml:"preStop"`
		}
		SecurityContext map[string]any `yaml:"securityContext"`
		Resources       map[string]any
		VolumeMounts    []struct {
			Name      string
			MountPath string `yaml:"mountPath"`
			ReadOnly  bool   `yaml:"readOnly"`
		} `yaml:"volumeMounts"`
	}
	object struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string
		Metadata   struct {
			Name   string
			Labels map[string]string
		}
		StringData map[string]string `yaml:"stringData"`
		Spec       yaml.Node
	}
	deployment struct {
		Replicas int
		Selector struct {
			MatchLabels map[string]string `yaml:"matchLabels"`
		}
		Strategy map[string]any
		Template struct {
			Metadata struct{ Labels map[string]string }
			Spec     struct {
				AutomountServiceAccountToken  bool           `yaml:"automountServiceAccountToken"`
				TerminationGracePeriodSeconds int            `yaml:"terminationGracePeriodSeconds"`
				SecurityContext               map[string]any `yaml:"securityContext"`
				Containers                    []container
				Volumes                       []struct {
					Name   string
					Secret struct {
						SecretName  string `yaml:"secretName"`
						DefaultMode int    `yaml:"defaultMode"`
					}
				}
			}
		}
	}
	service struct {
		Selector map[string]string
		Ports    []struct {
			Name       string
			Port       int
			TargetPort string `yaml:"targetPort"`
		}
	}
	ingress struct {
		TLS   []map[string]any
		Rules []struct {
			Host string
			HTTP struct {
				Paths []struct {
					Path     string
					PathType string `yaml:"pathType"`
					Backend  struct {
						Service struct {
							Name string
							Port struct{ Name string }
						}
					}
				}
			}
		}
	}
)

// kubernetes reads the objects of the file by their kinds. A field that no type above
// has is a mistake.
func kubernetes(t *testing.T) map[string]object {
	t.Helper()
	text, err := os.ReadFile("../../docs/operate/kubernetes.yaml")
	require.NoError(t, err)
	all := map[string]object{}
	for d := yaml.NewDecoder(bytes.NewReader(text)); ; {
		var o object
		err := d.Decode(&o)
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
		require.Empty(t, all[o.Kind].Kind, "two of one kind")
		all[o.Kind] = o
	}
}

func spec[T any](t *testing.T, o object) (s T) {
	t.Helper()
	text, err := yaml.Marshal(&o.Spec)
	require.NoError(t, err)
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	require.NoError(t, d.Decode(&s), o.Kind)
	return s
}

// The flags, files, ports and paths are those of this program, which serves with them.
func TestTheDeploymentForKubernetesServes(t *testing.T) {
	all := kubernetes(t)
	d := spec[deployment](t, all["Deployment"])
	pod := d.Template.Spec
	require.Len(t, pod.Containers, 1)
	c := pod.Containers[0]

	// The secrets, as files where the flags and the DSN look for them.
	require.Len(t, pod.Volumes, 1)
	require.Len(t, c.VolumeMounts, 1)
	assert.Equal(t, all["Secret"].Metadata.Name, pod.Volumes[0].Secret.SecretName)
	assert.Equal(t, pod.Volumes[0].Name, c.VolumeMounts[0].Name)
	dir, at := t.TempDir(), c.VolumeMounts[0].MountPath
	here := strings.NewReplacer(at+"/", dir+"/").Replace
	used := strings.Join(c.Args, " ")
	for name, value := range all["Secret"].StringData {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(here(value)), 0o600))
		used += " " + value
	}
	for name := range all["Secret"].StringData {
		assert.Contains(t, used, "file:"+at+"/"+name, "nothing reads the file")
	}
	args := slices.Clone(c.Args)
	for i := range args {
		args[i] = here(args[i])
	}

	s, err := parse(args, io.Discard, func(string) string { return "" })
	require.NoError(t, err)
	h, done, err := open(s, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	defer done()
	srv := httptest.NewServer(h)
	defer srv.Close()

	// Probes and ingress ask for what is served, at the port that is listened to.
	require.Len(t, c.Ports, 1)
	assert.Equal(t, "0.0.0.0:"+c.Ports[0].ContainerPort, s.addr)
	for name, p := range map[string]httpProbe{"startup": c.StartupProbe, "readiness": c.ReadinessProbe, "liveness": c.LivenessProbe} {
		assert.Equal(t, c.Ports[0].Name, p.HTTPGet.Port, name)
		got, err := http.Get(srv.URL + p.HTTPGet.Path)
		require.NoError(t, err)
		_ = got.Body.Close()
		assert.Equal(t, http.StatusNoContent, got.StatusCode, "%s, while the stores are down", name)
	}
	svc, in := spec[service](t, all["Service"]), spec[ingress](t, all["Ingress"])
	assert.Equal(t, d.Template.Metadata.Labels, svc.Selector)
	assert.Equal(t, d.Template.Metadata.Labels, d.Selector.MatchLabels)
	assert.Equal(t, c.Ports[0].Name, svc.Ports[0].TargetPort)
	require.Len(t, in.Rules, 1)
	require.Len(t, in.Rules[0].HTTP.Paths, 1, "/health is for the inside")
	path := in.Rules[0].HTTP.Paths[0]
	assert.Equal(t, all["Service"].Metadata.Name, path.Backend.Service.Name)
	assert.Equal(t, svc.Ports[0].Name, path.Backend.Service.Port.Name)
	got, err := http.Post(srv.URL+path.Path+s.hooks[0].server, "application/json", strings.NewReader("{}"))
	require.NoError(t, err)
	_ = got.Body.Close()
	assert.Equal(t, http.StatusUnauthorized, got.StatusCode, "it is served, and a request without a signature is refused")

	// The page for operators asks it at the same port for what is served.
	page, err := os.ReadFile("../../docs/operate.md")
	require.NoError(t, err)
	asked := regexp.MustCompile(`curl -s http://127\.0\.0\.1:(\d+)(/\S+)`).FindSubmatch(page)
	require.NotNil(t, asked)
	assert.Equal(t, c.Ports[0].ContainerPort, string(asked[1]))
	got, err = http.Get(srv.URL + string(asked[2]))
	require.NoError(t, err)
	var report health.Report
	require.NoError(t, json.NewDecoder(got.Body).Decode(&report))
	_ = got.Body.Close()
	assert.Equal(t, health.Failing, report.Status, "there is no Redis here")

	// It is given the time that it takes to end, and each replica knows what others did.
	ends := time.Duration(c.Lifecycle.PreStop.Sleep.Seconds)*time.Second + s.drain
	assert.Positive(t, c.Lifecycle.PreStop.Sleep.Seconds)
	assert.Greater(t, time.Duration(pod.TerminationGracePeriodSeconds)*time.Second, ends)
	assert.Greater(t, d.Replicas, 1)
	assert.NotEqual(t, "memory", s.seen)
	assert.Contains(t, s.dsn, "store=redis://")
}
