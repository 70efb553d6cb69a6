package model

import (
	"go/token"
	"go/types"
	"strings"
)

// A Package is the package that the generator reads.
type Package struct {
	Path, Name, Dir string
	Types           *types.Package
	All             []*Type // those with directives, by name
}

// A Type is a struct of the user's for which there are directives, or to which
// one refers.
type Type struct {
	Name       string
	Named      *types.Named
	Struct     *types.Struct
	Fields     []*Field
	Directives []*Directive
	Pos        token.Position
}

// A Field is one field of a Type. An embedded field has the name of its type.
type Field struct {
	Name     string
	Type     types.Type
	Exported bool
	Embedded bool
	Tag      string // what stands in `optcache:"..."`
	Pos      token.Position
}

// Has reports whether the tag, a comma list, has that word.
func (f *Field) Has(word string) bool {
	for w := range strings.SplitSeq(f.Tag, ",") {
		if strings.TrimSpace(w) == word {
			return true
		}
	}
	return false
}

// Field returns the field of that name, nil if there is none.
func (t *Type) Field(name string) *Field {
	for _, f := range t.Fields {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// A Directive is one comment //optcache:name key=value word ... above a type.
type Directive struct {
	Name string // "grouped", "list", "params"
	Args []Arg
	Pos  token.Position

	Key  *Type // the type that key= names, nil without
	Elem *Type // the type that of= names, nil without
}

// An Arg is one key=value of a directive, or a word alone, without value.
type Arg struct {
	Key, Value string
	Pos        token.Position
}

// Arg returns the argument of that key and whether there is one. If there is
// none, the position is that of the directive.
func (d *Directive) Arg(key string) (Arg, bool) {
	for _, a := range d.Args {
		if a.Key == key {
			return a, true
		}
	}
	return Arg{Pos: d.Pos}, false
}

// A Container is an emitted type, to be held by an emitted cache by pointer. It has a
// method SizeBytes() int64.
type Container struct {
	Name  string   // Bars
	Build string   // GroupBars: func([]Row) (*Bars, error) or func([]Row) *Bars
	Fails bool     // Build returns an error too
	Times []string // fields of the rows that Build refuses unless they can be kept
	Row   *Type    // what it is built from
	Clone bool     // it has a method Clone
}
