package trials

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode"
	"unsafe"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/command/internal/output"
	"github.com/bmadventure/optcache/cachekit/search"
	"github.com/bmadventure/optcache/internal/gen/directive"
)

// A parameter is a field of S that has values to choose from.
type parameter[S any] struct {
	Name    string
	field   string // with those of the structs that it is in: Exit.Window
	usual   string // the values that are tried if nobody says otherwise: the field's tag
	example string // of a tag
	Kind    output.Kind
	axis    func(spec string) (search.Axis[S], error)
	set     func(s *S, text string) error
	Value   func(S) any // int64, float64 or string
}

// parametersOf returns the parameters of a struct: its fields with a tag, and those of structs in it.
func parametersOf[S any]() ([]parameter[S], error) {
	t := reflect.TypeFor[S]()
	switch t.Kind() {
	case reflect.Struct:
	case reflect.Pointer:
		return nil, fmt.Errorf("%s is a pointer: give the struct itself, whose methods have no pointer receivers", t)
	default:
		return nil, fmt.Errorf("%s is no struct: make it one whose fields have tags such as `optcache:\"5:50:5\"`", t)
	}
	params, err := parametersAt[S](t, 0, "")
	if err != nil {
		return nil, err
	}
	if len(params) == 0 {
		return nil, fmt.Errorf("%s has no parameter: tag a field, such as `optcache:\"5:50:5\"`", t)
	}
	fields := make(map[string]string)
	for _, p := range params {
		if other, ok := fields[p.Name]; ok {
			return nil, fmt.Errorf("fields %s and %s are both the parameter %q: rename one", other, p.field, p.Name)
		}
		fields[p.Name] = p.field
	}
	return params, nil
}

// parametersAt returns those of the fields of a struct at an offset in S, whose own names begin with within.
func parametersAt[S any](t reflect.Type, offset uintptr, within string) (params []parameter[S], err error) {
	for i := range t.NumField() {
		field := t.Field(i)
		path := within + field.Name
		tag, tagged := field.Tag.Lookup("optcache")
		if !tagged {
			if err := checkUntagged(field, path); err != nil {
				return nil, err
			}
			if field.Type.Kind() == reflect.Struct {
				inner, err := parametersAt[S](field.Type, offset+field.Offset, path+".")
				if err != nil {
					return nil, err
				}
				params = append(params, inner...)
			}
			continue
		}
		axis, fault := directive.ParseAxis(tag)
		if fault != nil {
			return nil, fmt.Errorf("field %s: the tag %q: %s", path, tag, fault.Text)
		}
		if axis.Excluded {
			continue
		}
		p, err := newParameter[S](field, path, offset+field.Offset)
		if err != nil {
			return nil, err
		}
		if err := p.tag(tag, axis); err != nil {
			return nil, fmt.Errorf("field %s: the tag %q: %w", path, tag, err)
		}
		params = append(params, p)
	}
	return params, nil
}

// checkUntagged refuses a field that has no tag where parameters would be lost, or methods called on nothing.
func checkUntagged(field reflect.StructField, path string) error {
	switch kind := field.Type.Kind(); {
	case field.Anonymous && kind == reflect.Pointer:
		return fmt.Errorf("field %s is an embedded pointer, and there is nothing behind it: embed the struct itself", path)
	case field.Anonymous && kind == reflect.Interface:
		return fmt.Errorf("field %s is an embedded interface, and there is nothing in it: embed a struct", path)
	case kind != reflect.Struct && hasTags(field.Type, make(map[reflect.Type]bool)):
		return fmt.Errorf("field %s: tags behind %s are not read: give each struct with tags a field of its own",
			path, field.Type)
	}
	return nil
}

// hasTags reports whether a field of a struct has a tag, or of one in it, behind it or of which it is an array.
func hasTags(t reflect.Type, seen map[reflect.Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Array, reflect.Pointer:
		return hasTags(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			tag, tagged := t.Field(i).Tag.Lookup("optcache")
			if tagged && tag != "-" || hasTags(t.Field(i).Type, seen) {
				return true
			}
		}
	}
	return false
}

