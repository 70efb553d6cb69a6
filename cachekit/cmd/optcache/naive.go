package main

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/market"
)

// A naive is the third opinion on a sweep: it reads the Parquet files of the
// version as any other program would, keeps the rows as they come, and filters
// them anew for each asset. It shares no reading and no grouping code with the
// two sides, and caches nothing.
type naive struct {
	rows    []naiveRow
	symbols []string // ascending
	periods float64  // a year
}

type naiveRow struct {
	symbol      string
	time        int64 // Unix nanoseconds
	open, close float64
}

// dailyRow and minuteRow are the columns that the strategy needs, by name.
type dailyRow struct {
	Symbol string  `parquet:"symbol"`
	Date   int32   `parquet:"date,date"`
	Open   float64 `parquet:"open"`
	Close  float64 `parquet:"close"`
}

type minuteRow struct {
	Symbol    string  `parquet:"symbol"`
	Timestamp int64   `parquet:"timestamp,timestamp(nanosecond)"`
	Open      float64 `parquet:"open"`
	Close     float64 `parquet:"close"`
}

func (s *sweep) openNaive() (*naive, error) {
	files, err := filepath.Glob(filepath.Join(escapeGlob(s.versionDir(s.bundle, s.version)), "*.parquet"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("read bundle %q naively: no Parquet files in its folder: %w", s.bundle, err)
	}
	b, err := s.store.Open(s.bundle, s.version)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	n := new(naive)
	for _, file := range files {
		if err := s.ctx.Err(); err != nil {
			return nil, err
		}
		if b.Frequency() == market.Minute {
			err = n.readMinutes(file)
		} else {
			err = n.readDaily(file)
		}
		if err != nil {
			return nil, fmt.Errorf("read %s naively: %w", file, err)
		}
	}
	n.count(b.Frequency())
	return n, nil
}

// escapeGlob makes a path match only itself.
func escapeGlob(path string) string {
	return strings.NewReplacer(`*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

func (n *naive) readDaily(file string) error {
	rows, err := parquet.ReadFile[dailyRow](file)
	for _, r := range rows {
		at := time.Unix(0, 0).UTC().AddDate(0, 0, int(r.Date))
		n.rows = append(n.rows, naiveRow{r.Symbol, at.UnixNano(), r.Open, r.Close})
	}
	return err
}

func (n *naive) readMinutes(file string) error {
	rows, err := parquet.ReadFile[minuteRow](file)
	for _, r := range rows {
		n.rows = append(n.rows, naiveRow{r.Symbol, r.Timestamp, r.Open, r.Close})
	}
	return err
}

// count lists the symbols and counts the points of a year.
func (n *naive) count(frequency market.Frequency) {
	symbols, times, dates := make(map[string]bool), make(map[int64]bool), make(map[string]bool)
	for _, r := range n.rows {
		symbols[r.symbol] = true
		times[r.time] = true
		dates[time.Unix(0, r.time).UTC().Format(time.DateOnly)] = true
	}
	for symbol := range symbols {
		n.symbols = append(n.symbols, symbol)
	}
	slices.Sort(n.symbols)
	n.periods = 252
	if frequency == market.Minute {
		n.periods = 252 * float64(len(times)) / float64(len(dates))
	}
}

// filter returns the bars of one asset, by time.
func (n *naive) filter(symbol string) bundle.Group {
	var mine []naiveRow
	for _, r := range n.rows {
		if r.symbol == symbol {
			mine = append(mine, r)
		}
	}
	slices.SortFunc(mine, func(a, b naiveRow) int { return cmp.Compare(a.time, b.time) })
	g := bundle.Group{Asset: market.Asset{Symbol: symbol}}
	for _, r := range mine {
		g.Times = append(g.Times, r.time)
		g.Open = append(g.Open, r.open)
		g.Close = append(g.Close, r.close)
	}
	return g
}

// run returns the details of every asset in every trial of a batch, trial by
// trial. Those of failed trials are zero.
func (n *naive) run(s *sweep, batch slice[params]) ([]detail, error) {
	var runner backtest.Runner
	all := make([]detail, batch.Len()*len(n.symbols))
	for a, symbol := range n.symbols {
		if err := s.ctx.Err(); err != nil {
			return nil, err
		}
		g := n.filter(symbol)
		for i := range batch.Len() {
			equity := make([]float64, len(g.Times))
			m, err := runner.RunAsset(s.ctx, s.crossover(batch.At(i)), g, n.periods, equity)
			if err == nil {
				all[i*len(n.symbols)+a] = detail{m, curveHash(equity)}
			}
		}
	}
	return all, nil
}
