package bundles

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/command/internal/console"
	"github.com/bmadventure/optcache/cachekit/command/internal/output"
	"github.com/bmadventure/optcache/cachekit/command/internal/source"
	"github.com/bmadventure/optcache/cachekit/ingest"
)

type ingestCmd struct {
	Name    string `arg:"" help:"Name of the bundle."`
	Dir     string `arg:"" help:"Directory of CSV or Parquet files." type:"path"`
	Append  bool   `help:"Join the bars to those that the bundle has; a bar that is there with other values is refused without --replace."`
	Replace bool   `help:"Let assets and dates go that the bundle has and the files do not; with --append, let the files change bars that are there."`
	DryRun  bool   `help:"Read the files, say how they are understood, and write nothing."`
	source.FileFlags
	JSON bool `name:"json" help:"Write the report as JSON."`
}

// Help is shown below the flags.
func (ingestCmd) Help() string {
	return `The files need no certain form: columns are found by the names that data providers give them, the frequency by the
spacing of the bars, the zone by the offsets in the file. The symbol is that of a column, or the file's name. What was
understood is told as a table; --dry-run tells it and writes nothing. Nothing is written unless all of it is sound;
otherwise the errors name file, line, column and value. Prices are kept as they are: --adjust of the commands that
read bundles applies splits and dividends.`
}

// Run runs the command.
func (c *ingestCmd) Run(e *console.Env) error {
	o, err := c.Options()
	if err != nil {
		return err
	}
	o.Append, o.Replace, o.DryRun = c.Append, c.Replace, c.DryRun
	r, err := source.Ingest(e, c.Name, c.Dir, o)
	if err == nil && !c.DryRun && r.Fields.Has(bundle.Split) {
		err = warnOfSplits(e, r)
	}
	if err != nil {
		return err
	}
	if c.JSON {
		return output.WriteJSON(e.Stdout, "-", ingestReportOf(r, c.Name))
	}
	printFiles(e, r)
	if c.DryRun {
		fmt.Fprintf(e.Stdout, "%s: %s would be written, nothing was\n", c.Name, summary(r))
		return nil
	}
	state := "already there"
	switch {
	case r.New:
		state = "new"
	case r.Repaired:
		state = "repaired"
	}
	fmt.Fprintf(e.Stdout, "%s version %s (%s): %s\n", r.Name, r.Version, state, summary(r))
	if r.Lost != nil {
		fmt.Fprintf(e.Stdout, "gone: %s\n", r.Lost)
	}
	if !r.Previous.IsZero() && r.Previous != r.Version {
		fmt.Fprintf(e.Stdout, "before: %s (see what changed: %s bundle diff %s %.12s %.12s)\n", r.Previous, e.Program, r.Name, r.Previous, r.Version)
	}
	return nil
}

// warnOfSplits warns of prices that move as if an asset was split, where the files have a column of splits.
func warnOfSplits(e *console.Env, r *ingest.Report) error {
	b, err := e.Store.Open(r.Name, r.Version)
	if err != nil {
		return err
	}
	defer b.Close()
	bars, err := b.Read(e.Ctx, bundle.Query{Fields: bundle.Open | bundle.Close | bundle.Split})
	if err != nil {
		return err
	}
	for _, line := range source.Warn(bars) {
		e.Log.Warn(line)
	}
	return nil
}

// summary says in a line what there is.
func summary(r *ingest.Report) string {
	return fmt.Sprintf("%s, %s of %s from %s", output.Count(r.Assets, "asset"),
		output.Count(int(r.Bars), r.Frequency.String()+" bar"), r.Fields, output.Count(len(r.Files), "file"))
}

// An understanding is what files have in common that are told in one line.
type understanding struct{ format, zone, columns, ignored string }

