package ingest

import (
	"cmp"
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

	// Session is when a session opens and closes in TimeZone, for markets whose session crosses midnight: 18:00-17:00.
	// "" says that sessions are dates.
	Session string

	// SkipAssets leaves out assets that have a price of zero or below, for which returns cannot be computed. They are
	// refused otherwise.
	SkipAssets bool

	// BadRows says what becomes of rows that cannot be bars as they are. The report counts them, and the notes of the
	// version do.
	BadRows BadRows

	// CRSP says that a minus before a price marks it as the average of bid and ask, as CRSP has it, and takes it away.
	// Files with CRSP's own names of columns (PRC with BIDLO or ASKHI) are taken so in any case.
	CRSP bool

	// Map says which column of a file a field or "date" or "symbol" is, by its name in the header: close -> Close/Last.
	Map map[string]string

	// MaxExpansion is how many bytes compressed data may become for each of its own; 0 is a limit that no file of bars
	// comes near.
	MaxExpansion int64

	// Columns names the columns of files that have no header, in their order; "-" is one to leave out.
	Columns []string

	// DateFormat says how text files write times, where that does not follow from the file: dd/mm/yyyy or mm/dd/yyyy, or
	// a layout as package time or strftime has it.
	DateFormat string

	// Append joins the bars to those that the bundle has. A bar that is there with other values is refused, unless
	// Replace is set.
	Append bool

	// Replace lets assets and bars go that the bundle has and the files do not. Without it they are refused with a
	// [*bundle.LossError].
	Replace bool

	// DryRun reads and understands the files and writes nothing.
	DryRun bool

	// Progress is called after each file that was read, never concurrently. nil
	// is no progress.
	Progress func(done, files int)

	held int64 // bars that may wait in memory, for tests; 0: held
}

// Dir reads a folder of bars, or a single file, and makes it a version of a bundle in the store, and the current one, as
// [bundle.Store.WriteRows] does.
//
// Files are text (comma, semicolon, tab or pipe, with a header or without) or Parquet, in folders of folders, compressed
// or in a zip. An asset is what a column of symbols says, or several tickers side by side, or a Hive folder, or else the
// file's name. Columns are found by the names that providers give them; only open, high, low, close and a time must be
// there. Rows may come in any order; rows that are there twice with equal values are one.
//
// Prices are kept as they are: splits and dividends become columns, and are applied in reading, see [bundle.Query].
//
// Rows without a price, as of a halted day, are left out; an open or close that is outside low to high by a rounding is
// moved there; a volume that is missing is NaN. The report and the notes of the version count these.
//
// Bad input gives an [*bundle.InputError] with up to 20 problems of all files, and
// nothing is written.
func Dir(ctx context.Context, store *bundle.Store, name, dir string, options Options) (*Report, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	in, err := findInput(ctx, dir, options)
	if err != nil {
		return nil, err
	}
	in.spool = &spool{dir: store.Dir(), most: cmp.Or(options.held, held)}
	defer in.spool.close()
	if err := in.readAll(ctx, options.Progress); err != nil {
		return nil, err
	}
	assets, err := in.assets()
	if err != nil {
		return nil, err
	}
	report := in.report(assets)
	if options.DryRun {
		return report, nil
	}
	rows := make([]bundle.Rows, len(assets))
	for i, a := range assets {
		rows[i] = a
	}
	var r *bundle.Report
	if options.Append {
		r, err = store.Append(ctx, name, in.facts(), rows, bundle.AppendOptions{Replace: options.Replace})
	} else {
		r, err = store.WriteRows(ctx, name, in.facts(), rows, bundle.WriteOptions{Replace: options.Replace})
	}
	if err != nil {
		return nil, err
	}
	report.Report = *r
	return report, nil
}
