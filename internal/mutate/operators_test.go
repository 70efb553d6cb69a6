package main

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// inMemory returns a package of one file that imports nothing.
func inMemory(t *testing.T, source string) *pkg {
	t.Helper()
	p := &pkg{path: "p", fset: token.NewFileSet(), info: &types.Info{
		Types: make(map[ast.Expr]types.TypeAndValue), Defs: make(map[*ast.Ident]types.Object),
		Uses: make(map[*ast.Ident]types.Object),
	}}
	syntax, err := parser.ParseFile(p.fset, "p.go", source, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	p.files = []*file{{"p.go", []byte(source), syntax}}
	if _, err := p.config.Check(p.path, p.fset, p.syntax(), p.info); err != nil {
		t.Fatal(err)
	}
	return p
}

// changes returns what the mutants of a package that compile do to its lines, in
// alphabetical order.
func changes(p *pkg) []string {
	var all []string
	for _, m := range p.mutants() {
		if p.compiles(m) {
			all = append(all, m.Kind+": "+m.To)
		}
	}
	slices.Sort(all)
	return all
}

func TestOperators(t *testing.T) {
	for _, c := range []struct {
		name, source string
		want         []string
	}{
		{"bound", "func f(a, b int) bool {\nreturn a < b\n}", []string{
			"return zero: return false", "shift bound: return a <= b",
		}},
		{"condition", "func f(a bool) {\nif a {\ng()\n}\n}\nfunc g() {}", []string{
			"drop statement: ", "negate condition: if !(a) {",
		}},
		{"equality", "func f(a, b int) {\nif a == b {\ng()\n}\n}\nfunc g() {}", []string{
			"drop statement: ", "swap operator: if a != b {",
		}},
		{"both", "func f(a, b bool) {\nfor a && b {\n}\n}", []string{
			"negate condition: for !(a && b) {", "swap operator: for a || b {",
		}},
		{"case", "func f(a bool) {\nswitch {\ncase a:\ng()\n}\n}\nfunc g() {}", []string{
			"drop statement: ", "negate condition: case !(a):",
		}},
		{"operands", "func f(a, b int) int {\nreturn a - b\n}", []string{
			"return zero: return 0", "swap operands: return (b) - (a)", "swap operator: return a + b",
		}},
		{"constant", "func f() int {\nreturn 0x10\n}", []string{
			"constant + 1: return 17", "constant - 1: return (15)", "return zero: return 0",
		}},
		{"of a table only the first", "var t = []int{\n1, 2, 3, 4, 5, 6, 7, 8}", []string{
			"constant + 1: 2, 2, 3, 4, 5, 6, 7, 8}", "constant - 1: (0), 2, 3, 4, 5, 6, 7, 8}",
		}},
		{"unsigned", "var t uint =\n0", []string{"constant + 1: 1"}},
		{"true", "func f() bool {\nreturn true\n}", []string{"return zero: return false"}},
		{"false", "func f() bool {\nreturn false\n}", []string{"flip: return true"}},
		{"a true of one's own", "func f(true int) int {\nreturn true\n}", []string{"return zero: return 0"}},
		{"assignment", "func f(a *int, b int) {\n*a = b\n}", []string{"drop statement: "}},
		{"assignment that something needs", "func f() {\nb := g()\nvar a []int\na = b\nh(a)\n}\nfunc g() []int {\nreturn nil\n}\nfunc h([]int) {}", []string{
			"drop assignment: _ = b",
		}},
		{"count", "func f(a *int) {\n*a++\n}", []string{"drop statement: ", "swap operator: *a--"}},
		{"sum", "func f(a *int, b int) {\n*a += b\n}", []string{"drop statement: ", "swap operator: *a -= b"}},
		{"bits", "func f(a, b int) int {\nreturn a &^ b\n}", []string{
			"return zero: return 0", "swap operands: return (b) &^ (a)", "swap operator: return a & b",
		}},
		{"several lines", "func f(a, b int) {\ng(\na,\nb)\n}\nfunc g(int, int) {}", []string{
			"drop statement: ", "swap arguments: b, a)",
		}},
		{"min", "func f(a, b int) int {\nreturn min(a, b)\n}", []string{"return zero: return 0", "swap operator: return max(a, b)"}},
		{"results", "type r struct{ n int }\nfunc f[T any](t T) (T, r, *r, string, error) {\nreturn t, r{}, nil, \"\", nil\n}", []string{
			"return zero: return *new(T), *new(r), nil, \"\", nil",
		}},
		{"zero already", "func f() (int, error) {\nreturn 0, nil\n}", []string{
			"constant + 1: return 1, nil", "constant - 1: return (-1), nil",
		}},
		{"early return", "func f() {\nreturn\n}", []string{"drop statement: "}},
		{"break", "func f() {\nfor {\nbreak\n}\n}", []string{"swap branch: continue"}},
		{"padding", "type t struct{ _ [7]int }\nvar _ = 7", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, changes(inMemory(t, "package p\n"+c.source))); diff != "" {
				t.Errorf("mutants (-want +got):\n%s", diff)
			}
		})
	}
}

// ownSource is what the properties below are tried on: a piece of code that has all kinds of statements.
const ownSource = `package p

type stack struct{ items []int; depth, most int }

func (s *stack) push(x int) (full bool) {
	if len(s.items) >= s.most || s.depth < 0 {
		return true
	}
	s.items = append(
		s.items,
		x,
	)
	s.depth++
	defer s.note(min(x, s.depth), max(x, 3))
	return s.depth == s.most
}

func (s *stack) note(a, b int) {
	for i := range s.items {
		switch {
		case a-b > 2*i, a%7 == i<<2:
			continue
		case !(a == b):
			s.most -= 1
		}
	}
}
`

// TestMutantsDifferInOneEdit checks what every mutant promises: one edit, no two alike, and
// every line that it does not touch has the number that it had.
func TestMutantsDifferInOneEdit(t *testing.T) {
	p := inMemory(t, ownSource)
	mutants := p.mutants()
	if len(mutants) < 40 {
		t.Fatalf("only %d mutants", len(mutants))
	}
	before := strings.Split(ownSource, "\n")
	seen := make(map[string]Mutant)
	for _, m := range mutants {
		changed := string(m.edit.apply([]byte(ownSource)))
		if other, ok := seen[changed]; ok || changed == ownSource {
			t.Errorf("%v is no mutant of its own, but is %v", m, other)
		}
		seen[changed] = m
		after := strings.Split(changed, "\n")
		if len(after) != len(before) {
			t.Errorf("%v makes %d lines of %d", m, len(after), len(before))
			continue
		}
		first, last := -1, -1
		for i := range before {
			if before[i] != after[i] {
				if first < 0 {
					first = i
				}
				last = i
			}
		}
		from := bytes.Count([]byte(ownSource[:m.edit.start]), []byte("\n"))
		to := from + strings.Count(ownSource[m.edit.start:m.edit.end], "\n")
		if first < from || last > to || m.Line != from+1 {
			t.Errorf("%v changes lines %d to %d", m, first+1, last+1)
		}
	}
}

func TestMutantsAreTheSameEveryTime(t *testing.T) {
	one, two := inMemory(t, ownSource).mutants(), inMemory(t, ownSource).mutants()
	if !slices.Equal(one, two) {
		t.Error("the same source has other mutants the second time")
	}
}
