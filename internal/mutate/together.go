package main

import (
	"cmp"
	"context"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Together are the mutants that fit into one test binary, in which a variable says which of them is in force.
// So they need not be built one by one. A mutant fits if it changes a simple statement, or the condition of
// an if, a for or a case: such a piece of code is kept beside its mutants,
//
//	if mutantInForce == 7 { n-- } else { n++ }
//
// What changes a constant, a declaration or the head of a loop does not.
type together struct {
	binary string
	number map[edit]map[string]int // by edit and file; from 1
	only   bool                    // nothing is built one by one
}

const inForce = "mutantInForce"

// A site is a piece of code that mutants change.
type site struct {
	node       ast.Node
	start, end int
	mutants    []Mutant
	numbers    []int
	declares   string // what has to be declared before it
}

// join builds the binary of all mutants that fit into one. It returns nil if none does.
func (s *suite) join(ctx context.Context, p *pkg, mutants []Mutant, scratch string) (*together, error) {
	t := &together{number: make(map[edit]map[string]int)}
	replace, n := make(map[string]string), 0
	for i, f := range p.files {
		sites := p.sites(f, mutants)
		if len(sites) == 0 {
			continue
		}
		for _, site := range sites {
			for _, m := range site.mutants {
				n++
				site.numbers = append(site.numbers, n)
				if t.number[m.edit] == nil {
					t.number[m.edit] = make(map[string]int)
				}
				t.number[m.edit][f.name] = n
			}
		}
		changed := filepath.Join(scratch, fmt.Sprintf("together%d.go", i))
		if err := os.WriteFile(changed, []byte(f.render(sites, 0, len(f.source), nil)), 0o600); err != nil {
			return nil, fmt.Errorf("writing mutants: %w", err)
		}
		replace[filepath.Join(p.folder, f.name)] = changed
	}
	if n == 0 {
		return nil, nil
	}
	reader := filepath.Join(scratch, "reader.go")
	if err := os.WriteFile(reader, []byte(p.reader()), 0o600); err != nil {
		return nil, fmt.Errorf("writing mutants: %w", err)
	}
	replace[filepath.Join(p.folder, "mutant_in_force.go")] = reader
	overlay, err := writeOverlay(scratch, replace)
	if err != nil {
		return nil, err
	}
	if t.binary, err = s.build(ctx, scratch, overlay); err != nil {
		return nil, err
	}
	return t, nil
}

// reader returns the file that declares the variable.
func (p *pkg) reader() string {
	return "package " + p.files[0].syntax.Name.Name + "\n\nimport (\n\t\"os\"\n\t\"strconv\"\n)\n\n" +
		"var " + inForce + ", _ = strconv.Atoi(os.Getenv(\"MUTANT\"))\n"
}

// joins reports whether a mutant fits into a binary with others.
func (p *pkg) joins(m Mutant) bool {
	f := p.file(m)
	s := p.siteOf(f, m)
	return s != nil && p.fits(f, s, m)
}

// of returns the number of a mutant, 0 if it is not in the binary.
func (t *together) of(m Mutant) int {
	if t == nil {
		return 0
	}
	return t.number[m.edit][m.File]
}

// sites returns the sites of a file in the order of their beginnings, with the mutants that fit.
func (p *pkg) sites(f *file, mutants []Mutant) []*site {
	all := make(map[ast.Node]*site)
	for _, m := range mutants {
		if m.File != f.name {
			continue
		}
		s := p.siteOf(f, m)
		if s == nil || !p.fits(f, s, m) {
			continue
		}
		if all[s.node] == nil {
			all[s.node] = s
		}
		all[s.node].mutants = append(all[s.node].mutants, m)
	}
	var sorted []*site
	for _, s := range all {
		sorted = append(sorted, s)
	}
	slices.SortFunc(sorted, func(a, b *site) int {
		if c := cmp.Compare(a.start, b.start); c != 0 {
			return c
		}
		return cmp.Compare(b.end, a.end)
	})
	return sorted
}

// siteOf returns the innermost piece of code around a mutant's edit that can be kept beside it, nil if there is none.
func (p *pkg) siteOf(f *file, m Mutant) (found *site) {
	covers := func(n ast.Node) bool {
		return p.fset.Position(n.Pos()).Offset <= m.edit.start && m.edit.end <= p.fset.Position(n.End()).Offset
	}
	ast.PreorderStack(f.syntax, nil, func(n ast.Node, above []ast.Node) bool {
		if !covers(n) {
			return false
		}
		var parent ast.Node
		if len(above) > 0 {
			parent = above[len(above)-1]
		}
		switch {
		case isCondition(n, above), isSimple(n) && inList(n, parent):
			found = &site{node: n, start: p.fset.Position(n.Pos()).Offset, end: p.fset.Position(n.End()).Offset}
			found.declares, _ = p.declares(f, n)
		case isStatement(n):
			found = nil // the head of a statement that has others in it, as far as they do not cover the edit
		}
		return true
	})
	return found
}

func isStatement(n ast.Node) bool {
	_, ok := n.(ast.Stmt)
	return ok
}

// isCondition reports whether n is the condition of an if, a for, or a case of a switch without a tag.
func isCondition(n ast.Node, above []ast.Node) bool {
	if len(above) < 3 {
		return false
	}
	switch parent := above[len(above)-1].(type) {
	case *ast.IfStmt:
		return parent.Cond == n
	case *ast.ForStmt:
		return parent.Cond == n
	case *ast.CaseClause:
		s, ok := above[len(above)-3].(*ast.SwitchStmt)
		e, isExpr := n.(ast.Expr)
		return ok && isExpr && s.Tag == nil && slices.Contains(parent.List, e)
	}
	return false
}

func isSimple(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.AssignStmt, *ast.IncDecStmt, *ast.ExprStmt, *ast.SendStmt, *ast.GoStmt, *ast.DeferStmt, *ast.ReturnStmt:
		return true
	case *ast.BranchStmt:
		return n.Tok == token.BREAK || n.Tok == token.CONTINUE
	}
	return false
}

