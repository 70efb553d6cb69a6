// Package bundles is the command bundle: ingest, list, show, verify, diff, rm and gc.
package bundles

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/command/internal/console"
	"github.com/bmadventure/optcache/cachekit/command/internal/output"
	"github.com/bmadventure/optcache/cachekit/command/internal/source"
	"github.com/bmadventure/optcache/cachekit/ingest"
	"github.com/bmadventure/optcache/cachekit/market"
)

// Cmd is the command bundle.
type Cmd struct {
	Ingest ingestCmd `cmd:"" help:"Make the CSV or Parquet files of a directory a new version of a bundle."`
	List   listCmd   `cmd:"" help:"List the bundles."`
	Show   showCmd   `cmd:"" help:"Show the versions and the assets of a bundle."`
	Verify verifyCmd `cmd:"" help:"Read every file of a bundle and hold it against its hashes."`
	Diff   diffCmd   `cmd:"" help:"Tell which assets, columns and dates differ between two versions."`
	Rm     rmCmd     `cmd:"" help:"Remove a bundle with all its versions."`
	GC     gcCmd     `cmd:"" name:"gc" help:"Remove versions that are neither current nor in use, and leftovers of interrupted writes."`
}

type ingestCmd struct {
	Name      string `arg:"" help:"Name of the bundle."`
	Dir       string `arg:"" help:"Directory of SYMBOL.csv, SYMBOL.csv.gz or Parquet files." type:"path"`
	Frequency string `help:"daily, minute, or auto to tell by the times of day." enum:"auto,daily,minute" default:"auto"`
	JSON      bool   `name:"json" help:"Write the report as JSON."`
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
	var o ingest.Options
	if c.Frequency != "auto" {
		f, err := market.ParseFrequency(c.Frequency)
		if err != nil {
			return console.Usage(err)
		}
		o.Frequency = f
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
	fmt.Fprintf(e.Stdout, "%s version %s (%s): %d assets, %d %s bars of %s from %s\n",
		r.Name, r.Version, state, r.Assets, r.Bars, r.Frequency, r.Fields, output.Count(r.Files, "file"))
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
	IgnoredColumns []string `json:"ignored_columns"`
	IgnoredFiles   []string `json:"ignored_files"`
}

func ingestReportOf(r *ingest.Report) IngestReport {
	list := func(s []string) []string { return append([]string{}, s...) } // never null
	i := IngestReport{
		Name: r.Name, Version: r.Version.String(), New: r.New, Repaired: r.Repaired,
		Frequency: r.Frequency.String(), Fields: list(r.Fields.Names()), Assets: r.Assets, Bars: r.Bars, Longest: r.Longest, Files: r.Files,
		IgnoredColumns: list(r.IgnoredColumns), IgnoredFiles: list(r.IgnoredFiles),
	}
	if !r.Previous.IsZero() {
		i.Previous = r.Previous.String()
	}
	return i
}

type listCmd struct {
	JSON bool `name:"json" help:"Write JSON."`
}

// Run runs the command.
func (c *listCmd) Run(e *console.Env) error {
	infos, err := e.Store.List()
	if err != nil {
		return err
	}
	if c.JSON {
		return output.WriteJSON(e.Stdout, "-", infoReports(infos))
	}
	if len(infos) == 0 {
		fmt.Fprintf(e.Stdout, "no bundles in %s: make one with %s bundle ingest NAME DIR\n", e.Store.Dir(), e.Program)
		return nil
	}
	printInfos(e, infos)
	return nil
}

// An InfoReport is an Info in the shape of its JSON.
type InfoReport struct {
	Name      string    `json:"name"`
	Version   string    `json:"version"`
	Current   bool      `json:"current"`
	Written   time.Time `json:"written"`
	Frequency string    `json:"frequency,omitempty"`
	Fields    []string  `json:"fields,omitempty"`
	Assets    int       `json:"assets"`
	Bars      int64     `json:"bars"`
	Longest   int       `json:"longest"`
	First     time.Time `json:"first,omitzero"`
	Last      time.Time `json:"last,omitzero"`
	Bytes     int64     `json:"bytes"`
	Error     string    `json:"error,omitempty"`
}

func infoReports(infos []bundle.VersionInfo) []InfoReport {
	out := []InfoReport{}
	for _, i := range infos {
		r := InfoReport{Name: i.Name, Version: i.Version.String(), Current: i.Current, Written: i.Written}
		if i.Err != nil {
			r.Error = i.Err.Error()
		} else {
			r.Frequency, r.Fields, r.Assets, r.Bars, r.Longest = i.Frequency.String(), i.Fields.Names(), i.Assets, i.Bars, i.Longest
			r.First, r.Last, r.Bytes = i.First, i.Last, i.Bytes
		}
		out = append(out, r)
	}
	return out
}

// printInfos writes a line for each version; the current one has a star.
func printInfos(e *console.Env, infos []bundle.VersionInfo) {
	t := tabwriter.NewWriter(e.Stdout, 0, 0, 3, ' ', 0)
	fmt.Fprintln(t, "bundle\tversion\t\tassets\tbars\tfrequency\tfirst\tlast\ton disk\twritten")
	for _, i := range infos {
		star := ""
		if i.Current {
			star = "*"
		}
		if i.Err != nil {
			fmt.Fprintf(t, "%s\t%.12s\t%s\t%v\n", i.Name, i.Version, star, i.Err)
			continue
		}
		fmt.Fprintf(t, "%s\t%.12s\t%s\t%d\t%d\t%s\t%s\t%s\t%s\t%s\n", i.Name, i.Version, star, i.Assets, i.Bars, i.Frequency,
			i.First.Format(time.DateOnly), i.Last.Format(time.DateOnly), output.Bytes(float64(i.Bytes)), i.Written.Format(time.DateTime))
	}
	t.Flush()
}

type showCmd struct {
	Name string `arg:"" help:"Name of the bundle."`
	JSON bool   `name:"json" help:"Write JSON."`
}

// Run runs the command.
func (c *showCmd) Run(e *console.Env) error {
	infos, err := e.Store.Versions(c.Name)
	if err != nil {
		return err
	}
	changes, damage := e.Store.History(c.Name)
	v, err := e.Store.Current(c.Name)
	if err != nil {
		return err
	}
	b, err := e.Store.Open(c.Name, v)
	if err != nil {
		return err
	}
	defer b.Close()
	if c.JSON {
		return output.WriteJSON(e.Stdout, "-", ShowReport{infoReports(infos), changeReports(changes), errorText(damage), assetReports(b)})
	}
	printInfos(e, infos)
	printHistory(e, changes, damage)
	fmt.Fprintf(e.Stdout, "\ncurrent version %s\ncolumns %s\nfiles   %s\n\n", v, b.Fields(), source.VersionDir(e, c.Name, v))
	t := tabwriter.NewWriter(e.Stdout, 0, 0, 3, ' ', 0)
	fmt.Fprintln(t, "symbol\tid\tbars\tfirst\tlast")
	for _, a := range assetReports(b) {
		fmt.Fprintf(t, "%s\t%d\t%d\t%s\t%s\n", a.Symbol, a.ID, a.Bars, a.First.Format(output.Layout(b.Frequency())), a.Last.Format(output.Layout(b.Frequency())))
	}
	return t.Flush()
}

type ShowReport struct {
	Versions     []InfoReport   `json:"versions"`
	History      []changeReport `json:"history"`
	HistoryError string         `json:"history_error,omitempty"`
	Assets       []assetReport  `json:"assets"`
}

// A changeReport is a Change in the shape of its JSON.
type changeReport struct {
	Version string    `json:"version"`
	Since   time.Time `json:"since"`
}

func changeReports(changes []bundle.Change) []changeReport {
	out := []changeReport{}
	for _, c := range changes {
		out = append(out, changeReport{c.Version.String(), c.Since})
	}
	return out
}

// errorText returns what an error says, and "" for none.
func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// historyShown is how many changes show prints; its JSON has all.
const historyShown = 10

// printHistory writes which version was current since when, the last change first.
func printHistory(e *console.Env, changes []bundle.Change, damage error) {
	t := tabwriter.NewWriter(e.Stdout, 0, 0, 3, ' ', 0)
	fmt.Fprintln(t, "\ncurrent since (UTC)\tversion")
	for _, c := range changes[:min(len(changes), historyShown)] {
		fmt.Fprintf(t, "%s\t%.12s\n", c.Since.Format(time.DateTime), c.Version)
	}
	t.Flush()
	more(e.Stdout, len(changes)-historyShown, "changes before")
	if damage != nil {
		fmt.Fprintln(e.Stdout, damage)
	}
}

type assetReport struct {
	market.Asset
	Bars  int       `json:"bars"`
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
}

func assetReports(b *bundle.Bundle) []assetReport {
	var out []assetReport
	for _, a := range b.Assets() {
		x, _ := b.Extent(a.Symbol)
		out = append(out, assetReport{a, x.Bars, x.First, x.Last})
	}
	return out
}

type verifyCmd struct {
	Name string `arg:"" help:"Name of the bundle."`
	At   string `name:"bundle-version" aliases:"at" help:"Version to verify instead of the current one." placeholder:"VERSION"`
}

// Run runs the command.
func (c *verifyCmd) Run(e *console.Env) error {
	v, err := source.FindVersion(e, c.Name, c.At)
	if err != nil {
		return err
	}
	if err := e.Store.Verify(e.Ctx, c.Name, v); err != nil {
		return err
	}
	fmt.Fprintf(e.Stdout, "%s version %s: every file is as it was written\n", c.Name, v)
	_, err = e.Store.History(c.Name)
	return err
}

type diffCmd struct {
	Name string `arg:"" help:"Name of the bundle."`
	A    string `arg:"" help:"Older version: its first digits."`
	B    string `arg:"" help:"Newer version." optional:""`
	JSON bool   `name:"json" help:"Write JSON."`
	Most int    `name:"limit" aliases:"most" help:"How many changed values and bars to show (${default})." default:"20" placeholder:"N"`
}

// Help is shown below the flags.
func (diffCmd) Help() string {
	return "Without a newer version the older one is compared with the current one."
}

// Run runs the command.
func (c *diffCmd) Run(e *console.Env) error {
	a, err := source.FindVersion(e, c.Name, c.A)
	if err != nil {
		return err
	}
	b, err := source.FindVersion(e, c.Name, c.B)
	if err != nil {
		return err
	}
	d, err := e.Store.Diff(e.Ctx, c.Name, a, b)
	if err != nil {
		return err
	}
	if c.JSON {
		return output.WriteJSON(e.Stdout, "-", diffJSON(d))
	}
	printDiff(e, d, max(0, c.Most))
	return nil
}

// A DiffReport is a Diff in the shape of its JSON.
type DiffReport struct {
	A             string            `json:"a"`
	B             string            `json:"b"`
	AssetsAdded   []string          `json:"assets_added"`
	AssetsRemoved []string          `json:"assets_removed"`
	FieldsAdded   []string          `json:"columns_added"`
	FieldsRemoved []string          `json:"columns_removed"`
	Assets        []assetDiffReport `json:"assets"`
	Cells         []cellReport      `json:"cells"`
	MoreCells     int               `json:"more_cells"`
	Bars          []barReport       `json:"bars"`
	MoreBars      int               `json:"more_bars"`
}

type assetDiffReport struct {
	Symbol      string   `json:"symbol"`
	Columns     []string `json:"columns"`
	Cells       int      `json:"cells"`
	BarsAdded   int      `json:"bars_added"`
	BarsRemoved int      `json:"bars_removed"`
}

type cellReport struct {
	Symbol string    `json:"symbol"`
	Time   time.Time `json:"time"`
	Column string    `json:"column"`
	Old    float64   `json:"old"`
	New    float64   `json:"new"`
}

type barReport struct {
	Symbol string    `json:"symbol"`
	Time   time.Time `json:"time"`
	Added  bool      `json:"added"`
}

func diffJSON(d *bundle.Diff) DiffReport {
	list := func(s []string) []string { return append([]string{}, s...) } // never null
	r := DiffReport{
		A: d.A.String(), B: d.B.String(),
		AssetsAdded: list(d.AssetsAdded), AssetsRemoved: list(d.AssetsRemoved),
		FieldsAdded: list(d.FieldsAdded.Names()), FieldsRemoved: list(d.FieldsRemoved.Names()),
		Assets: []assetDiffReport{}, Cells: []cellReport{}, Bars: []barReport{},
		MoreCells: d.MoreCells, MoreBars: d.MoreBars,
	}
	for _, a := range d.Assets {
		r.Assets = append(r.Assets, assetDiffReport{a.Symbol, list(a.Fields.Names()), a.Cells, a.BarsAdded, a.BarsRemoved})
	}
	for _, c := range d.Cells {
		r.Cells = append(r.Cells, cellReport{c.Symbol, c.Time, c.Field.String(), c.Old, c.New})
	}
	for _, b := range d.Bars {
		r.Bars = append(r.Bars, barReport{b.Symbol, b.Time, b.Added})
	}
	return r
}

func printDiff(e *console.Env, d *bundle.Diff, most int) {
	w := e.Stdout
	if d.Empty() {
		fmt.Fprintln(w, "the two versions are the same")
		return
	}
	for _, l := range []struct {
		what string
		list []string
	}{
		{"assets added", d.AssetsAdded}, {"assets removed", d.AssetsRemoved},
		{"columns added", d.FieldsAdded.Names()}, {"columns removed", d.FieldsRemoved.Names()},
	} {
		if len(l.list) > 0 {
			fmt.Fprintf(w, "%s: %s\n", l.what, strings.Join(l.list, ", "))
		}
	}
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	if len(d.Assets) > 0 {
		fmt.Fprintln(t, "asset\tvalues changed\tbars added\tbars removed\tcolumns")
	}
	for _, a := range d.Assets {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%s\n", a.Symbol, a.Cells, a.BarsAdded, a.BarsRemoved, a.Fields)
	}
	t.Flush()
	for i, c := range d.Cells {
		if i == most {
			break
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%v\t->\t%v\n", c.Symbol, output.ShortTime(c.Time), c.Field, c.Old, c.New)
	}
	t.Flush()
	more(w, len(d.Cells)+d.MoreCells-most, "changed values")
	for i, b := range d.Bars {
		if i == most {
			break
		}
		change := "removed"
		if b.Added {
			change = "added"
		}
		fmt.Fprintf(t, "%s\t%s\tbar %s\n", b.Symbol, output.ShortTime(b.Time), change)
	}
	t.Flush()
	more(w, len(d.Bars)+d.MoreBars-most, "bars")
}

func more(w io.Writer, n int, what string) {
	if n > 0 {
		fmt.Fprintf(w, "and %d more %s\n", n, what)
	}
}

type rmCmd struct {
	Name string `arg:"" help:"Name of the bundle."`
}

// Run runs the command.
func (c *rmCmd) Run(e *console.Env) error {
	r, err := e.Store.Remove(e.Ctx, c.Name)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.Stdout, "removed %s: %s, %s\n", c.Name, output.Count(r.Versions, "version"), output.Bytes(float64(r.Bytes)))
	return nil
}

type gcCmd struct {
	Name string `arg:"" optional:"" help:"Name of the bundle; all bundles if left out."`
	Keep int    `help:"How many old versions of each bundle to keep beside the current one: those that were current last (${default})." default:"0" placeholder:"N"`
}

// Run runs the command.
func (c *gcCmd) Run(e *console.Env) error {
	r, err := e.Store.GC(e.Ctx, c.Name, c.Keep)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.Stdout, "removed %s and %s, %s\n", output.Count(r.Versions, "old version"), output.Count(r.Leftovers, "leftover"), output.Bytes(float64(r.Bytes)))
	if r.InUse > 0 {
		fmt.Fprintf(e.Stdout, "left %s in use\n", output.Count(r.InUse, "version"))
	}
	return nil
}
