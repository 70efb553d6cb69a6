package grouped

import (
	"go/token"
	"go/types"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/dave/jennifer/jen"

	"github.com/bmadventure/optcache/internal/gen/model"
	"github.com/bmadventure/optcache/internal/gen/shape"
)

// A grouped is one container that is being emitted.
type grouped struct {
	f       *model.File
	row     *model.Type
	by      []*model.Field
	columns []*column
	seen    bool // groups stand in the order in which they are first seen
	clone   bool

	name string // the container: Bars

	// Names of what goes with it: BarColumns, BarGroup, BarKey.
	columnsName, groupName, keyName string
}

// A column is a field that the rows are not grouped by.
type column struct {
	*model.Field
	unix  bool // a time, kept as Unix nanoseconds
	plain bool // without pointers
}

// Emit emits the container that a directive asks for.
func Emit(f *model.File, t *model.Type, d *model.Directive) *model.Container {
	before := f.Len()
	g := newGrouped(f, t, d)
	g.declare(d)
	if f.Len() > before {
		return nil
	}
	g.types()
	g.builders()
	g.readers()
	g.parts()
	return g.container()
}

// container describes what was emitted.
func (g *grouped) container() *model.Container {
	c := &model.Container{Name: g.name, Build: g.build(), Fails: g.refuses(), Row: g.row, Clone: g.clone}
	for _, column := range g.columns {
		if column.unix {
			c.Times = append(c.Times, column.Name)
		}
	}
	return c
}

// newGrouped returns what a directive asks for, and says what is wrong with it.
func newGrouped(f *model.File, t *model.Type, d *model.Directive) *grouped {
	g := &grouped{f: f, row: t, name: nameOf(t, d)}
	g.columnsName, g.groupName, g.keyName = t.Name+"Columns", t.Name+"Group", t.Name+"Key"
	order, _ := d.Arg("order")
	g.seen = order.Value == "seen"
	_, g.clone = d.Arg("clone")
	g.chooseBy(d)
	g.chooseColumns(d)
	return g
}

// nameOf returns the name of the container: as given, or the cache's without
// "Cache", or the row's with "Groups".
func nameOf(t *model.Type, d *model.Directive) string {
	if a, ok := d.Arg("name"); ok {
		return a.Value
	}
	if a, ok := d.Arg("cache"); ok {
		if name, ok := strings.CutSuffix(a.Value, "Cache"); ok && name != "" && name != t.Name {
			return name
		}
	}
	return t.Name + "Groups"
}

// chooseBy finds the fields that rows are grouped by.
func (g *grouped) chooseBy(d *model.Directive) {
	a, _ := d.Arg("by")
	for name := range strings.SplitSeq(a.Value, ",") {
		field := g.row.Field(name)
		switch {
		case field == nil:
			g.f.Errorf(a.Pos, "by=%s: %s has no field %q", a.Value, g.row.Name, name)
		case g.isBy(field):
			g.f.Errorf(a.Pos, "by=%s: the field %s is given twice", a.Value, name)
		default:
			if why := notOrdered(field.Type); why != "" {
				g.f.Errorf(a.Pos, "by=%s: the field %s %s: group by integers, strings, booleans or arrays of integers", a.Value, name, why)
			}
			g.by = append(g.by, field)
		}
	}
}

// notOrdered returns why rows cannot be grouped by a field of type t, "" if they can.
func notOrdered(t types.Type) string {
	if shape.IsTime(t) {
		return "is a time, and two equal times may differ in their location"
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		switch {
		case u.Info()&(types.IsInteger|types.IsString|types.IsBoolean) != 0:
			return ""
		case u.Info()&types.IsFloat != 0:
			return "is a floating-point number, and NaN does not equal itself"
		}
	case *types.Array:
		if e, ok := u.Elem().Underlying().(*types.Basic); ok && e.Info()&types.IsInteger != 0 {
			return ""
		}
	}
	return "has no order"
}

func (g *grouped) isBy(field *model.Field) bool {
	return slices.Contains(g.by, field)
}

// columnMethods are the methods of the columns type.
var columnMethods = []string{"check", "clone", "copy", "scatter", "slice"}

// chooseColumns takes all other fields for columns.
func (g *grouped) chooseColumns(d *model.Directive) {
	before := g.f.Len()
	foreign := g.row.Named.Obj().Pkg().Path() != g.f.Out.Path
	for _, field := range g.row.Fields {
		if field.Name == "_" {
			continue
		}
		if foreign && !field.Exported {
			g.f.Errorf(field.Pos, "field %s of %s is not exported, so code in package %s cannot use it: export it, or generate into its own package", field.Name, g.row.Name, g.f.Out.Name)
			continue
		}
		if why := shape.Value(field.Type, g.f.Out.Path); why != "" {
			g.f.Errorf(field.Pos, "field %s of %s: %s", field.Name, g.row.Name, why)
			continue
		}
		if field.Has("whole") && !shape.IsTime(field.Type) {
			g.f.Errorf(field.Pos, "field %s of %s: the tag word whole is for fields of type time.Time: remove it", field.Name, g.row.Name)
		}
		if g.isBy(field) {
			continue
		}
		if slices.Contains(columnMethods, field.Name) {
			g.f.Errorf(field.Pos, "field %s of %s: the columns of rows have a method of that name: rename the field", field.Name, g.row.Name)
			continue
		}
		g.columns = append(g.columns, &column{
			Field: field,
			unix:  shape.IsTime(field.Type) && !field.Has("whole"),
			plain: shape.Plain(field.Type),
		})
	}
	if len(g.columns) == 0 && g.f.Len() == before {
		g.f.Errorf(d.Pos, "%s has no fields beside those that it is grouped by", g.row.Name)
	}
}

