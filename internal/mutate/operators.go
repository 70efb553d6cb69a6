package main

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strings"
)

// swapped is what an operator becomes. Where a bound shifts, the comparison
// keeps its direction; the other direction is the negated condition.
var swapped = map[token.Token]token.Token{
	token.LSS: token.LEQ, token.LEQ: token.LSS, token.GTR: token.GEQ, token.GEQ: token.GTR,
	token.EQL: token.NEQ, token.NEQ: token.EQL,
	token.LAND: token.LOR, token.LOR: token.LAND,
	token.ADD: token.SUB, token.SUB: token.ADD, token.MUL: token.QUO, token.QUO: token.MUL, token.REM: token.MUL,
	token.AND: token.OR, token.OR: token.AND, token.XOR: token.AND, token.AND_NOT: token.AND,
	token.SHL: token.SHR, token.SHR: token.SHL,
	token.ADD_ASSIGN: token.SUB_ASSIGN, token.SUB_ASSIGN: token.ADD_ASSIGN,
	token.MUL_ASSIGN: token.QUO_ASSIGN, token.QUO_ASSIGN: token.MUL_ASSIGN, token.REM_ASSIGN: token.MUL_ASSIGN,
	token.AND_ASSIGN: token.OR_ASSIGN, token.OR_ASSIGN: token.AND_ASSIGN, token.XOR_ASSIGN: token.AND_ASSIGN,
	token.AND_NOT_ASSIGN: token.AND_ASSIGN, token.SHL_ASSIGN: token.SHR_ASSIGN, token.SHR_ASSIGN: token.SHL_ASSIGN,
	token.INC: token.DEC, token.DEC: token.INC,
	token.BREAK: token.CONTINUE, token.CONTINUE: token.BREAK,
}

// tableLength is how many constants make a composite literal a table, of which
// only the first is changed: a long table would outweigh the code.
const tableLength = 8

// A breaker walks through a file and breaks what it meets.
type breaker struct {
	*pkg
	file    *file
	mutants []Mutant
	seen    map[edit]bool
}

// mutants returns all mutants of the package, in the order of the source. Some
// may not compile.
func (p *pkg) mutants() []Mutant {
	var all []Mutant
	for _, f := range p.files {
		b := &breaker{pkg: p, file: f, seen: make(map[edit]bool)}
		ast.PreorderStack(f.syntax, nil, b.visit)
		all = append(all, b.mutants...)
	}
	return all
}

// visit adds the mutants of one node. It reports whether to go on below it.
func (b *breaker) visit(n ast.Node, above []ast.Node) bool {
	switch n := n.(type) {
	case *ast.GenDecl:
		return n.Tok != token.IMPORT
	case *ast.Field:
		return !blank(n.Names) // padding
	case *ast.ValueSpec:
		return !blank(n.Names)
	case *ast.IfStmt:
		b.negate(n.Cond)
	case *ast.ForStmt:
		if n.Cond != nil {
			b.negate(n.Cond)
		}
	case *ast.SwitchStmt:
		b.negateCases(n)
	case *ast.BinaryExpr:
		b.binary(n)
	case *ast.BasicLit:
		b.shift(n, above)
	case *ast.Ident:
		b.flip(n)
	case *ast.CallExpr:
		b.call(n)
	case *ast.ReturnStmt:
		b.zero(n, above)
	case *ast.BlockStmt:
		b.drop(n.List)
	case *ast.CaseClause:
		b.drop(n.Body)
	case *ast.CommClause:
		b.drop(n.Body)
	case *ast.IncDecStmt:
		b.swap("swap operator", n.TokPos, n.Tok)
	case *ast.AssignStmt:
		b.swap("swap operator", n.TokPos, n.Tok)
	case *ast.BranchStmt:
		if n.Label == nil {
			b.swap("swap branch", n.TokPos, n.Tok)
		}
	}
	return true
}

func blank(names []*ast.Ident) bool { return len(names) == 1 && names[0].Name == "_" }

// add adds the mutant that has text from one position to another.
func (b *breaker) add(kind string, from, to token.Pos, text string) {
	e := edit{b.offset(from), b.offset(to), text}
	if b.seen[e] {
		return
	}
	b.seen[e] = true
	b.mutants = append(b.mutants, newMutant(b.file.name, b.file.source, kind, e))
}

func (b *breaker) offset(p token.Pos) int { return b.fset.Position(p).Offset }

func (b *breaker) text(n ast.Node) string {
	return string(b.file.source[b.offset(n.Pos()):b.offset(n.End())])
}

// negate negates a condition. One that only compares for equality is left to binary.
func (b *breaker) negate(condition ast.Expr) {
	if c, ok := condition.(*ast.BinaryExpr); ok && (c.Op == token.EQL || c.Op == token.NEQ) {
		return
	}
	b.add("negate condition", condition.Pos(), condition.End(), "!("+b.text(condition)+")")
}

// negateCases negates the conditions of a switch without a tag.
func (b *breaker) negateCases(s *ast.SwitchStmt) {
	if s.Tag != nil {
		return
	}
	for _, clause := range s.Body.List {
		for _, condition := range clause.(*ast.CaseClause).List {
			b.negate(condition)
		}
	}
}

// swap puts the operator's counterpart in its place.
func (b *breaker) swap(kind string, at token.Pos, op token.Token) {
	if other, ok := swapped[op]; ok {
		b.add(kind, at, at+token.Pos(len(op.String())), other.String())
	}
}

