package main

import (
	"context"
	"fmt"
	"time"

	"github.com/bmadventure/optcache/cachekit"
)

// A Bar is one row.
//
//optcache:grouped by=Symbol cache=BarsCache
type Bar struct {
	Symbol      string
	Time        time.Time
	Open, Close float64
}

// An Asset is traded.
type Asset struct {
	ID     uint64
	Symbol string
}

// A ListKey names an asset list.
//
//optcache:list of=Asset cache=AssetListCache
type ListKey struct {
	Bundle  string
	Version [32]byte `optcache:"digest,version"`
}

// Params of a crossover.
//
//optcache:params
type Params struct {
	Fast int     `optcache:"5:15:5"`
	Slow int     `optcache:"10:30:10"`
	Stop float64 `optcache:"log 1e-3:1e-1"`
	Kind string  `optcache:"sma|ema"`
}

// Valid says which parameters are tried.
func (p Params) Valid() bool { return p.Fast < p.Slow }

func main() {
	loads := 0
	lists, err := NewAssetListCache(cachekit.Options[ListKey, *AssetList]{}, func(_ context.Context, key ListKey) (*AssetList, error) {
		loads++
		return NewAssetList([]Asset{{1, "AAPL"}, {2, "KO"}, {3, key.Bundle}}), nil
	})
	if err != nil {
		panic(err)
	}
	for range 3 {
		l, err := lists.Get(context.Background(), ListKey{Bundle: "daily", Version: [32]byte{1}})
		if err != nil {
			panic(err)
		}
		fmt.Println(l.Len(), l.Contains("KO"), l.Contains("IBM"), l.Index("daily"), l.At(0).ID)
	}
	lists.Retire([32]byte{1})
	_, held := lists.Lookup(ListKey{Bundle: "daily", Version: [32]byte{1}})
	stats := lists.Stats()
	fmt.Println(loads, "loads,", stats.Hits, "hits, held after its version was retired:", held)

	var space ParamsSpace
	p, valid := space.At(3)
	cell, ok := space.Index(Params{Fast: 15, Slow: 30, Stop: .1, Kind: "ema"})
	fmt.Println(space.Cells(), p, valid, cell, ok)
	fmt.Printf("%q\n", space.AppendKey(nil, p))
	s, err := space.Space()
	fmt.Println(s, err)
}
