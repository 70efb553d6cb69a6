package model

import (
	"fmt"
	"go/types"

	"github.com/dave/jennifer/jen"
)

// Type returns t as code.
func (f *File) Type(t types.Type) *jen.Statement {
	switch t := t.(type) {
	case *types.Basic:
		if t.Kind() == types.UnsafePointer {
			return jen.Qual("unsafe", "Pointer")
		}
		return jen.Id(t.Name())
	case *types.Named:
		return f.instance(t.Obj(), t.TypeArgs())
	case *types.Alias:
		return f.instance(t.Obj(), t.TypeArgs())
	case *types.TypeParam:
		return jen.Id(t.Obj().Name())
	case *types.Pointer:
		return jen.Op("*").Add(f.Type(t.Elem()))
	case *types.Slice:
		return jen.Index().Add(f.Type(t.Elem()))
	case *types.Array:
		return jen.Index(jen.Lit(int(t.Len()))).Add(f.Type(t.Elem()))
	case *types.Map:
		return jen.Map(f.Type(t.Key())).Add(f.Type(t.Elem()))
	case *types.Chan:
		return f.channel(t)
	case *types.Struct:
		return f.structType(t)
	case *types.Signature:
		return jen.Func().Add(f.signature(t))
	case *types.Interface:
		return f.interfaceType(t)
	}
	panic(fmt.Sprintf("model: no code for the type %v", t))
}

// Object returns the name of a type at package level as code.
func (f *File) Object(o *types.TypeName) *jen.Statement {
	if o.Pkg() == nil {
		return jen.Id(o.Name()) // error, any
	}
	if o.Pkg().Path() == f.Out.Path {
		f.used[o.Name()] = true
		return jen.Id(o.Name())
	}
	f.importName(o.Pkg().Path(), o.Pkg().Name())
	return jen.Qual(o.Pkg().Path(), o.Name())
}

func (f *File) instance(o *types.TypeName, args *types.TypeList) *jen.Statement {
	s := f.Object(o)
	if args.Len() == 0 {
		return s
	}
	var list []jen.Code
	for t := range args.Types() {
		list = append(list, f.Type(t))
	}
	return s.Types(list...)
}

func (f *File) channel(t *types.Chan) *jen.Statement {
	elem := f.Type(t.Elem())
	switch t.Dir() {
	case types.SendOnly:
		return jen.Chan().Op("<-").Add(elem)
	case types.RecvOnly:
		return jen.Op("<-").Chan().Add(elem)
	}
	if c, ok := t.Elem().(*types.Chan); ok && c.Dir() == types.RecvOnly {
		elem = jen.Parens(elem)
	}
	return jen.Chan().Add(elem)
}

func (f *File) structType(t *types.Struct) *jen.Statement {
	var fields []jen.Code
	for i := range t.NumFields() {
		v := t.Field(i)
		s := jen.Add(f.Type(v.Type()))
		if !v.Embedded() {
			s = jen.Id(v.Name()).Add(f.Type(v.Type()))
		}
		if tag := t.Tag(i); tag != "" {
			s.Lit(tag)
		}
		fields = append(fields, s)
	}
	return jen.Struct(fields...)
}

func (f *File) signature(t *types.Signature) *jen.Statement {
	tuple := func(vars *types.Tuple, variadic bool) []jen.Code {
		var list []jen.Code
		for i := range vars.Len() {
			v := vars.At(i).Type()
			if variadic && i == vars.Len()-1 {
				list = append(list, jen.Op("...").Add(f.Type(v.(*types.Slice).Elem())))
				continue
			}
			list = append(list, f.Type(v))
		}
		return list
	}
	s := jen.Params(tuple(t.Params(), t.Variadic())...)
	switch results := tuple(t.Results(), false); len(results) {
	case 0:
		return s
	case 1:
		return s.Add(results[0])
	default:
		return s.Params(results...)
	}
}

func (f *File) interfaceType(t *types.Interface) *jen.Statement {
	var list []jen.Code
	for m := range t.ExplicitMethods() {
		list = append(list, jen.Id(m.Name()).Add(f.signature(m.Signature())))
	}
	for e := range t.EmbeddedTypes() {
		if u, ok := e.(*types.Union); ok {
			list = append(list, f.union(u))
			continue
		}
		list = append(list, f.Type(e))
	}
	return jen.Interface(list...)
}

func (f *File) union(u *types.Union) *jen.Statement {
	s := jen.Empty()
	for i := range u.Len() {
		if i > 0 {
			s.Op("|")
		}
		if u.Term(i).Tilde() {
			s.Op("~")
		}
		s.Add(f.Type(u.Term(i).Type()))
	}
	return s
}
