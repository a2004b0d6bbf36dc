package verify_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/go2fa/verify"

// Modules of others that packages may import, by a short name.
const (
	retryable = "github.com/hashicorp/go-retryablehttp"
	gobreaker = "github.com/sony/gobreaker"
	oauth1    = "github.com/dghubble/oauth1"
	testify   = "github.com/stretchr/testify"
	httpmock  = "github.com/jarcoal/httpmock"
	porcupine = "github.com/anishathalye/porcupine"
)

// arrows are the imports that each package may have beyond the standard
// library: packages of ours by their folder ("." is the root), and modules of
// others. A package that is not listed may not exist. docs/design.md section 4
// gives the reasons.
var arrows = map[string][]string{
	".":                 {},
	"driver":            {".", "references", "internal/callctx", retryable}, // for authors of vendors
	"references":        {},                                                 // what a check needs of its send
	"emulator":          {"internal/ports"},                                 // what emulators are made of
	"internal/fixture":  {httpmock, testify},
	"otp":               {".", "otp/text", "internal/callctx", "internal/keys", "internal/sent"},
	"otp/text":          {"."},
	"input":             {"."},
	"internal/keys":     {},
	"internal/incoming": {},
	"internal/ports":    {},
	"internal/dbserver": {}, // for tests
	"internal/waits":    {},
	"internal/areas":    {},
	"internal/callctx":  {},
	"internal/sent":     {"."},
	"internal/dsn":      {"."},
	"internal/pump":     {".", "guard"},
	"totp":              {".", "internal/callctx", "internal/keys", "internal/waits"},
	"recovery":          {".", "internal/callctx", "internal/keys", "internal/waits"},

	"insecuretest":     {".", "internal/callctx", "internal/keys", "observe", "otp"},
	"guard":            {".", "internal/areas", "internal/callctx", "internal/sent", "observe", "otp"},
	"failover":         {".", "internal/callctx", "internal/keys", "internal/sent", "observe", gobreaker},
	"health":           {"."},
	"hooks":            {".", "otp", "otp/text", "internal/incoming"},
	"delivery":         {"internal/incoming"},
	"observe":          {".", "delivery", "internal/areas"},
	"vendors":          {".", "internal/dsn", "internal/callctx", "otp", "failover", "guard", "observe", "references"}, // and every vendor
	"vendors/emulated": {"emulator"},                                                                                   // and every emulator
	"mocks":            {".", "otp", testify},
	"verifytest":       {".", "emulator", "otp", "failover", "references", "totp", "recovery", "guard", "delivery", "observe", testify, porcupine},
}

// Vendors are found, not listed: a vendor is a folder with its emulator below,
// "twilio" with "twilio/twiliotest". ofVendor is what each may import, foreign the
// modules of others beside, and ofEmulator never its vendor: an emulator that shares
// the client's structs proves nothing.
var (
	ofVendor   = []string{".", "driver", "otp", "otp/text", "references", "delivery"}
	ofEmulator = []string{".", "emulator"}
	foreign    = map[string][]string{"gatewayapi": {oauth1}}
)

// nested are modules of their own: they import what they like, but for onlyTests.
var nested = []string{"awsverify", "cmd/verify", "cmd/verify-serve", "email", "examples", "otelverify", "redisstore", "sqlstore", "tests"}

// onlyTests are packages that only tests may import.
var (
	onlyTests   = []string{"internal/dbserver", "internal/fixture", "mocks", "verifytest"}
	testModules = []string{testify, httpmock, porcupine}
)

// A house is the table of arrows with the vendors of a tree.
type house struct {
	arrows  map[string][]string
	vendors []string
}

func houseOf(t *testing.T, tree fs.FS) house {
	t.Helper()
	h := house{arrows: maps.Clone(arrows)}
	emulators, err := fs.Glob(tree, "*/*test/*.go")
	require.NoError(t, err)
	for _, file := range emulators {
		emulator := path.Dir(file)
		vendor := path.Dir(emulator)
		if path.Base(emulator) != vendor+"test" || moduleOf(vendor) != "" || slices.Contains(h.vendors, vendor) {
			continue
		}
		h.vendors = append(h.vendors, vendor)
		h.arrows[vendor] = append(slices.Clone(ofVendor), foreign[vendor]...)
		h.arrows[emulator] = ofEmulator
		h.arrows["vendors"] = append(slices.Clone(h.arrows["vendors"]), vendor)
		h.arrows["vendors/emulated"] = append(slices.Clone(h.arrows["vendors/emulated"]), emulator)
	}
	return h
}

func TestArrows(t *testing.T) {
	for _, breach := range breaches(t, os.DirFS(".")) {
		t.Error(breach)
	}
}