// printFiles says how the files were understood, those alike in one line.
func printFiles(e *console.Env, r *ingest.Report) {
	var order []understanding
	alike := make(map[understanding][]ingest.FileReport)
	for _, f := range r.Files {
		u := understanding{f.Format, f.TimeZone, strings.Join(f.Columns, ","), strings.Join(f.Ignored, ",")}
		if alike[u] == nil {
			order = append(order, u)
		}
		alike[u] = append(alike[u], f)
	}
	t := tabwriter.NewWriter(e.Stdout, 0, 0, 3, ' ', 0)
	fmt.Fprintln(t, "files\tformat\tfrequency\tzone\tsymbols\tbars\tfrom\tto\tcolumns\tleft out")
	for _, u := range order {
		group := alike[u]
		all := group[0]
		symbols := slices.Clone(all.Symbols)
		for _, f := range group[1:] {
			symbols, all.Bars = append(symbols, f.Symbols...), all.Bars+f.Bars
			if f.First.Before(all.First) {
				all.First = f.First
			}
			if f.Last.After(all.Last) {
				all.Last = f.Last
			}
		}
		name := console.Printable(filepath.Base(all.Path))
		if n := len(group) - 1; n > 0 {
			name += fmt.Sprintf(" and %d more", n)
		}
		slices.Sort(symbols)
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%d\t%s\t%s\t%s\t%s\n", name, all.Format, r.Frequency, all.TimeZone,
			console.Printable(output.FirstOf(slices.Compact(symbols))), all.Bars,
			output.ShortTime(all.First), output.ShortTime(all.Last), u.columns, console.Printable(u.ignored))
	}
	t.Flush()
	var repeated, halted, clamped, left, moved int
	for _, f := range r.Files {
		repeated, halted, clamped = repeated+f.Repeated, halted+f.Halted, clamped+f.Clamped
		left, moved = left+f.Left, moved+f.Moved
	}
	for _, done := range []struct {
		n    int
		what string
	}{
		{repeated, "rows that were there twice are one"}, {halted, "rows without prices were left out"},
		{clamped, "prices outside low to high by a rounding were moved there"},
		{left, "bad rows were left out"}, {moved, "bad rows had a price moved into low to high"},
	} {
		if done.n > 0 {
			fmt.Fprintf(e.Stdout, "%d %s\n", done.n, done.what)
		}
	}
}

// An IngestReport is an ingest.Report in the shape of its JSON.
type IngestReport struct {
	Name           string       `json:"name"`
	Version        string       `json:"version"`  // empty: of a dry run
	Previous       string       `json:"previous"` // current before; empty: none
	New            bool         `json:"new"`
	Repaired       bool         `json:"repaired"`
	Frequency      string       `json:"frequency"`
	TimeZone       string       `json:"timezone"`
	Session        string       `json:"session"`
	Fields         []string     `json:"fields"`
	Assets         int          `json:"assets"`
	Bars           int64        `json:"bars"` // of all assets
	Longest        int          `json:"longest"`
	Files          int          `json:"files"`
	Shared         int          `json:"shared_files"`
	Lost           string       `json:"lost"`
	Understood     []fileReport `json:"understood"`
	SkippedAssets  []string     `json:"skipped_assets"`
	IgnoredColumns []string     `json:"ignored_columns"`
	IgnoredFiles   []string     `json:"ignored_files"`
}

// A fileReport is how a file was understood.
type fileReport struct {
	File     string    `json:"file"`
	Format   string    `json:"format"`
	TimeZone string    `json:"timezone"`
	Symbols  []string  `json:"symbols"`
	Bars     int       `json:"bars"`
	First    time.Time `json:"first"`
	Last     time.Time `json:"last"`
	Columns  []string  `json:"columns"`
	Ignored  []string  `json:"ignored_columns"`
	Repeated int       `json:"repeated_rows"`
	Halted   int       `json:"rows_without_prices"`
	Clamped  int       `json:"clamped_prices"`
	Left     int       `json:"bad_rows_skipped"`
	Moved    int       `json:"bad_rows_clamped"`
}

func ingestReportOf(r *ingest.Report, name string) IngestReport {
	list := func(s []string) []string { return append([]string{}, s...) } // never null
	i := IngestReport{
		Name: name, New: r.New, Repaired: r.Repaired, Shared: r.Shared, Frequency: r.Frequency.String(),
		TimeZone: cmp.Or(r.Facts.TimeZone, "UTC"), Session: r.Facts.Session, Fields: list(r.Fields.Names()),
		Assets: r.Assets, Bars: r.Bars, Longest: r.Longest, Files: len(r.Files), Understood: []fileReport{},
		SkippedAssets: list(r.SkippedAssets), IgnoredColumns: list(r.IgnoredColumns), IgnoredFiles: list(r.IgnoredFiles),
	}
	for _, f := range r.Files {
		i.Understood = append(i.Understood, fileReport{
			f.Path, f.Format, f.TimeZone, list(f.Symbols), f.Bars, f.First, f.Last, list(f.Columns), list(f.Ignored),
			f.Repeated, f.Halted, f.Clamped, f.Left, f.Moved,
		})
	}
	if !r.Version.IsZero() {
		i.Version = r.Version.String()
	}
	if !r.Previous.IsZero() {
		i.Previous = r.Previous.String()
	}
	if r.Lost != nil {
		i.Lost = r.Lost.String()
	}
	return i
}