// declare announces the names at package level.
func (g *grouped) declare(d *model.Directive) {
	at := d.Pos
	for _, key := range []string{"cache", "name"} {
		if a, ok := d.Arg(key); ok {
			at = a.Pos
		}
	}
	names := []string{
		g.name, g.columnsName, g.groupName, g.build(), g.buildColumns(), g.buildSeq(), g.adopt(),
		g.local("copySorted", g.name), g.local("move", g.name), g.local("make", g.columnsName), g.local("copy", g.row.Name, "Runs"),
	}
	if g.several() {
		names = append(names, g.keyName)
	}
	if !g.library() {
		names = append(names, g.compareName())
	}
	if g.refuses() {
		names = append(names, g.refusedName())
	}
	for _, name := range names {
		g.f.Declare(name, at)
	}
}

// several reports whether rows are grouped by more than one field.
func (g *grouped) several() bool { return len(g.by) > 1 }

// refuses reports whether a row may be refused, for its times.
func (g *grouped) refuses() bool { return g.unix() != nil }

// unix returns the first column of times that are kept as numbers, nil if there is none.
func (g *grouped) unix() *column {
	for _, c := range g.columns {
		if c.unix {
			return c
		}
	}
	return nil
}

// visible returns a name that is exported if the container is.
func (g *grouped) visible(words ...string) string {
	name := words[0]
	for _, w := range words[1:] {
		name += upper(w)
	}
	if token.IsExported(g.name) {
		return upper(name)
	}
	return name
}

// local returns a name that is not exported.
func (g *grouped) local(words ...string) string {
	name := words[0]
	for _, w := range words[1:] {
		name += upper(w)
	}
	return name
}

func (g *grouped) build() string        { return g.visible("group", g.name) }
func (g *grouped) buildColumns() string { return g.visible("group", g.row.Name, "Columns") }
func (g *grouped) buildSeq() string     { return g.visible("group", g.row.Name, "Seq") }
func (g *grouped) adopt() string        { return g.visible("new", g.name) }
func (g *grouped) refusedName() string  { return g.local("refused", g.row.Name) }
func (g *grouped) compareName() string  { return g.local("compare", g.row.Name, "Keys") }

func upper(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

// lower returns a field's name as that of a parameter.
func lower(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if strings.ToUpper(s) == s {
		s, n = strings.ToLower(s), 0
	} else {
		s = string(unicode.ToLower(r)) + s[n:]
	}
	if token.IsKeyword(s) {
		s += "_"
	}
	return s
}

// byText returns the fields' names as in "Symbol and Venue".
func (g *grouped) byText() string {
	var names []string
	for _, b := range g.by {
		names = append(names, b.Name)
	}
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
	return names[0]
}

// Shorthands for code.

func id(name string) *jen.Statement { return jen.Id(name) }

func rt(name string) *jen.Statement { return jen.Qual(model.RT, name) }

func (g *grouped) rowType() *jen.Statement { return g.f.Type(g.row.Named) }

func (g *grouped) keyType() *jen.Statement {
	if g.several() {
		return id(g.keyName)
	}
	return g.f.Type(g.by[0].Type)
}

// keyOf returns the key of the row that an expression stands for.
func (g *grouped) keyOf(row string) *jen.Statement {
	if !g.several() {
		return id(row).Dot(g.by[0].Name)
	}
	return id(g.keyName).ValuesFunc(func(v *jen.Group) {
		for _, b := range g.by {
			v.Add(id(b.Name).Op(":").Add(id(row).Dot(b.Name)))
		}
	})
}

// elem returns the type of the elements of a column.
func (g *grouped) elem(c *column) *jen.Statement {
	if c.unix {
		return jen.Int64()
	}
	return g.f.Type(c.Type)
}

// each returns a multi-line literal of the columns type with a value for each column.
func (g *grouped) each(value func(c *column) jen.Code) *jen.Statement {
	var list []jen.Code
	for _, c := range g.columns {
		list = append(list, id(c.Name).Op(":").Add(value(c)))
	}
	return id(g.columnsName).Custom(jen.Options{Open: "{", Close: "}", Separator: ",", Multi: true}, list...)
}

// commentf writes a comment, broken into lines.
func (g *grouped) comment(text string) {
	for _, line := range wrap(text) {
		g.f.Comment(line)
	}
}

// wrap breaks text into lines of a comment. A line break in text is kept.
func wrap(text string) []string {
	const width = 84
	var lines []string
	for paragraph := range strings.SplitSeq(text, "\n") {
		line := ""
		for word := range strings.FieldsSeq(paragraph) {
			if line != "" && len(line)+1+len(word) > width {
				lines, line = append(lines, line), ""
			}
			if line != "" {
				line += " "
			}
			line += word
		}
		lines = append(lines, line)
	}
	return lines
}