// inList reports whether n is one of the statements of a block.
func inList(n, parent ast.Node) bool {
	var list []ast.Stmt
	switch parent := parent.(type) {
	case *ast.BlockStmt:
		list = parent.List
	case *ast.CaseClause:
		list = parent.Body
	case *ast.CommClause:
		list = parent.Body
	}
	s, ok := n.(ast.Stmt)
	return ok && slices.Contains(list, s)
}

// declares returns the declarations of what a short variable declaration declares.
func (p *pkg) declares(f *file, n ast.Node) (text string, short bool) {
	s, ok := n.(*ast.AssignStmt)
	if !ok || s.Tok != token.DEFINE {
		return "", false
	}
	for _, left := range s.Lhs {
		if id, ok := left.(*ast.Ident); ok {
			if v := p.info.Defs[id]; v != nil {
				text += "var " + id.Name + " " + types.TypeString(v.Type(), f.qualifier(p)) + "; "
			}
		}
	}
	return text, true
}

// fits reports whether the package compiles with the site beside the mutant's.
func (p *pkg) fits(f *file, s *site, m Mutant) bool {
	one := *s
	one.mutants, one.numbers = []Mutant{m}, []int{1}
	text := strings.ReplaceAll(f.render([]*site{&one}, s.start, s.end, nil), inForce, "len(\"\")")
	return p.compiles(Mutant{File: f.name, edit: edit{s.start, s.end, text}})
}

// render returns the source from start to end, with all sites in it beside their mutants, but for one.
func (f *file) render(sites []*site, start, end int, but *site) string {
	var b strings.Builder
	at := start
	for _, s := range sites {
		if s == but || s.start < at || s.end > end {
			continue // in front, behind, or within one that was rendered
		}
		b.Write(f.source[at:s.start])
		b.WriteString(f.renderSite(sites, s))
		at = s.end
	}
	b.Write(f.source[at:end])
	return b.String()
}

func (f *file) renderSite(sites []*site, s *site) string {
	inner := sites[slices.Index(sites, s)+1:]
	original := f.render(inner, s.start, s.end, s)
	var b strings.Builder
	if _, ok := s.node.(ast.Expr); ok {
		for i, m := range s.mutants {
			fmt.Fprintf(&b, "(%s == %d && (%s) || %[1]s != %[2]d && ", inForce, s.numbers[i], s.mutated(f, m))
		}
		fmt.Fprintf(&b, "(%s)%s", original, strings.Repeat(")", len(s.mutants)))
		return b.String()
	}
	b.WriteString(s.declares)
	for i, m := range s.mutants {
		fmt.Fprintf(&b, "if %s == %d {\n%s\n} else ", inForce, s.numbers[i], s.assigned(s.mutated(f, m)))
	}
	fmt.Fprintf(&b, "{\n%s\n}", s.assigned(original))
	return b.String()
}

// mutated returns the site as a mutant has it.
func (s *site) mutated(f *file, m Mutant) string {
	e := edit{m.edit.start - s.start, m.edit.end - s.start, m.edit.text}
	return string(e.apply(f.source[s.start:s.end]))
}

// assigned returns a statement that does not declare what it assigns.
func (s *site) assigned(text string) string {
	if a, ok := s.node.(*ast.AssignStmt); ok && a.Tok == token.DEFINE {
		return strings.Replace(text, ":=", "=", 1)
	}
	return text
}
