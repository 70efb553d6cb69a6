package optimize_test

import (
	"compress/gzip"
	"encoding/csv"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/market"
)

func unix(ns int64) time.Time { return time.Unix(0, ns).UTC() }

func group(t testing.TB, rows []market.Bar) *bundle.Bars {
	t.Helper()
	bars, err := bundle.GroupRows(market.Daily, rows)
	if err != nil {
		t.Fatal(err)
	}
	return bars
}

// readRows reads a file of date,open,high,low,close,volume,...
func readRows(t testing.TB, path, symbol string) []market.Bar {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(z).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []market.Bar
	for _, r := range records[1:] {
		at, err := time.Parse(time.DateOnly, r[0])
		if err != nil {
			t.Fatal(err)
		}
		var v [5]float64
		for i := range v {
			if v[i], err = strconv.ParseFloat(r[i+1], 64); err != nil {
				t.Fatal(err)
			}
		}
		rows = append(rows, market.Bar{Symbol: symbol, Time: at, Open: v[0], High: v[1], Low: v[2], Close: v[3], Volume: v[4]})
	}
	return rows
}
