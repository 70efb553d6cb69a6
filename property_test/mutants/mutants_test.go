package mutants

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"hash/fnv"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bmadventure/optcache/property_test"
)

var (
	record = flag.Bool("record", false, "write the table of README.md")
	report = flag.Bool("report", false, "print the report of each mutant")
)

// life is how long the values of caches that expire live.
const life = 40 * time.Second

var keys = []Key{
	{"spy", [32]byte{1}, 120, false},
	{"spy1", [32]byte{1}, 20, false},
	{"spy", [32]byte{2}, 120, false},
	{"spy", [32]byte{1}, 120, true},
	{"qqq", [32]byte{31: 1}, 20, false},
	{"", [32]byte{}, 0, false},
}

// value is a list of 8 to 12 numbers that no two keys and versions share.
func value(k Key, version int) []float64 {
	v := make([]float64, 8+uint(len(k.Bundle)*3+k.Window+version*3+int(k.Version[0]))%5)
	v[0] = float64(version)
	h := fnv.New64a()
	fmt.Fprintf(h, "%q %x", k.Bundle, k.Version)
	v[1] = float64(h.Sum64() >> 11)
	v[2] = float64(k.Window)
	if k.Adjusted {
		v[3] = 1
	}
	return v
}

func suite(m Mutant) propertytest.Suite[Key, []float64] {
	s := propertytest.Suite[Key, []float64]{
		New: func(capacity int, load propertytest.Loader[Key, []float64]) propertytest.Cache[Key, []float64] {
			return m.make(capacity, load)
		},
		Keys:  keys,
		Value: value,
		Size:  size,
		Big: func(capacity int, k Key, version int) []float64 {
			return append(value(k, version), make([]float64, capacity*Unit/8)...)
		},
		Mutate:  func(v []float64) { v[len(v)-1]++ },
		Version: func(k Key) [32]byte { return k.Version },
		LRU:     true,
		Cases:   1000,
	}
	if m.Expires {
		s.ExpireAfterWrite = life
	}
	return s
}

func (m Mutant) make(capacity int, load propertytest.Loader[Key, []float64]) *Cache {
	c := New(capacity, 0, load)
	if m.Expires {
		c.life = life
	}
	if m.Break != nil {
		m.Break(c)
	}
	return c
}

func TestRightCache(t *testing.T) {
	t.Parallel()
	t.Run("kept for ever", func(t *testing.T) { t.Parallel(); propertytest.Run(t, suite(Mutant{})) })
	t.Run("expiring", func(t *testing.T) { t.Parallel(); propertytest.Run(t, suite(Mutant{Expires: true})) })
}

// A caught mutant is how the suite noticed it.
type caught struct{ steps, cases int }

// mostSteps is how long the shortest story of a mutant may be.
const mostSteps = 8

func TestMutants(t *testing.T) {
	t.Parallel()
	table := make([]caught, len(All))
	t.Cleanup(func() {
		if *record {
			write(t, table)
		}
	})
	for i, m := range All {
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel() // those that hang wait most of their time
			smoke(t, m)
			if m.Dies && os.Getenv(inChild) == "" {
				table[i] = dies(t, m)
				return
			}
			err := propertytest.Check(t, suite(m), m.Property)
			var f *propertytest.Failure
			if !errors.As(err, &f) {
				t.Fatalf("%s: %s; the property %s does not notice: %v", m.Name, m.Defect, m.Property, err)
			}
			if *report {
				t.Log(f)
			}
			table[i] = caught{f.Steps, f.Case}
			if f.Steps > mostSteps {
				t.Errorf("%d steps:\n%v", f.Steps, f)
			}
		})
	}
}

// smoke is the test that everybody writes: no mutant may fail it.
func smoke(t *testing.T, m Mutant) {
	if m.Property == "leaks" { // it would not end in a bubble
		play(t, m, func() {})
		return
	}
	synctest.Test(t, func(t *testing.T) {
		play(t, m, func() { time.Sleep(time.Second) })
	})
}

func play(t *testing.T, m Mutant, settle func()) {
	newest := map[Key]int{}
	c := m.make(4, func(_ context.Context, k Key) ([]float64, error) { return value(k, newest[k]), nil })
	want := func(k Key) {
		t.Helper()
		v, err := c.Get(t.Context(), k)
		settle()
		if err != nil || !slices.Equal(v, value(k, newest[k])) {
			t.Errorf("smoke: %v, %v; want version %d", v, err, newest[k])
		}
	}
	want(keys[0])
	want(keys[0])
	newest[keys[0]]++
	c.Invalidate(keys[0])
	want(keys[0])
	newest[keys[4]]++
	c.Set(keys[4], value(keys[4], newest[keys[4]]))
	want(keys[4])
	for i := range 30 {
		k := keys[0]
		k.Bundle = fmt.Sprint("x", i)
		want(k)
	}
	if _, ok := c.Peek(keys[0]); ok {
		t.Error("smoke: nothing was evicted")
	}
}

const inChild = "OPTCACHE_MUTANT"

// dies runs a mutant that ends its process in one of its own.
func dies(t *testing.T, m Mutant) caught {
	cmd := exec.Command(os.Args[0], "-test.run=^TestMutants$/^"+m.Name+"$")
	cmd.Env = append(os.Environ(), inChild+"="+m.Name)
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Fatalf("%s: %s; the process goes on", m.Name, m.Defect)
	}
	if *report {
		t.Logf("%s", out[:min(len(out), 2000)])
	}
	found := regexp.MustCompile(`OPTCACHE_TRACE='(.*)'`).FindSubmatch(out)
	if found == nil {
		t.Fatalf("%s ends without a word of what is wrong:\n%s", m.Name, out)
	}
	steps := bytes.Count(found[1], []byte(";")) + 1
	if steps > mostSteps {
		t.Errorf("%d steps: %s", steps, found[1])
	}
	return caught{steps: steps}
}

// TestEachMutantHasAFile: one mutant a file, and all of them are tried.
func TestEachMutantHasAFile(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	listed := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") || name == "cache.go" || name == "mutants.go" {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		ast.Inspect(f, func(n ast.Node) bool {
			if v, ok := n.(*ast.GenDecl); ok && v.Tok == token.VAR {
				found = append(found, v.Specs[0].(*ast.ValueSpec).Names[0].Name)
			}
			return n == f
		})
		if len(found) != 1 || !slices.ContainsFunc(All, func(m Mutant) bool { return m.Name == found[0] }) {
			t.Errorf("%s declares %v; it should be one mutant that All lists", name, found)
		}
		listed++
	}
	if listed != len(All) || listed < 40 {
		t.Errorf("%d files, %d mutants", listed, len(All))
	}
}

const (
	tableBegins = "<!-- table: written by go test -run Mutants -record -->\n"
	tableEnds   = "<!-- end of table -->\n"
)

// write puts the table into README.md.
func write(t *testing.T, table []caught) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), tableBegins)
	_, after, ok2 := strings.Cut(rest, tableEnds)
	if !ok || !ok2 {
		t.Fatal("README.md has no place for the table")
	}
	if err := os.WriteFile("README.md", []byte(before+tableBegins+tableOf(table)+tableEnds+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

func tableOf(table []caught) string {
	var b strings.Builder
	b.WriteString("| mutant | what is wrong with it | property that notices | steps |\n|---|---|---|---|\n")
	for i, m := range All {
		steps := fmt.Sprint(table[i].steps)
		if m.Property == "stress" {
			steps = "real threads"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", m.Name, m.Defect, m.Property, steps)
	}
	return b.String()
}
