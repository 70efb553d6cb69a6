package ingest

import (
	"context"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/market"
)

// Options are options of [Dir]; the zero value asks for the usual.
type Options struct {
	// Frequency of the bars. 0 finds it out by their spacing, file by file: bars with a date to themselves are daily,
	// weekly, monthly, quarterly or yearly, whatever their time of day; others are of so many seconds, minutes or
	// hours. Files that differ are refused.
	Frequency market.Frequency

	// TimeZone is the IANA name of the zone whose clock wrote the times that say no offset, and in which bars of a day
	// and longer have their date: America/New_York. "" takes such times for UTC, and for dates those that are written.
	TimeZone string

	// StampedAtEnd says that a bar within the day carries the time of its end. A bundle has the beginning.
	StampedAtEnd bool

	// SkipAssets leaves out assets that have a price of zero or below, for which returns cannot be computed. They are
	// refused otherwise.
	SkipAssets bool

	// Progress is called after each file that was read, never concurrently. nil
	// is no progress.
	Progress func(done, files int)
}

// A Report says what was ingested.
type Report struct {
	bundle.Report
	Files int // files that were read

	SkippedAssets []string // symbols of assets left out by [Options.SkipAssets], sorted

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
// wanted, dividend and split; others are ignored and reported. Rows may come in
// any order; rows that are there twice with equal values are one.
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
		SkippedAssets: in.skipped,
	}, nil
}
