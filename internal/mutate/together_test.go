package main

import (
	"fmt"
	"strings"
	"testing"
)

// TestTogetherCompiles puts all mutants of a file beside its code: all must be in it, and the whole must compile.
func TestTogetherCompiles(t *testing.T) {
	p := inMemory(t, ownSource)
	f := p.files[0]
	var mutants []Mutant
	for _, m := range p.mutants() {
		if p.compiles(m) {
			mutants = append(mutants, m)
		}
	}
	sites := p.sites(f, mutants)
	n := 0
	for _, s := range sites {
		for range s.mutants {
			n++
			s.numbers = append(s.numbers, n)
		}
	}
	text := f.render(sites, 0, len(f.source), nil)
	if whole := (Mutant{File: f.name, edit: edit{0, len(f.source), text + "\nvar " + inForce + " int\n"}}); !p.compiles(whole) {
		t.Fatalf("does not compile:\n%s", text)
	}
	if n < len(mutants)*3/4 {
		t.Errorf("%d mutants of %d fit", n, len(mutants))
	}
	for _, s := range sites {
		for i, m := range s.mutants {
			if number := fmt.Sprint(inForce, " == ", s.numbers[i]); strings.Count(text, number+" ") != 1 {
				t.Errorf("%v is not in it once, as %s", m, number)
			}
			if !strings.Contains(text, s.assigned(s.mutated(f, m))) {
				t.Errorf("%v is not in it", m)
			}
		}
	}
}

// TestSitesOfMutants checks which piece of code is kept beside a mutant.
func TestSitesOfMutants(t *testing.T) {
	for _, c := range []struct{ source, change, want string }{
		{"func f(a int) {\na += 2\n}", "a -= 2", "a += 2"},
		{"func f(a int) {\nif b := a + 2; b > 3 {\n}\n}", "if b := a + 2; b >= 3 {", "b > 3"},
		{"func f(a int) {\nif b := a + 2; b > 3 {\n}\n}", "if b := a - 2; b > 3 {", ""},
		{"func f(a int) {\nfor i := 2; i < a; i++ {\n}\n}", "for i := 2; i <= a; i++ {", "i < a"},
		{"func f(a int) {\nfor i := 2; i < a; i++ {\n}\n}", "for i := 2; i < a; i-- {", ""},
		{"func f(a int) {\nswitch {\ncase a > 2:\n}\n}", "case a >= 2:", "a > 2"},
		{"func f(a int) {\nswitch a {\ncase 2:\n}\n}", "case 3:", ""},
		{"func f(a int) int {\nb := a * 2\nreturn b\n}", "b := a / 2", "b := a * 2"},
		{"func f() func() int {\nreturn func() int {\nreturn 7\n}\n}", "return 8", "return 7"},
		{"const c = 7", "const c = 8", ""},
		{"var v = 7", "var v = 8", ""},
	} {
		p := inMemory(t, "package p\n"+c.source)
		found := false
		for _, m := range p.mutants() {
			if m.To != c.change {
				continue
			}
			found = true
			got := ""
			if s := p.siteOf(p.files[0], m); s != nil {
				got = string(p.files[0].source[s.start:s.end])
			}
			if got != c.want {
				t.Errorf("%v: kept beside %q, want %q", m, got, c.want)
			}
		}
		if !found {
			t.Errorf("%q has no mutant %q", c.source, c.change)
		}
	}
}