// tag makes the values of a tag those that are tried if nobody says otherwise.
func (p *parameter[S]) tag(tag string, parsed *directive.Axis) error {
	switch {
	case parsed.Range && p.Kind == output.Text:
		return errors.New("a range needs an int or a float64: list the values parted by |")
	case parsed.Log && p.Kind == output.Whole:
		return errors.New("a log axis has fractions: make the field a float64, or list the values parted by |")
	}
	p.usual = tag
	axis, err := p.axis(tag)
	if err == nil {
		_, err = search.NewSpace(axis)
	}
	if err != nil {
		return fmt.Errorf("%w: write values of the field's type, such as %s", err, p.example)
	}
	return nil
}

// newParameter returns the parameter of a field, without values.
func newParameter[S any](field reflect.StructField, path string, offset uintptr) (p parameter[S], err error) {
	name := plainField(field.Name)
	switch {
	case name == "_":
		return p, fmt.Errorf("field %s: no flag can say its name: name the field", path)
	case slices.Contains(columns(), name):
		return p, fmt.Errorf("field %s: results have a column %q of their own: rename the field", path, name)
	}
	p.Name, p.field = name, path
	switch field.Type.Kind() {
	case reflect.Int:
		at := fieldAt[S, int](offset)
		p.Kind, p.example = output.Whole, "5:50:5 or 5|8|13"
		p.axis = func(spec string) (search.Axis[S], error) { return wholeAxis(name, spec, at) }
		p.set = func(s *S, text string) (err error) { *at(s), err = wholeNumber(text); return err }
		p.Value = func(s S) any { return int64(*at(&s)) }
	case reflect.Float64:
		at := fieldAt[S, float64](offset)
		p.Kind, p.example = output.Real, "0:0.3:0.1, log 1e-4:1e-1 or 0.5|2"
		p.axis = func(spec string) (search.Axis[S], error) { return realAxis(name, spec, at) }
		p.set = func(s *S, text string) (err error) { *at(s), err = realNumber(text); return err }
		p.Value = func(s S) any { return *at(&s) }
	case reflect.String:
		at := fieldAt[S, string](offset)
		p.Kind, p.example = output.Text, "sma|ema"
		p.axis = func(spec string) (search.Axis[S], error) {
			return choiceAxis(name, spec, at, func(v string) (string, error) { return v, nil })
		}
		p.set = func(s *S, text string) error { *at(s) = text; return nil }
		p.Value = func(s S) any { return *at(&s) }
	case reflect.Bool:
		at := fieldAt[S, bool](offset)
		p.Kind, p.example = output.Text, "false|true"
		p.axis = func(spec string) (search.Axis[S], error) { return choiceAxis(name, spec, at, truth) }
		p.set = func(s *S, text string) (err error) { *at(s), err = truth(text); return err }
		p.Value = func(s S) any { return fmt.Sprint(*at(&s)) }
	default:
		return p, fmt.Errorf("field %s: a parameter is an int, a float64, a string or a bool, and not %s: give it one of these types",
			path, field.Type)
	}
	return p, nil
}

// columns are those that the tables of results have beside parameters.
func columns() []string {
	names := []string{
		"trial", "error", "fold", "trials", "failed", "train_from", "train_to", "validation_from", "validation_to",
		"test_from", "test_to", "train_objective", "validation_objective",
	}
	for m := range (backtest.Metrics{}).All() {
		names = append(names, m.String(), "test_"+m.String())
	}
	return names
}

// fieldAt returns what finds a field of S at an offset, whose type is T or one that is made of T.
func fieldAt[S, T any](offset uintptr) func(*S) *T {
	return func(s *S) *T { return (*T)(unsafe.Add(unsafe.Pointer(s), offset)) }
}

// truth reads a truth value.
func truth(text string) (bool, error) {
	switch text {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, fmt.Errorf("%q must be true or false", text)
}

// plainField returns the name of the parameter of a field: stop_loss of StopLoss.
func plainField(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		begins := unicode.IsUpper(r) && i > 0 && (!unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1]))
		if begins && runes[i-1] != '_' {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
