// Package unpack opens a file as what it is, by its first bytes rather than by its name: plain, compressed with gzip,
// bzip2, xz or zstd, or a zip of such files. It knows nothing of bars.
//
// [Members] (unpack.go) lists what is in a file, and [Member.Open] reads it; zip.go has the archives, xz.go the bound
// on what an xz file may allocate, bound.go the bound on what any file may become. [Sniff] and [Kind.Advice] (kind.go)
// name the formats that are not read, and how to convert them.
//
// A file costs what it is worth: windows and dictionaries are at most 64 MiB and are refused before they are
// allocated, an archive has at most 100,000 members, and data that grows beyond its limit ends in an error.
package unpack
