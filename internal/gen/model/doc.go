// Package model is what the generator knows of the user's code, and the file that
// it writes: the common ground of the front end, which reads, and of the emitters
// for lists, grouped rows, caches and parameters, which write.
//
// # For who writes an emitter
//
// An emitter is a function of a [File], a [Type] and the [Directive] that asks
// for it:
//
//	func Emit(f *model.File, t *model.Type, d *model.Directive) *model.Container
//	func EmitTest(f *model.File, t *model.Type, d *model.Directive)
//
// It adds declarations to f, which is a jen.File, and tells f.Errorf what is wrong,
// with the position of the directive, argument or field; it goes on after an error
// if it can, so that the user sees all of them at once. It may be called
// twice: the first time to learn which names the code uses, the second time with
// names that do not clash, so it keeps nothing between calls.
//
// Names:
//   - types of the user are written with [File.Type], names of packages with
//     jen.Qual; the file finds names for the imports that no local name hides;
//   - local variables and parameters are asked for with [File.Local], which gives
//     back the same name unless a type of that name would be hidden;
//   - each name at package level is announced with [File.Declare], which refuses
//     names that the package has already.
//
// Emitted code does not use the predeclared min, max and clear, which older
// packages declare for themselves.
package model