// breaches reads every Go file below tree, those of nested modules too, as the
// go command would find them.
func breaches(t *testing.T, tree fs.FS) []string {
	t.Helper()
	var all []string
	h := houseOf(t, tree)
	err := fs.WalkDir(tree, ".", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && file != "." && skipped(d.Name()):
			return fs.SkipDir
		case d.IsDir() || path.Ext(file) != ".go":
			return nil
		}
		imports, err := importsOf(tree, file)
		if err != nil {
			return err
		}
		for _, name := range imports {
			if why := h.breach(file, name); why != "" {
				all = append(all, fmt.Sprintf("%s imports %q: %s", file, name, why))
			}
		}
		if folder := path.Dir(file); moduleOf(folder) == "" && h.arrows[folder] == nil {
			all = append(all, fmt.Sprintf("%s: a package that the table of arrows does not know", file))
		}
		if m := moduleOf(file); m != "" {
			if _, err := fs.Stat(tree, m+"/go.mod"); err != nil {
				all = append(all, fmt.Sprintf("%s: %s must be a module of its own, and has no go.mod", file, m))
			}
		}
		return nil
	})
	require.NoError(t, err)
	return all
}

func skipped(folder string) bool {
	return folder == "testdata" || folder == "vendor" || folder == "node_modules" ||
		strings.HasPrefix(folder, ".") || strings.HasPrefix(folder, "_")
}

func importsOf(tree fs.FS, file string) ([]string, error) {
	src, err := fs.ReadFile(tree, file)
	if err != nil {
		return nil, err
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), file, src, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, spec := range parsed.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, nil
}

// moduleOf returns the nested module that a folder or file belongs to, if any.
func moduleOf(name string) string {
	for _, m := range nested {
		if within(name, m) {
			return m
		}
	}
	return ""
}

// breach says why file may not import name, or nothing if it may.
func (h house) breach(file, name string) string {
	ours, isOurs := folderOf(name)
	isTest := strings.HasSuffix(file, "_test.go")
	switch from := path.Dir(file); {
	case isStandard(name), isTest && isOurs && ours == from:
		return ""
	case isOurs && slices.Contains(onlyTests, ours) && !isTest:
		return "only tests may"
	case within(from, "tests/interop") && !isTest:
		return "interop holds tests only"
	case moduleOf(from) != "":
		return ""
	case isOurs && isTest && slices.Contains(h.vendors, from) && slices.Contains(h.vendors, ours):
		return "a vendor never imports another, nor do its tests"
	case isOurs && isTest && ours != "" && moduleOf(ours) == "":
		return ""
	case isOurs && slices.Contains(h.arrows[from], ours):
		return ""
	case !isOurs && slices.ContainsFunc(h.allowed(from, isTest), func(m string) bool { return within(name, m) }):
		return ""
	}
	return "no arrow allows it"
}

// allowed lists the modules of others, as far as a folder's files may import them.
func (h house) allowed(folder string, isTest bool) []string {
	if isTest {
		return append(slices.Clone(testModules), h.arrows[folder]...)
	}
	return h.arrows[folder]
}

// folderOf returns the folder of a package of ours, "." for the root.
func folderOf(name string) (string, bool) {
	if name == module {
		return ".", true
	}
	return strings.CutPrefix(name, module+"/")
}

func isStandard(name string) bool {
	first, _, _ := strings.Cut(name, "/")
	return name != "C" && !strings.Contains(first, ".")
}

func within(name, root string) bool {
	return name == root || strings.HasPrefix(name, root+"/")
}

