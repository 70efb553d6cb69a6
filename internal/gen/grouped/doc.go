// Package grouped emits a container of rows that are grouped by some of their
// fields: a structure of arrays, one contiguous slice a field.
package grouped
