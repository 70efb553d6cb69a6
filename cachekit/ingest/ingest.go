package ingest

import (
	"context"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/market"
)

// Options are options of [Dir]; the zero value asks for the usual.
type Options struct {
	// Frequency of the bars. 0 finds it out: bars are minute bars if any of
	// them has a time of day other than midnight.
	Frequency market.Frequency

	// Progress is called after each file that was read, never concurrently. nil
	// is no progress.
	Progress func(done, files int)
}

// A Report says what was ingested.
type Report struct {
	bundle.Report
	Files int // files that were read

	IgnoredColumns []string // names of columns that a bundle does not keep, sorted
	IgnoredFiles   []string // names of files in the folder that hold no bars, sorted
}

// Dir reads a folder of bars and makes it a version of a bundle in the store, and
// the current one, as [bundle.Store.Write] does.
//
// The folder holds one CSV file for each asset, SYMBOL.csv or SYMBOL.csv.gz, or
// Parquet files, which have a column symbol and any number of assets each. If it
// holds neither but a folder daily or minute, that one is read. A CSV file
// begins with a header. Columns, in any order and any case, are date (or
// timestamp, datetime, time, day), open, high, low, close, volume and, if
// wanted, dividend and split; others are ignored and reported. The rows of a CSV
// file are in the order of time, those of Parquet files in any.
//
// Prices are kept as they are: splits and dividends become columns and are not
// applied to them.
//
// Bad input gives an [*bundle.InputError] with up to 20 problems of all files, and
// nothing is written.
func Dir(ctx context.Context, store *bundle.Store, name, dir string, options Options) (*Report, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	in, err := findInput(dir, options)
	if err != nil {
		return nil, err
	}
	if err := in.readAll(ctx, options.Progress); err != nil {
		return nil, err
	}
	series, err := in.series()
	if err != nil {
		return nil, err
	}
	r, err := store.Write(ctx, name, in.frequency, series)
	if err != nil {
		return nil, err
	}
	return &Report{
		Report: *r, Files: len(in.files), IgnoredColumns: in.ignoredColumns(), IgnoredFiles: in.ignored,
	}, nil
}
