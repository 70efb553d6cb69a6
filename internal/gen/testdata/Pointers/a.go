package pointers

import (
	"math/big"
	"net/netip"
	"time"
)

type Node struct {
	Name     string
	Children []Node
}

type Asset struct {
	Symbol string
	Next   *Asset
	Map    map[string]int
	Any    any
	Func   func()
	Chan   chan int
	Big    big.Int
	Tree   []Node
}

//optcache:list of=Asset cache=AssetsCache
type Key struct {
	Name  *string
	Time  time.Time
	Slice []byte
	Addr  netip.Addr
	Err   error
	C     chan int
}

//optcache:params
type Params struct {
	N    int `optcache:"1:2"`
	Rule *Asset
	Log  func(string) `optcache:"-"`
}

//optcache:grouped by=Symbol
type Row struct {
	Symbol string
	Price  *float64
}
