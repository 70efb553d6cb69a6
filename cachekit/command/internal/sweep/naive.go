package sweep

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/command/internal/console"
	"github.com/bmadventure/optcache/cachekit/command/internal/source"
	"github.com/bmadventure/optcache/cachekit/market"
)

// A naive is the third opinion on a sweep: it reads the Parquet files of the
// version as any other program would, keeps the rows as they come, and filters
// them anew for each asset. It shares no reading and no grouping code with the
// two sides, and caches nothing.
type naive struct {
	query   bundle.Query // what it decides beside which bars are read
	rows    []naiveRow
	symbols []string // ascending
	periods float64  // a year
}

type naiveRow struct {
	symbol string
	time   int64 // Unix nanoseconds
	bar
}

// dailyRow and minuteRow are the columns that strategies may need, by name.
type dailyRow struct {
	Symbol string  `parquet:"symbol"`
	Date   int32   `parquet:"date,date"`
	Open   float64 `parquet:"open"`
	High   float64 `parquet:"high"`
	Low    float64 `parquet:"low"`
	Close  float64 `parquet:"close"`
	Volume float64 `parquet:"volume"`

	Dividend float64 `parquet:"dividend"` // 0 where the file has none
	Split    float64 `parquet:"split"`
}

type minuteRow struct {
	Symbol    string  `parquet:"symbol"`
	Timestamp int64   `parquet:"timestamp,timestamp(nanosecond)"`
	Open      float64 `parquet:"open"`
	High      float64 `parquet:"high"`
	Low       float64 `parquet:"low"`
	Close     float64 `parquet:"close"`
	Volume    float64 `parquet:"volume"`
	Dividend  float64 `parquet:"dividend"`
	Split     float64 `parquet:"split"`
}

type bar struct{ open, high, low, close, volume, dividend, split float64 }

func openNaive(s *console.Env, from source.Source, q bundle.Query) (*naive, error) {
	files, err := filepath.Glob(filepath.Join(escapeGlob(source.VersionDir(s, from.Bundle, from.Version)), "*.parquet"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("read bundle %q naively: no Parquet files in its folder: %w", from.Bundle, err)
	}
	b, err := s.Store.Open(from.Bundle, from.Version)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	n := &naive{query: q}
	for _, file := range files {
		if err := s.Ctx.Err(); err != nil {
			return nil, err
		}
		if b.Frequency().Intraday() {
			err = n.readMinutes(file)
		} else {
			err = n.readDaily(file)
		}
		if err != nil {
			return nil, fmt.Errorf("read %s naively: %w", file, err)
		}
	}
	n.list()
	n.periods, err = n.periodsPerYear(b.Frequency())
	return n, err
}

// escapeGlob makes a path match only itself.
func escapeGlob(path string) string {
	return strings.NewReplacer(`*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

func (n *naive) readDaily(file string) error {
	rows, err := parquet.ReadFile[dailyRow](file)
	for _, r := range rows {
		at := time.Unix(0, 0).UTC().AddDate(0, 0, int(r.Date))
		values := bar{r.Open, r.High, r.Low, r.Close, r.Volume, r.Dividend, r.Split}
		n.rows = append(n.rows, naiveRow{r.Symbol, at.UnixNano(), values})
	}
	return err
}

func (n *naive) readMinutes(file string) error {
	rows, err := parquet.ReadFile[minuteRow](file)
	for _, r := range rows {
		values := bar{r.Open, r.High, r.Low, r.Close, r.Volume, r.Dividend, r.Split}
		n.rows = append(n.rows, naiveRow{r.Symbol, r.Timestamp, values})
	}
	return err
}

// list lists the symbols.
func (n *naive) list() {
	symbols := make(map[string]bool)
	for _, r := range n.rows {
		symbols[r.symbol] = true
	}
	for symbol := range symbols {
		n.symbols = append(n.symbols, symbol)
	}
	slices.Sort(n.symbols)
}

// filter returns the bars of one asset, by time and adjusted.
func (n *naive) filter(symbol string) bundle.Group {
	var mine []naiveRow
	for _, r := range n.rows {
		if r.symbol == symbol {
			mine = append(mine, r)
		}
	}
	slices.SortFunc(mine, func(a, b naiveRow) int { return cmp.Compare(a.time, b.time) })
	adjust(mine, n.query.Adjust, n.query.Prices)
	g := bundle.Group{Asset: market.Asset{Symbol: symbol}}
	for _, r := range mine {
		g.Times = append(g.Times, r.time)
		g.Open = append(g.Open, r.open)
		g.High = append(g.High, r.high)
		g.Low = append(g.Low, r.low)
		g.Close = append(g.Close, r.close)
		g.Volume = append(g.Volume, r.volume)
	}
	return g
}

// run returns the details of every asset in every trial of a batch, trial by
// trial. Those of failed trials are zero.
func (n *naive) run(ctx context.Context, batch []backtest.Strategy) ([]detail, error) {
	var runner backtest.Runner
	all := make([]detail, len(batch)*len(n.symbols))
	for a, symbol := range n.symbols {
		g := n.filter(symbol)
		for i, strategy := range batch {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			equity := make([]float64, len(g.Times))
			m, err := runner.RunAsset(ctx, strategy, g, n.periods, equity)
			if err == nil {
				all[i*len(n.symbols)+a] = detail{m, curveHash(equity)}
			}
		}
	}
	return all, nil
}
