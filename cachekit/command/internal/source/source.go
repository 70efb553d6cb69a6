// Package source finds the bars that a command runs on: those of a folder, of a bundle, or synthetic ones.
package source

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/command/internal/console"
	"github.com/bmadventure/optcache/cachekit/ingest"
	"github.com/bmadventure/optcache/cachekit/market"
)

// BarsFlags say which bars a command runs on.
type BarsFlags struct {
	Data     string `help:"Run on the CSV or Parquet files of this directory, which is ingested first." placeholder:"DIR" type:"path" xor:"source" group:"Bars"`
	Bundle   string `help:"Run on an ingested bundle." placeholder:"NAME" xor:"source" group:"Bars"`
	At       string `help:"Take this version of the bundle instead of the current one." placeholder:"VERSION" name:"bundle-version" aliases:"at" group:"Bars"`
	Assets   int    `help:"Assets of the synthetic bundle that is taken otherwise (50)." placeholder:"N" group:"Bars"`
	Bars     int    `help:"Daily bars of each synthetic asset (252)." placeholder:"N" group:"Bars"`
	BarsSeed uint64 `help:"Seed of the synthetic bars (${default})." placeholder:"N" default:"42" group:"Bars"`
	FileFlags
	ReadingFlags
}

// Check refuses flags that make no sense together.
func (b *BarsFlags) Check() error {
	if err := cmp.Or(console.AtLeast("assets", b.Assets, 0), console.AtLeast("bars", b.Bars, 0)); err != nil {
		return err
	}
	if (b.Data != "" || b.Bundle != "") && (b.Assets != 0 || b.Bars != 0) {
		return errors.New("--assets and --bars make a synthetic bundle: leave them out with --data and --bundle")
	}
	if b.At != "" && b.Bundle == "" {
		return errors.New("--bundle-version VERSION needs --bundle NAME")
	}
	if err := b.reading().Check(); err != nil || b.Data != "" {
		return err
	}
	return b.check(b.Bundle)
}

// Given reports whether a flag says which bars to take.
func (b *BarsFlags) Given() bool {
	return b.Data != "" || b.Bundle != "" || b.Assets != 0 || b.Bars != 0 || b.given() != ""
}

// Find returns the version that the flags name. It ingests or makes it where that
// is asked for.
func (b *BarsFlags) Find(e *console.Env) (s Source, err error) {
	defer func() { s.Reading = b.reading() }()
	switch {
	case b.Data != "":
		return b.ingestData(e)
	case b.Bundle != "":
		s.Bundle = b.Bundle
		s.Version, err = FindVersion(e, b.Bundle, b.At)
		return s, err
	}
	return b.makeSynthetic(e)
}

// ingestData ingests the directory, which costs a reading of its files and
// nothing more if they did not change. The bundle's name tells the directory
// and keeps apart two of the same last name.
func (b *BarsFlags) ingestData(e *console.Env) (Source, error) {
	dir, err := filepath.Abs(b.Data)
	if err != nil {
		return Source{}, fmt.Errorf("--data %s: %w", b.Data, err)
	}
	sum := sha256.Sum256([]byte(dir))
	name := fmt.Sprintf("%s-%x", plainName(filepath.Base(dir)), sum[:3])
	options, err := b.Options()
	if err != nil {
		return Source{}, err
	}
	options.Replace = true // the bundle follows the folder
	report, err := Ingest(e, name, dir, options)
	if err != nil {
		return Source{}, err
	}
	return Source{Bundle: name, Version: report.Version}, nil
}

func (b *BarsFlags) makeSynthetic(e *console.Env) (Source, error) {
	assets, bars := b.Assets, b.Bars
	if assets == 0 {
		assets = 50
	}
	if bars == 0 {
		bars = 252
	}
	const most = 100_000_000
	if bars > most/assets {
		return Source{}, console.Usage(fmt.Errorf("--assets %d --bars %d: at most %d bars together can be made", assets, bars, most))
	}
	name := syntheticName(assets, bars, b.BarsSeed)
	if v, err := e.Store.Current(name); err == nil {
		return Source{Bundle: name, Version: v}, nil
	}
	e.Log.Info("making a synthetic bundle", "bundle", name)
	series, err := Synthetic(e.Ctx, assets, bars, b.BarsSeed)
	if err != nil {
		return Source{}, err
	}
	report, err := e.Store.Write(e.Ctx, name, market.Daily, series)
	if err != nil {
		return Source{}, err
	}
	return Source{Bundle: name, Version: report.Version}, nil
}

// A Source is one version of a bundle.
type Source struct {
	Bundle  string
	Version bundle.Version
	Reading Reading
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

// FindVersion returns the version of a bundle that begins with the given
// digits, the current one if there are none.
func FindVersion(e *console.Env, name, prefix string) (bundle.Version, error) {
	if prefix == "" {
		return e.Store.Current(name)
	}
	infos, err := e.Store.Versions(name)
	if err != nil {
		return bundle.Version{}, err
	}
	var found []bundle.Version
	for _, i := range infos {
		if strings.HasPrefix(i.Version.String(), strings.ToLower(prefix)) {
			found = append(found, i.Version)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return bundle.Version{}, console.Usage(fmt.Errorf("bundle %q has no version %q: see %s bundle show %s", name, prefix, e.Program, name))
	}
	return bundle.Version{}, console.Usage(fmt.Errorf("bundle %q has %d versions that begin with %q: give more digits", name, len(found), prefix))
}

// VersionDir is the folder of a version, for other programs to read.
func VersionDir(e *console.Env, name string, v bundle.Version) string {
	return filepath.Join(e.Store.Dir(), name, "versions", v.String())
}

// Ingest ingests a directory and says what it left out.
func Ingest(e *console.Env, name, dir string, o ingest.Options) (*ingest.Report, error) {
	e.Log.Info("ingesting", "directory", dir, "bundle", name)
	r, err := ingest.Dir(e.Ctx, e.Store, name, dir, o)
	if err != nil {
		return nil, err
	}
	if r.Lost != nil {
		e.Log.Warn("the files lack what they had before", "gone", r.Lost.String())
	}
	if len(r.SkippedAssets) > 0 {
		e.Log.Warn("assets with a price of zero or below were left out", "assets", strings.Join(r.SkippedAssets, ","))
	}
	if len(r.IgnoredColumns) > 0 {
		e.Log.Warn("columns that a bundle does not keep were ignored", "columns", strings.Join(r.IgnoredColumns, ","))
	}
	for _, line := range r.Warnings {
		e.Log.Warn(line)
	}
	if len(r.IgnoredFiles) > 0 {
		e.Log.Warn("files that hold no bars were ignored", "files", strings.Join(r.IgnoredFiles, ","))
	}
	return r, nil
}

// AllBars returns the number of bars of all assets.
func AllBars(b *bundle.Bundle) int64 {
	var bars int64
	for _, a := range b.Assets() {
		x, _ := b.Extent(a.Symbol)
		bars += int64(x.Bars)
	}
	return bars
}
