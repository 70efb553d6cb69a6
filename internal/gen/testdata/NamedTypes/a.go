package namedtypes

import "time"

type (
	Symbol   string
	Price    float64
	Count    uint32
	Flag     bool
	Alias    = Symbol
	Stamp    time.Duration
	Digest   [32]byte
	Uncommon uintptr
)

type Asset struct {
	Symbol Alias
	Price  Price
	Flag   Flag
	Opened time.Time
	Took   Stamp
	Odd    Uncommon
}

//optcache:list of=Asset cache=AssetsCache
type Key struct {
	Name    Alias
	Version Digest `optcache:"digest"`
	Count   Count
	Flag    Flag
	Price   Price
	Odd     Uncommon
}

//optcache:grouped by=Symbol,Flag cache=RowsCache
type Row struct {
	Symbol Symbol
	Flag   Flag
	Price  Price
	Time   time.Time `optcache:"whole"`
	Took   Stamp
}
