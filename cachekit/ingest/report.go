package ingest

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/internal/bar"
)

// A Report says what was ingested and how the files were understood.
type Report struct {
	bundle.Report // of a dry run: what the version would have, without its number
	Facts         bundle.Facts

	Files []FileReport // in the order of their names

	SkippedAssets  []string // symbols of assets left out by [Options.SkipAssets], sorted
	IgnoredColumns []string // names of columns that a bundle does not keep, sorted
	IgnoredFiles   []string // paths of files below the folder that hold no bars, sorted
	Warnings       []string // what may be other than it looks, a sentence each
}

// A FileReport says how one file was understood.
type FileReport struct {
	Path        string
	Format      string   // such as "CSV" or "Parquet"
	TimeZone    string   // of its times: "UTC", an offset such as "-05:00", a zone, or "none" for wall clocks and dates
	Symbols     []string // of its assets, sorted
	Bars        int
	First, Last time.Time // UTC
	Columns     []string  // names of the fields that it has
	Ignored     []string  // columns of it that a bundle does not keep, as they are written

	Repeated int // rows that were there before, equal in every value, and are one
	Halted   int // rows without any price, left out
	Clamped  int // opens and closes moved into low to high by a rounding
	Left     int // rows left out by [SkipBadRows]
	Moved    int // rows with an open or close moved by [ClampBadRows]
}

// report says what was read. assets are all that is to be written.
func (in *input) report(assets []*assetRows) *Report {
	r := &Report{
		Facts: in.facts(), IgnoredColumns: in.ignoredColumns(), IgnoredFiles: in.ignored, Warnings: in.allWarnings(), SkippedAssets: in.skipped,
	}
	r.Frequency, r.Assets = in.frequency, len(assets)
	for _, a := range assets {
		_, fields, bars := a.Describe()
		r.Fields |= fields
		r.Bars += int64(bars)
		r.Longest = max(r.Longest, bars)
	}
	for _, t := range in.tables {
		r.Files = append(r.Files, t.report())
	}
	return r
}

// allWarnings returns what may be other than it looks.
func (in *input) allWarnings() []string {
	all := in.warnings
	for _, t := range in.tables {
		for _, doubt := range t.doubts {
			all = append(all, in.shown(t.path)+": "+doubt)
		}
	}
	return append(all, in.ofZones()...)
}

// ofZones warns of bars within the day whose zone nobody said.
func (in *input) ofZones() []string {
	if !in.frequency.Intraday() || in.zone != nil {
		return nil
	}
	for _, t := range in.tables {
		if t.zone == "none" || t.zone == "several" {
			return []string{"times without a zone, as in " + in.shown(t.path) + ", are taken for UTC: give --timezone if they " +
				"are of another, such as America/New_York"}
		}
	}
	return nil
}

// report says how a file was understood.
func (t *table) report() FileReport {
	r := FileReport{
		Path: t.path, Format: t.format, Ignored: t.ignored, TimeZone: t.zone,
		Repeated: t.repeated, Halted: t.halted, Clamped: t.clamped,
		Left: total(t.left), Moved: total(t.moved),
	}
	var has [bar.NumFields]bool
	for _, g := range t.groups {
		if len(g.times) == 0 {
			continue
		}
		r.Symbols = append(r.Symbols, g.symbol)
		first, last := time.Unix(0, g.times[0]).UTC(), time.Unix(0, g.times[len(g.times)-1]).UTC()
		if r.Bars == 0 || first.Before(r.First) {
			r.First = first
		}
		if r.Bars == 0 || last.After(r.Last) {
			r.Last = last
		}
		r.Bars += len(g.times)
		for f, c := range g.columns {
			has[f] = has[f] || c != nil
		}
	}
	slices.Sort(r.Symbols)
	for f, name := range bar.Names {
		if has[f] {
			r.Columns = append(r.Columns, name)
		}
	}
	return r
}

// facts are what the version is to say of its bars. What changes no bar is in the report alone, so that equal bars are
// one version.
func (in *input) facts() bundle.Facts {
	f := bundle.Facts{Frequency: in.frequency, TimeZone: in.zoneName(), Session: in.options.Session}
	for _, t := range in.tables {
		f.Notes = append(f.Notes, t.notes()...)
	}
	for _, symbol := range in.skipped {
		f.Notes = append(f.Notes, bundle.Note{Kind: bundle.NoteSkippedAsset, Symbol: symbol, Count: 1})
	}
	return f
}

// zoneName returns the zone that was given, or the one that all files that have a zone share.
func (in *input) zoneName() string {
	if in.zone != nil {
		return in.zone.String()
	}
	zones := make(map[string]bool)
	for _, t := range in.tables {
		if !strings.Contains(t.zone, "/") {
			continue // UTC, an offset, or none
		}
		if _, err := time.LoadLocation(t.zone); err == nil {
			zones[t.zone] = true
		}
	}
	if len(zones) != 1 {
		return ""
	}
	return cmp.Or(slices.Collect(maps.Keys(zones))...)
}
