// Package bar says what a bar may be, for whoever takes bars in: a file's rows or a program's, they keep the same
// rules and are refused in the same words. field.go has the fields and their order, time.go the times that a bar
// may have, values.go what its values must be to each other, and name.go the names of assets and bundles.
// A check returns a message that says what is wrong and what to do, or "".
package bar