// A table of arrows that lets everything through would never be noticed.
func TestArrowsRing(t *testing.T) {
	tests := map[string]struct {
		file    string
		imports string
		want    string // a part of the one breach; empty: none
	}{
		"root, standard library":               {"x.go", "net/http", ""},
		"root, a vendor":                       {"x.go", module + "/twilio", "no arrow"},
		"root, testify outside tests":          {"x.go", testify + "/assert", "no arrow"},
		"root, testify in tests":               {"x_test.go", testify + "/assert", ""},
		"root, itself in tests":                {"x_test.go", module, ""},
		"root, a stranger in tests":            {"x_test.go", "example.com/strange", "no arrow"},
		"root, a stranger with testify's name": {"x_test.go", testify + "2/assert", "no arrow"},
		"root, cgo":                            {"x.go", "C", "no arrow"},
		"driver, retryablehttp":                {"driver/x.go", retryable, ""},
		"driver, a vendor":                     {"driver/x.go", module + "/twilio", "no arrow"},
		"references, driver":                   {"references/x.go", module + "/driver", "no arrow"},
		"a vendor, retryablehttp":              {"twilio/x.go", retryable, "no arrow"},
		"a vendor, retryablehttp in tests":     {"twilio/x_test.go", retryable, "no arrow"},
		"a vendor, driver":                     {"twilio/x.go", module + "/driver", ""},
		"a vendor, another":                    {"twilio/x.go", module + "/authy", "no arrow"},
		"a vendor, another in tests":           {"twilio/x_test.go", module + "/authy", "never imports another"},
		"a vendor, fixtures":                   {"twilio/x.go", module + "/internal/fixture", "only tests"},
		"a vendor, fixtures in tests":          {"twilio/x_test.go", module + "/internal/fixture", ""},
		"a vendor, the suite in tests":         {"twilio/x_test.go", module + "/verifytest", ""},
		"a vendor, its emulator":               {"twilio/x.go", module + "/twilio/twiliotest", "no arrow"},
		"a vendor, its emulator in tests":      {"twilio/x_test.go", module + "/twilio/twiliotest", ""},
		"a vendor, local codes":                {"authy/x.go", module + "/otp", ""},
		"a vendor, a module of its own":        {"gatewayapi/x.go", oauth1, ""},
		"a vendor, another's module":           {"authy/x.go", oauth1, "no arrow"},
		"a vendor, failover":                   {"authy/x.go", module + "/failover", "no arrow"},
		"a new vendor, driver":                 {"newvendor/x.go", module + "/driver", ""},
		"a new vendor, another":                {"newvendor/x_test.go", module + "/twilio", "never imports another"},
		"a new vendor's emulator, its vendor":  {"newvendor/newvendortest/x.go", module + "/newvendor", "no arrow"},
		"vendors, a new vendor":                {"vendors/x.go", module + "/newvendor", ""},
		"vendors, a folder that is none":       {"vendors/x.go", module + "/totp", "no arrow"},
		"all emulators, a new one":             {"vendors/emulated/x.go", module + "/newvendor/newvendortest", ""},
		"all emulators, a vendor":              {"vendors/emulated/x.go", module + "/newvendor", "no arrow"},
		"an emulator, its vendor":              {"twilio/twiliotest/x.go", module + "/twilio", "no arrow"},
		"an emulator, driver":                  {"twilio/twiliotest/x.go", module + "/driver", "no arrow"},
		"an emulator, the shared plumbing":     {"twilio/twiliotest/x.go", module + "/emulator", ""},
		"the shared plumbing, root":            {"emulator/x.go", module, "no arrow"},
		"failover, gobreaker's second version": {"failover/x.go", gobreaker + "/v2", ""},
		"otp, gobreaker":                       {"otp/x.go", gobreaker + "/v2", "no arrow"},
		"otp, a nested module in tests":        {"otp/x_test.go", module + "/redisstore", "no arrow"},
		"an unknown package":                   {"utils/x.go", "fmt", "does not know"},
		"an unknown package's tests":           {"twilio/helpers/x_test.go", "fmt", "does not know"},
		"a nested module, a stranger":          {"redisstore/x.go", "github.com/redis/go-redis/v9", ""},
		"a nested module, ours":                {"cmd/verify/inbox/x.go", module + "/vendors", ""},
		"a nested module, mocks":               {"cmd/verify/x.go", module + "/mocks", "only tests"},
		"a nested module, the suite":           {"redisstore/x.go", module + "/verifytest", "only tests"},
		"a nested module, the suite in tests":  {"redisstore/x_test.go", module + "/verifytest", ""},
		"interop, outside tests":               {"tests/interop/x.go", module + "/twilio", "tests only"},
		"interop, in tests":                    {"tests/interop/x_test.go", "github.com/twilio/twilio-go", ""},
		"a file nobody builds":                 {"testdata/x.go", "example.com/strange", ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			tree := fstest.MapFS{}
			for _, vendor := range []string{"twilio", "gatewayapi", "authy", "newvendor"} {
				tree[vendor+"/"+vendor+"test/a.go"] = &fstest.MapFile{Data: []byte("package x\n")}
			}
			tree[tc.file] = &fstest.MapFile{Data: fmt.Appendf(nil, "package x\n\nimport _ %q\n", tc.imports)}
			if m := moduleOf(tc.file); m != "" {
				tree[m+"/go.mod"] = &fstest.MapFile{}
			}
			got := breaches(t, tree)
			if tc.want == "" {
				assert.Empty(t, got)
				return
			}
			require.Len(t, got, 1)
			assert.Contains(t, got[0], tc.file)
			assert.Contains(t, got[0], tc.want)
		})
	}
}

func TestAFolderWithAnEmulatorIsAVendor(t *testing.T) {
	h := houseOf(t, os.DirFS("."))
	for _, vendor := range []string{"twilio", "bandwidth", "gatewayapi", "authy"} {
		assert.Contains(t, h.vendors, vendor)
	}
	other := fstest.MapFS{"input/othertest/a.go": {}, "email/emailtest/a.go": {}, "toy/toytest/readme": {}}
	assert.Empty(t, houseOf(t, other).vendors, "another name, a module of its own, no Go")
}

func TestArrowsWantNestedModulesOfTheirOwn(t *testing.T) {
	tree := fstest.MapFS{"examples/login/main.go": {Data: []byte("package main\n")}}
	got := breaches(t, tree)
	require.Len(t, got, 1)
	assert.Contains(t, got[0], "no go.mod")
}
