package bundles

import (
	"fmt"

	"github.com/bmadventure/optcache/cachekit/command/internal/console"
	"github.com/bmadventure/optcache/cachekit/command/internal/output"
	"github.com/bmadventure/optcache/cachekit/command/internal/source"
	"github.com/bmadventure/optcache/cachekit/ingest"
)

type ingestCmd struct {
	Name string `arg:"" help:"Name of the bundle."`
	Dir  string `arg:"" help:"Directory of SYMBOL.csv, SYMBOL.csv.gz or Parquet files." type:"path"`
	source.FileFlags
	JSON bool `name:"json" help:"Write the report as JSON."`
}

// Help is shown below the flags.
func (ingestCmd) Help() string {
	return `CSV files have a header line with date (or timestamp), open, high, low, close, volume and, if you like,
dividend and split; the symbol is the file's name. Parquet files have the same columns and a symbol column;
their rows may come in any order. Nothing is written unless all of it is sound; otherwise the errors name
file, line, column and value. Prices are kept as they are: splits and dividends are columns, never applied.`
}

// Run runs the command.
func (c *ingestCmd) Run(e *console.Env) error {
	o, err := c.Options()
	if err != nil {
		return err
	}
	r, err := source.Ingest(e, c.Name, c.Dir, o)
	if err != nil {
		return err
	}
	if c.JSON {
		return output.WriteJSON(e.Stdout, "-", ingestReportOf(r))
	}
	state := "already there"
	switch {
	case r.New:
		state = "new"
	case r.Repaired:
		state = "repaired"
	}
	fmt.Fprintf(e.Stdout, "%s version %s (%s): %s, %s of %s from %s\n",
		r.Name, r.Version, state, output.Count(r.Assets, "asset"), output.Count(int(r.Bars), r.Frequency.String()+" bar"), r.Fields, output.Count(r.Files, "file"))
	if !r.Previous.IsZero() && r.Previous != r.Version {
		fmt.Fprintf(e.Stdout, "before: %s (see what changed: %s bundle diff %s %.12s %.12s)\n", r.Previous, e.Program, r.Name, r.Previous, r.Version)
	}
	return nil
}

// An IngestReport is an ingest.Report in the shape of its JSON.
type IngestReport struct {
	Name           string   `json:"name"`
	Version        string   `json:"version"`
	Previous       string   `json:"previous"` // current before; empty: none
	New            bool     `json:"new"`
	Repaired       bool     `json:"repaired"`
	Frequency      string   `json:"frequency"`
	Fields         []string `json:"fields"`
	Assets         int      `json:"assets"`
	Bars           int64    `json:"bars"` // of all assets
	Longest        int      `json:"longest"`
	Files          int      `json:"files"`
	SkippedAssets  []string `json:"skipped_assets"`
	IgnoredColumns []string `json:"ignored_columns"`
	IgnoredFiles   []string `json:"ignored_files"`
}

func ingestReportOf(r *ingest.Report) IngestReport {
	list := func(s []string) []string { return append([]string{}, s...) } // never null
	i := IngestReport{
		Name: r.Name, Version: r.Version.String(), New: r.New, Repaired: r.Repaired,
		Frequency: r.Frequency.String(), Fields: list(r.Fields.Names()), Assets: r.Assets, Bars: r.Bars, Longest: r.Longest, Files: r.Files,
		SkippedAssets:  list(r.SkippedAssets),
		IgnoredColumns: list(r.IgnoredColumns), IgnoredFiles: list(r.IgnoredFiles),
	}
	if !r.Previous.IsZero() {
		i.Previous = r.Previous.String()
	}
	return i
}
