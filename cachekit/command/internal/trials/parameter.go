package trials

import (
	"fmt"
	"reflect"
	"strings"
	"unicode"
	"unsafe"

	"github.com/bmadventure/optcache/cachekit/command/internal/output"
	"github.com/bmadventure/optcache/cachekit/search"
	"github.com/bmadventure/optcache/internal/gen/directive"
)

// A parameter is a field of S that has values to choose from.
type parameter[S any] struct {
	Name  string
	usual string // the values that are tried if nobody says otherwise: the field's tag
	Kind  output.Kind
	axis  func(spec string) (search.Axis[S], error)
	set   func(s *S, text string) error
	Value func(S) any // int64, float64 or string
}

// parametersOf returns the parameters of a struct: its fields with a tag, and those of structs in it.
func parametersOf[S any]() ([]parameter[S], error) {
	t := reflect.TypeFor[S]()
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("%s is no struct: parameters are fields with a tag such as `optcache:\"5:50:5\"`", t)
	}
	params, err := parametersAt[S](t, 0)
	if err != nil {
		return nil, err
	}
	if len(params) == 0 {
		return nil, fmt.Errorf("%s has no parameter: tag a field, such as `optcache:\"5:50:5\"`", t)
	}
	seen := make(map[string]bool)
	for _, p := range params {
		if seen[p.Name] {
			return nil, fmt.Errorf("%s has two parameters %q: rename a field", t, p.Name)
		}
		seen[p.Name] = true
	}
	return params, nil
}

func parametersAt[S any](t reflect.Type, offset uintptr) (params []parameter[S], err error) {
	for i := range t.NumField() {
		field := t.Field(i)
		tag, tagged := field.Tag.Lookup("optcache")
		if !tagged && field.Type.Kind() == reflect.Struct {
			inner, err := parametersAt[S](field.Type, offset+field.Offset)
			if err != nil {
				return nil, err
			}
			params = append(params, inner...)
		}
		if !tagged {
			continue
		}
		axis, fault := directive.ParseAxis(tag)
		if fault != nil {
			return nil, fmt.Errorf("field %s: the tag %q: %s", field.Name, tag, fault.Text)
		}
		if axis.Excluded {
			continue
		}
		p, err := newParameter[S](field, offset+field.Offset)
		if err != nil {
			return nil, err
		}
		p.Name, p.usual = plainField(field.Name), tag
		params = append(params, p)
	}
	return params, nil
}

// newParameter returns the parameter of a field, its name and usual values excepted.
func newParameter[S any](field reflect.StructField, offset uintptr) (p parameter[S], err error) {
	name := plainField(field.Name)
	switch field.Type.Kind() {
	case reflect.Int:
		at := fieldAt[S, int](offset)
		return parameter[S]{
			Kind:  output.Whole,
			axis:  func(spec string) (search.Axis[S], error) { return wholeAxis(name, spec, at) },
			set:   func(s *S, text string) (err error) { *at(s), err = wholeNumber(text); return err },
			Value: func(s S) any { return int64(*at(&s)) },
		}, nil
	case reflect.Float64:
		at := fieldAt[S, float64](offset)
		return parameter[S]{
			Kind:  output.Real,
			axis:  func(spec string) (search.Axis[S], error) { return realAxis(name, spec, at) },
			set:   func(s *S, text string) (err error) { *at(s), err = realNumber(text); return err },
			Value: func(s S) any { return *at(&s) },
		}, nil
	case reflect.String:
		at := fieldAt[S, string](offset)
		return parameter[S]{
			Kind: output.Text,
			axis: func(spec string) (search.Axis[S], error) {
				return choiceAxis(name, spec, at, func(v string) (string, error) { return v, nil })
			},
			set:   func(s *S, text string) error { *at(s) = text; return nil },
			Value: func(s S) any { return *at(&s) },
		}, nil
	case reflect.Bool:
		at := fieldAt[S, bool](offset)
		return parameter[S]{
			Kind:  output.Text,
			axis:  func(spec string) (search.Axis[S], error) { return choiceAxis(name, spec, at, truth) },
			set:   func(s *S, text string) (err error) { *at(s), err = truth(text); return err },
			Value: func(s S) any { return fmt.Sprint(*at(&s)) },
		}, nil
	}
	return p, fmt.Errorf("field %s: a parameter is an int, a float64, a string or a bool, and not %s", field.Name, field.Type)
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
