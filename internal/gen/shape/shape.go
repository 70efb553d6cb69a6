// Package shape says what the generator can do with a Go type: keep it, copy it,
// size it, hash it; and why not, in words for the user.
package shape

import (
	"fmt"
	"go/types"
)

// Kind is what a type is to the generator.
type Kind int

const (
	Unsupported Kind = iota
	Integer          // of any size and sign
	Float
	Complex
	Bool
	String
	Time   // time.Time
	Array  // of anything supported
	Struct // with fields that can be reached
	Opaque // a struct whose fields cannot be reached and that has no pointers
	Slice
)

// Of returns the kind of t. from is the path of the package whose code
// will use t.
func Of(t types.Type, from string) Kind {
	if IsTime(t) {
		return Time
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return basic(u)
	case *types.Array:
		return Array
	case *types.Slice:
		return Slice
	case *types.Struct:
		if reachable(u, from) {
			return Struct
		}
		if Plain(t) {
			return Opaque
		}
	}
	return Unsupported
}

func basic(b *types.Basic) Kind {
	switch info := b.Info(); {
	case b.Kind() == types.Invalid || b.Kind() == types.UnsafePointer || info&types.IsUntyped != 0:
		return Unsupported
	case info&types.IsInteger != 0:
		return Integer
	case info&types.IsFloat != 0:
		return Float
	case info&types.IsComplex != 0:
		return Complex
	case info&types.IsBoolean != 0:
		return Bool
	case info&types.IsString != 0:
		return String
	}
	return Unsupported
}

// IsTime reports whether t is time.Time.
func IsTime(t types.Type) bool {
	n, ok := types.Unalias(t).(*types.Named)
	return ok && n.Obj().Name() == "Time" && n.Obj().Pkg() != nil && n.Obj().Pkg().Path() == "time"
}

// reachable reports whether all fields of s can be named in the package at from.
func reachable(s *types.Struct, from string) bool {
	for f := range s.Fields() {
		if !f.Exported() && f.Pkg().Path() != from {
			return false
		}
	}
	return true
}

// Plain reports whether a value of t refers to nothing outside itself.
func Plain(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return u.Kind() != types.UnsafePointer && u.Info()&types.IsString == 0
	case *types.Array:
		return Plain(u.Elem())
	case *types.Struct:
		for f := range u.Fields() {
			if !Plain(f.Type()) {
				return false
			}
		}
		return true
	}
	return false
}

// Owned reports whether a copy of a value of t shares nothing with it that
// anybody could change or that takes heap of its own: t is plain or a time.
func Owned(t types.Type) bool {
	if IsTime(t) {
		return true // its location is shared by all times of the process
	}
	switch u := t.Underlying().(type) {
	case *types.Array:
		return Owned(u.Elem())
	case *types.Struct:
		for f := range u.Fields() {
			if !Owned(f.Type()) {
				return false
			}
		}
		return true
	}
	return Plain(t)
}

// Value returns why a value of t cannot be kept in a list, "" if it can.
func Value(t types.Type, from string) string { return value(t, from, nil) }

func value(t types.Type, from string, above []types.Type) string {
	for _, a := range above {
		if types.Identical(a, t) {
			return fmt.Sprintf("%s contains itself: keep a flat row instead", name(t))
		}
	}
	above = append(above, t)
	switch Of(t, from) {
	case Slice:
		return value(t.Underlying().(*types.Slice).Elem(), from, above)
	case Array:
		return value(t.Underlying().(*types.Array).Elem(), from, above)
	case Struct:
		for f := range t.Underlying().(*types.Struct).Fields() {
			if why := value(f.Type(), from, above); why != "" {
				return why
			}
		}
		return ""
	case Unsupported:
		return unsupported(t)
	}
	return ""
}

// unsupported says what to do about a type that cannot be kept.
func unsupported(t types.Type) string {
	switch t.Underlying().(type) {
	case *types.Pointer:
		return fmt.Sprintf("a pointer (%s) lets others change what is cached: keep the value itself", name(t))
	case *types.Map:
		return fmt.Sprintf("the bytes of a map (%s) cannot be counted: keep a slice", name(t))
	case *types.Chan, *types.Signature:
		return fmt.Sprintf("a %s is no data and cannot be cached", name(t))
	case *types.Interface:
		return fmt.Sprintf("an interface (%s) may hold anything: keep a concrete type", name(t))
	case *types.Struct:
		return fmt.Sprintf("%s has unexported fields that refer to memory, which generated code cannot copy or count: keep its text or its numbers", name(t))
	}
	return fmt.Sprintf("type %s is not supported", name(t))
}

// Key returns why t cannot be part of a key, "" if it can.
func Key(t types.Type, from string) string {
	switch Of(t, from) {
	case Integer, Float, Complex, Bool, String:
		return ""
	case Time:
		return "== of time.Time depends on location and clock reading, so equal times may be different keys: use its UnixNano"
	case Array:
		return Key(t.Underlying().(*types.Array).Elem(), from)
	case Slice:
		return fmt.Sprintf("%s cannot be compared: use a string, an array or a digest of it", name(t))
	case Struct:
		for f := range t.Underlying().(*types.Struct).Fields() {
			if why := Key(f.Type(), from); why != "" {
				return why
			}
		}
		return ""
	}
	switch t.Underlying().(type) {
	case *types.Pointer:
		return fmt.Sprintf("a pointer (%s) is compared by its address: use what it points to", name(t))
	case *types.Struct:
		return fmt.Sprintf("%s has unexported fields, which generated code cannot hash: use its text or its numbers", name(t))
	case *types.Interface:
		return fmt.Sprintf("an interface (%s) may hold what cannot be compared: use a concrete type", name(t))
	}
	return fmt.Sprintf("%s cannot be part of a key", name(t))
}

// name returns t without the paths of packages.
func name(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string { return p.Name() })
}
