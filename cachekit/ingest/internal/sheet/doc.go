// Package sheet reads tables of text as providers, libraries and office programs write them. It finds out from the
// beginning of a file what wrote it: the encoding, the ends of lines, the delimiter, what stands above the header, the
// header itself, and then gives the rows one by one. What a column means is the caller's.
//
// Records are split here and not by encoding/csv because that makes a string of every row; here a string holds some
// thousand rows. Whatever encoding/csv reads is read the same: a fuzz target compares them.
package sheet