// binary swaps the operator, or the operands if they may not be swapped.
func (b *breaker) binary(n *ast.BinaryExpr) {
	switch n.Op {
	case token.LSS, token.LEQ, token.GTR, token.GEQ:
		b.swap("shift bound", n.OpPos, n.Op)
	default:
		b.swap("swap operator", n.OpPos, n.Op)
	}
	switch n.Op {
	case token.SUB, token.QUO, token.REM, token.SHL, token.SHR, token.AND_NOT:
		b.add("swap operands", n.Pos(), n.End(), "("+b.text(n.Y)+") "+n.Op.String()+" ("+b.text(n.X)+")")
	}
}

// shift adds one to an integer, and takes one off it.
func (b *breaker) shift(n *ast.BasicLit, above []ast.Node) {
	if n.Kind != token.INT {
		return
	}
	if c, ok := above[len(above)-1].(*ast.CompositeLit); ok && len(c.Elts) >= tableLength && c.Elts[0] != ast.Expr(n) {
		return
	}
	one, value := constant.MakeInt64(1), constant.MakeFromLiteral(n.Value, n.Kind, 0)
	b.add("constant + 1", n.Pos(), n.End(), constant.BinaryOp(value, token.ADD, one).ExactString())
	b.add("constant - 1", n.Pos(), n.End(), "("+constant.BinaryOp(value, token.SUB, one).ExactString()+")")
}

// flip makes true false, and false true.
func (b *breaker) flip(n *ast.Ident) {
	switch b.info.Uses[n] {
	case types.Universe.Lookup("true"):
		b.add("flip", n.Pos(), n.End(), "false")
	case types.Universe.Lookup("false"):
		b.add("flip", n.Pos(), n.End(), "true")
	}
}

// call makes min of max, and max of min, and swaps neighbouring arguments of one type.
func (b *breaker) call(n *ast.CallExpr) {
	if f, ok := n.Fun.(*ast.Ident); ok {
		switch b.info.Uses[f] {
		case types.Universe.Lookup("min"):
			b.add("swap operator", f.Pos(), f.End(), "max")
			return
		case types.Universe.Lookup("max"):
			b.add("swap operator", f.Pos(), f.End(), "min")
			return
		}
	}
	for i := 0; i+1 < len(n.Args); i++ {
		x, y := n.Args[i], n.Args[i+1]
		if tx, ty := b.typeOf(x), b.typeOf(y); tx == nil || ty == nil || !types.Identical(tx, ty) || b.text(x) == b.text(y) {
			continue
		}
		breaks := strings.Repeat("\n", b.fset.Position(y.Pos()).Line-b.fset.Position(x.End()).Line)
		b.add("swap arguments", x.Pos(), y.End(), b.text(y)+", "+breaks+b.text(x))
	}
}

// drop drops each of the statements that declare nothing.
func (b *breaker) drop(statements []ast.Stmt) {
	for _, s := range statements {
		switch s := s.(type) {
		case *ast.AssignStmt:
			if s.Tok != token.DEFINE {
				b.dropAssignment(s)
			}
		case *ast.ReturnStmt:
			if len(s.Results) == 0 {
				b.add("drop statement", s.Pos(), s.End(), "")
			}
		case *ast.ExprStmt, *ast.IncDecStmt, *ast.DeferStmt, *ast.GoStmt, *ast.SendStmt:
			b.add("drop statement", s.Pos(), s.End(), "")
		}
	}
}

// dropAssignment drops an assignment. If something would be unused without it the right
// side stays.
func (b *breaker) dropAssignment(s *ast.AssignStmt) {
	dropped := newMutant(b.file.name, b.file.source, "drop statement", edit{b.offset(s.Pos()), b.offset(s.End()), ""})
	if b.compiles(dropped) {
		b.add("drop statement", s.Pos(), s.End(), "")
		return
	}
	if s.Tok == token.ASSIGN {
		blanks := strings.TrimSuffix(strings.Repeat("_, ", len(s.Lhs)), ", ")
		b.add("drop assignment", s.Pos(), s.TokPos, blanks+" ")
	}
}

// zero returns zero values.
func (b *breaker) zero(n *ast.ReturnStmt, above []ast.Node) {
	results := b.results(above)
	if len(n.Results) == 0 || results == nil {
		return
	}
	var zeros []string
	same := len(n.Results) == results.Len()
	for i := range results.Len() {
		zeros = append(zeros, zeroOf(results.At(i).Type(), b.file.qualifier(b.pkg)))
		same = same && b.text(n.Results[i]) == zeros[i]
	}
	if !same {
		b.add("return zero", n.Results[0].Pos(), n.End(), strings.Join(zeros, ", "))
	}
}

// results returns the results of the function around a node.
func (b *breaker) results(above []ast.Node) *types.Tuple {
	for i := len(above) - 1; i >= 0; i-- {
		switch f := above[i].(type) {
		case *ast.FuncLit:
			return b.typeOf(f).(*types.Signature).Results()
		case *ast.FuncDecl:
			return b.info.Defs[f.Name].Type().(*types.Signature).Results()
		}
	}
	return nil
}

// qualifier returns what a type's package is called in the file.
func (f *file) qualifier(p *pkg) types.Qualifier {
	return func(other *types.Package) string {
		if other.Path() == p.path {
			return ""
		}
		return other.Name()
	}
}

// zeroOf returns the zero value of a type, as it is written.
func zeroOf(t types.Type, qualifier types.Qualifier) string {
	if _, generic := t.(*types.TypeParam); !generic {
		switch u := t.Underlying().(type) {
		case *types.Basic:
			switch {
			case u.Info()&types.IsString != 0:
				return `""`
			case u.Info()&types.IsBoolean != 0:
				return "false"
			case u.Info()&types.IsNumeric != 0:
				return "0"
			}
			return "nil"
		case *types.Pointer, *types.Slice, *types.Map, *types.Chan, *types.Signature, *types.Interface:
			return "nil"
		}
	}
	return "*new(" + types.TypeString(t, qualifier) + ")"
}
