package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const module = "github.com/bmadventure/optcache"

// root is the folder of the repository.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", "..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// goCommand runs the go command in dir, without a network, and returns its output.
func goCommand(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOSUMDB=off", "GOWORK=off")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// goMod is the go.mod of a module that takes ours from dir: with what ours needs, so
// that nothing has to be resolved.
func goMod(t *testing.T, name, dir string) string {
	t.Helper()
	_, needs, ok := strings.Cut(readFile(t, filepath.Join(dir, "go.mod")), "\nrequire (")
	if !ok {
		t.Fatal("our go.mod has no require block")
	}
	needs, _, _ = strings.Cut(needs, "\ntool ")
	return "module " + name + "\n\ngo 1.26.0\n\ntool " + module + "/gen\n\n" +
		"require " + module + " v0.0.0\n\nreplace " + module + " => " + dir + "\n\nrequire (" + needs
}

// Rows of every kind that the generator takes, and a cache for each.
const rows = `package market

//go:generate go tool github.com/bmadventure/optcache/gen

import "time"

type (
	Venue uint8
	Label string
)

// Detail is embedded, and nested.
type Detail struct {
	Name   string
	Sizes  [2]int
	Labels []Label
}

//optcache:grouped by=Symbol cache=BarsCache
type Bar struct {
	Symbol                         string
	Time                           time.Time
	Open, High, Low, Close, Volume float64
}

//optcache:grouped by=Venue,Live,Code,Label order=seen cache=TicksCache key=TickSource clone
type Tick struct {
	Venue  Venue
	Live   bool
	Code   [4]byte
	Label  Label
	At     time.Time
	Until  time.Time ` + "`optcache:\"whole\"`" + `
	Labels []Label
	Levels [][]float64
	Detail
	Pair  [2]Detail
	Many  []Detail
	Price float32
}

type TickSource struct {
	File   string
	Sum    [32]byte ` + "`optcache:\"digest\"`" + `
	Window int64
}

//optcache:grouped by=Number
type Plain struct {
	Number int
	Value  float64
}

//optcache:list of=Detail cache=DetailsCache
type DetailsKey struct {
	Source string
}
`

// uses is a test of the user's own, which holds the generated code against what
// is promised of it.
const uses = `package market_test

import (
	"context"
	"testing"
	"time"

	"example.com/downstream/market"
	"github.com/bmadventure/optcache/cachekit"
)

func TestWholeTimesSurvive(t *testing.T) {
	zone := time.FixedZone("east", 3600)
	for _, until := range []time.Time{{}, time.Date(9999, 1, 2, 3, 4, 5, 6, zone), time.Unix(0, 0)} {
		ticks, err := market.GroupTicks([]market.Tick{{At: time.Unix(1, 2).UTC(), Until: until}})
		if err != nil {
			t.Fatal(err)
		}
		if got := ticks.Rows()[0]; got.Until != until || got.At != time.Unix(1, 2).UTC() {
			t.Errorf("%v became %v", until, got)
		}
	}
}

func TestGroupsComeAsFirstSeen(t *testing.T) {
	ticks, err := market.GroupTicks([]market.Tick{
		{Venue: 2, At: time.Unix(0, 0).UTC()}, {Venue: 1, At: time.Unix(0, 0).UTC()}, {Venue: 2, At: time.Unix(1, 0).UTC()},
	})
	if err != nil {
		t.Fatal(err)
	}
	if keys := ticks.Keys(); len(keys) != 2 || keys[0].Venue != 2 || keys[1].Venue != 1 {
		t.Errorf("groups %v", keys)
	}
	if g, ok := ticks.Lookup(2, false, [4]byte{}, ""); !ok || len(g.At) != 2 || g.Venue != 2 {
		t.Errorf("group %v", g)
	}
}

func TestValuesAreLoadedOnce(t *testing.T) {
	loads := 0
	c, err := market.NewTicksCache(cachekit.Options[market.TickSource, *market.Ticks]{MaxBytes: 1 << 20},
		func(_ context.Context, key market.TickSource) (*market.Ticks, error) {
			loads++
			return market.GroupTicks([]market.Tick{{Label: market.Label(key.File), At: time.Unix(key.Window, 0).UTC()}})
		})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		for window := range int64(2) {
			ticks, err := c.Get(t.Context(), market.TickSource{File: "f", Window: window})
			if err != nil || ticks.Rows()[0].At.Unix() != window || ticks.Rows()[0].Label != "f" {
				t.Fatal(ticks, err)
			}
		}
	}
	if loads != 2 {
		t.Errorf("%d loads of 2 values", loads)
	}
}
`

// A module with a replace generates twice, which changes nothing the second time;
// then everything vets and passes.
func TestDownstreamModule(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a module of its own")
	}
	dir := filepath.Join(t.TempDir(), "with a space")
	writeFile(t, filepath.Join(dir, "go.mod"), goMod(t, "example.com/downstream", root(t)))
	writeFile(t, filepath.Join(dir, "go.sum"), readFile(t, filepath.Join(root(t), "go.sum")))
	rowsFile := filepath.Join(dir, "market", "rows.go")
	writeFile(t, rowsFile, rows)
	writeFile(t, filepath.Join(dir, "market", "uses_test.go"), uses)

	if out := goCommand(t, dir, "generate", "./..."); out != "" {
		t.Errorf("go generate says:\n%s", out)
	}
	generated := []string{filepath.Join(dir, "market", "optcache_gen.go"), filepath.Join(dir, "market", "optcache_gen_test.go")}
	old := time.Now().Add(-time.Hour).Truncate(time.Second)
	var first []string
	for _, path := range generated {
		first = append(first, readFile(t, path))
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	if strings.Contains(first[0], "gopter") || strings.Contains(first[0], module+"/internal") {
		t.Error("the code imports what is for tests, or internal packages")
	}
	goCommand(t, dir, "generate", "./...")
	for i, path := range generated {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if readFile(t, path) != first[i] || !info.ModTime().Equal(old) {
			t.Errorf("the second go generate wrote %s again", filepath.Base(path))
		}
	}
	goCommand(t, dir, "vet", "./...")
	out := goCommand(t, dir, "test", "-v", "./...")
	for _, test := range []string{
		"TestBarsAreTheirRows", "TestTicksAreTheirRows", "TestPlainGroupsAreTheirRows", "TestBarsCacheAnswersAsItsLoader",
		"TestTicksCacheAnswersAsItsLoader", "TestDetailsCacheAnswersAsItsLoader", "TestTicksAreFiltered", "TestWholeTimesSurvive",
	} {
		if !strings.Contains(out, "--- PASS: "+test) {
			t.Errorf("%s did not pass:\n%s", test, out)
		}
	}

	// A field that changed does not compile until the code is generated anew.
	writeFile(t, rowsFile, strings.Replace(rows, "Price float32", "Price float64", 1))
	cmd := exec.CommandContext(t.Context(), "go", "build", "./...")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "cannot convert") {
		t.Errorf("a changed field: %v\n%s", err, out)
	}
	check := exec.CommandContext(t.Context(), "go", "tool", module+"/gen", "-check")
	check.Dir, check.Env = filepath.Join(dir, "market"), cmd.Env
	diff, err := check.Output()
	if check.ProcessState.ExitCode() != 1 || !slices.ContainsFunc(strings.Split(string(diff), "\n"), func(line string) bool {
		return strings.HasPrefix(line, "+") && strings.Contains(line, "[]float64")
	}) {
		t.Errorf("-check of a stale file: %v\n%s", err, diff)
	}
	goCommand(t, dir, "generate", "./...")
	goCommand(t, dir, "vet", "./...")
}
