package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// kept is a package of rows, with a grouped container and a cache of it.
const kept = `package NAME

` + generate + `

//optcache:grouped by=Symbol cache=TicksCache key=Source
type Tick struct {
	Symbol string
	Price  float64
	Volume int64
}

type Source struct {
	File   string
	Sum    [32]byte ` + "`optcache:\"digest\"`" + `
	Window int64
}
`

// defects are edits of the code that is generated for it, and the emitted tests that must
// fail then. A field that equality alone forgets is harmless to answers until two hashes
// meet, so it takes the test of the key to see it.
var defects = map[string]struct {
	edits map[string]string
	tests []string
}{
	"digestcut": {map[string]string{
		"binary.LittleEndian.Uint64(a.Sum[24:]) == binary.LittleEndian.Uint64(b.Sum[24:])": "true",
		"slice(b.offsets[i], b.offsets[i+1])":                                              "slice(b.offsets[i], max(b.offsets[i]+1, b.offsets[i+1]-1))",
	}, []string{"TestTicksCacheAnswersAsItsLoader/keys", "TestTicksAreFiltered"}},
	"windowforgotten": {map[string]string{
		"a.Window == b.Window &&\n":                "",
		"e.Key.Window == key.Window &&":            "true &&",
		"h = rt.HashUint64(h, uint64(key.Window))": "",
		"to.Volume[i] = row.Volume":                "to.Volume[i] = -row.Volume",
	}, []string{"TestTicksCacheAnswersAsItsLoader/keys", "TestSourceHashAndEqual", "TestTicksAreTheirRows"}},
	"fileunequal": {map[string]string{
		"a.File == b.File":                     "true",
		"return c.Cache.Get(ctx, key, c.load)": "return c.load(ctx, key)",
	}, []string{"TestTicksCacheAnswersAsItsLoader/keeps", "TestSourceHashAndEqual"}},
	"hashofaddress": {map[string]string{
		"h := seed\n": "h := seed + uint64(uintptr(unsafe.Pointer(unsafe.StringData(key.File))))\n",
		"import (\n":  "import (\n\t\"unsafe\"\n",
	}, []string{"TestTicksCacheAnswersAsItsLoader/keeps"}},
}

// TestBrokenCodeFails breaks what was generated in one place at a time: the tests that
// were generated with it must tell.
func TestBrokenCodeFails(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a module of its own")
	}
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "go.mod"), goMod(t, "example.com/downstream", root(t)))
	writeFile(t, filepath.Join(dir, "go.sum"), readFile(t, filepath.Join(root(t), "go.sum")))
	writeFile(t, filepath.Join(dir, "whole", "rows.go"), strings.Replace(kept, "NAME", "whole", 1))
	goCommand(t, dir, "generate", "./...")
	code, test := readFile(t, filepath.Join(dir, "whole", "optcache_gen.go")), readFile(t, filepath.Join(dir, "whole", "optcache_gen_test.go"))
	for name, d := range defects {
		broken := strings.Replace(code, "package whole", "package "+name, 1)
		for from, to := range d.edits {
			if !strings.Contains(broken, from) {
				t.Fatalf("%s: the code has no %q:\n%s", name, from, code)
			}
			broken = strings.ReplaceAll(broken, from, to) // in the look-up too
		}
		writeFile(t, filepath.Join(dir, name, "rows.go"), strings.Replace(kept, "NAME", name, 1))
		writeFile(t, filepath.Join(dir, name, "optcache_gen.go"), broken)
		writeFile(t, filepath.Join(dir, name, "optcache_gen_test.go"), strings.Replace(test, "package whole", "package "+name, 1))
	}
	cmd := exec.CommandContext(t.Context(), "go", "test", "-v", "-vet=off", "./...")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOSUMDB=off", "GOWORK=off", "OPTCACHE_CASES=200")
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Fatalf("all pass:\n%s", out)
	}
	results := make(map[string]string) // of the packages
	rest := string(out)
	for _, line := range strings.Split(rest, "\n") {
		if fields := strings.Fields(line); len(fields) > 1 && (fields[0] == "ok" || fields[0] == "FAIL") && strings.HasPrefix(fields[1], "example.com/downstream/") {
			before, after, _ := strings.Cut(rest, line)
			results[strings.TrimPrefix(fields[1], "example.com/downstream/")], rest = before, after
		}
	}
	if strings.Contains(results["whole"], "--- FAIL") || !strings.Contains(results["whole"], "--- PASS: TestTicksCacheAnswersAsItsLoader") {
		t.Errorf("what is whole does not pass:\n%s", results["whole"])
	}
	for name, d := range defects {
		for _, test := range d.tests {
			if !strings.Contains(results[name], "--- FAIL: "+test) {
				t.Errorf("%s: %s does not fail:\n%s", name, test, results[name])
			}
		}
	}
}
