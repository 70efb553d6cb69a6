package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/ingest"
	"github.com/bmadventure/optcache/cachekit/market"
)

// barsFlags say which bars a command runs on.
type barsFlags struct {
	Data     string `help:"Run on the CSV or Parquet files of this directory, which is ingested first." placeholder:"DIR" type:"path" xor:"source" group:"Bars"`
	Bundle   string `help:"Run on an ingested bundle." placeholder:"NAME" xor:"source" group:"Bars"`
	At       string `help:"Take this version of the bundle instead of the current one." placeholder:"VERSION" group:"Bars"`
	Assets   int    `help:"Assets of the synthetic bundle that is taken otherwise (50)." placeholder:"N" group:"Bars"`
	Bars     int    `help:"Daily bars of each synthetic asset (252)." placeholder:"N" group:"Bars"`
	BarsSeed uint64 `help:"Seed of the synthetic bars (${default})." placeholder:"N" default:"42" group:"Bars"`
}

// A source is one version of a bundle.
type source struct {
	bundle  string
	version bundle.Version
}

func (b *barsFlags) check() error {
	for _, n := range []atLeast{{"assets", b.Assets, 0}, {"bars", b.Bars, 0}} {
		if err := n.check(); err != nil {
			return err
		}
	}
	if (b.Data != "" || b.Bundle != "") && (b.Assets != 0 || b.Bars != 0) {
		return errors.New("--assets and --bars make a synthetic bundle: leave them out with --data and --bundle")
	}
	if b.At != "" && b.Bundle == "" {
		return errors.New("--at VERSION needs --bundle NAME")
	}
	return nil
}

// given reports whether a flag says which bars to take.
func (b *barsFlags) given() bool {
	return b.Data != "" || b.Bundle != "" || b.Assets != 0 || b.Bars != 0
}

// An atLeast is a flag with a least value.
type atLeast struct {
	flag      string
	value, lo int
}

func (n atLeast) check() error {
	if n.value < n.lo {
		return fmt.Errorf("--%s %d: must be at least %d", n.flag, n.value, n.lo)
	}
	return nil
}

// find returns the version that the flags name. It ingests or makes it where that
// is asked for.
func (b *barsFlags) find(e *env) (s source, err error) {
	switch {
	case b.Data != "":
		return b.ingestData(e)
	case b.Bundle != "":
		s.bundle = b.Bundle
		s.version, err = e.findVersion(b.Bundle, b.At)
		return s, err
	}
	return b.makeSynthetic(e)
}

// ingestData ingests the directory, which costs a reading of its files and
// nothing more if they did not change. The bundle's name tells the directory
// and keeps apart two of the same last name.
func (b *barsFlags) ingestData(e *env) (source, error) {
	dir, err := filepath.Abs(b.Data)
	if err != nil {
		return source{}, fmt.Errorf("--data %s: %w", b.Data, err)
	}
	sum := sha256.Sum256([]byte(dir))
	name := fmt.Sprintf("%s-%x", plainName(filepath.Base(dir)), sum[:3])
	report, err := e.ingest(name, dir, ingest.Options{})
	if err != nil {
		return source{}, err
	}
	return source{name, report.Version}, nil
}

// plainName replaces what the name of a bundle may not have.
func plainName(s string) string {
	name := []rune(s)
	for i, r := range name {
		plain := r == '-' || r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		if !plain {
			name[i] = '-'
		}
	}
	return "data-" + string(name[:min(len(name), 40)])
}

func (b *barsFlags) makeSynthetic(e *env) (source, error) {
	assets, bars := b.Assets, b.Bars
	if assets == 0 {
		assets = 50
	}
	if bars == 0 {
		bars = 252
	}
	const most = 100_000_000
	if bars > most/assets {
		return source{}, usageError{fmt.Errorf("--assets %d --bars %d: at most %d bars together can be made", assets, bars, most)}
	}
	name := syntheticName(assets, bars, b.BarsSeed)
	if v, err := e.store.Current(name); err == nil {
		return source{name, v}, nil
	}
	e.log.Info("making a synthetic bundle", "bundle", name)
	series, err := synthetic(e.ctx, assets, bars, b.BarsSeed)
	if err != nil {
		return source{}, err
	}
	report, err := e.store.Write(e.ctx, name, market.Daily, series)
	if err != nil {
		return source{}, err
	}
	return source{name, report.Version}, nil
}
