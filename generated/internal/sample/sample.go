// Package sample has types that this repository itself has no use for, and the
// code that is generated for them: a cache by an integer, elements with slices in
// slices. Benchmarks and tests of generated code stand on them.
package sample

//go:generate go run ../../../gen

// An ID is a key that is nothing but an integer.
//
//optcache:list of=Order cache=OrdersCache clone
type ID struct{ N uint64 }

// An Order has memory of its own in several places.
type Order struct {
	ID     uint64
	Symbol string
	Venue  Venue
	Fills  []Fill
	Tags   []string
}

// A Venue is where an order goes.
type Venue string

// A Fill is a part of an order that was done.
type Fill struct {
	Price, Volume float64
}

// A Window is a key with a digest under which there are many windows.
//
//optcache:list of=Order cache=WindowsCache name=Windows
type Window struct {
	Digest      [32]byte `optcache:"digest"`
	First, Last int64
}
