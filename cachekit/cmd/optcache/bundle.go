package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/market"
)

// bundleCmd is the command bundle.
type bundleCmd struct {
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
func (c *ingestCmd) Run(e *env) error {
	var o bundle.IngestOptions
	if c.Frequency != "auto" {
		f, err := market.ParseFrequency(c.Frequency)
		if err != nil {
			return usageError{err}
		}
		o.Frequency = f
	}
	r, err := e.ingest(c.Name, c.Dir, o)
	if err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(e.stdout, "-", ingestReportOf(r))
	}
	state := "already there"
	switch {
	case r.New:
		state = "new"
	case r.Repaired:
		state = "repaired"
	}
	fmt.Fprintf(e.stdout, "%s version %s (%s): %d assets, %d %s bars of %s from %s\n",
		r.Name, r.Version, state, r.Assets, r.Bars, r.Frequency, r.Fields, count(r.Files, "file"))
	if !r.Previous.IsZero() && r.Previous != r.Version {
		fmt.Fprintf(e.stdout, "before: %s (see what changed: optcache bundle diff %s %.12s %.12s)\n", r.Previous, r.Name, r.Previous, r.Version)
	}
	return nil
}

// An ingestReport is a bundle.Report in the shape of its JSON.
type ingestReport struct {
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

func ingestReportOf(r *bundle.Report) ingestReport {
	list := func(s []string) []string { return append([]string{}, s...) } // never null
	i := ingestReport{
		Name: r.Name, Version: r.Version.String(), New: r.New, Repaired: r.Repaired,
		Frequency: r.Frequency.String(), Fields: list(r.Fields.Names()), Assets: r.Assets, Bars: r.Bars, Longest: r.Longest, Files: r.Files,
		IgnoredColumns: list(r.IgnoredColumns), IgnoredFiles: list(r.IgnoredFiles),
	}
	if !r.Previous.IsZero() {
		i.Previous = r.Previous.String()
	}
	return i
}

// ingest ingests a directory and says what it left out.
func (e *env) ingest(name, dir string, o bundle.IngestOptions) (*bundle.Report, error) {
	e.log.Info("ingesting", "directory", dir, "bundle", name)
	r, err := e.store.IngestDir(e.ctx, name, dir, o)
	if err != nil {
		return nil, err
	}
	if len(r.IgnoredColumns) > 0 {
		e.log.Warn("columns that a bundle does not keep were ignored", "columns", strings.Join(r.IgnoredColumns, ","))
	}
	if len(r.IgnoredFiles) > 0 {
		e.log.Warn("files that hold no bars were ignored", "files", strings.Join(r.IgnoredFiles, ","))
	}
	return r, nil
}

type listCmd struct {
	JSON bool `name:"json" help:"Write JSON."`
}

// Run runs the command.
func (c *listCmd) Run(e *env) error {
	infos, err := e.store.List()
	if err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(e.stdout, "-", infoReports(infos))
	}
	if len(infos) == 0 {
		fmt.Fprintf(e.stdout, "no bundles in %s: make one with optcache bundle ingest NAME DIR\n", e.store.Dir())
		return nil
	}
	e.printInfos(infos)
	return nil
}

// An infoReport is an Info in the shape of its JSON.
type infoReport struct {
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

func infoReports(infos []bundle.Info) []infoReport {
	out := []infoReport{}
	for _, i := range infos {
		r := infoReport{Name: i.Name, Version: i.Version.String(), Current: i.Current, Written: i.Written}
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
func (e *env) printInfos(infos []bundle.Info) {
	t := tabwriter.NewWriter(e.stdout, 0, 0, 3, ' ', 0)
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
			i.First.Format(time.DateOnly), i.Last.Format(time.DateOnly), bytesText(float64(i.Bytes)), i.Written.Format(time.DateTime))
	}
	t.Flush()
}

type showCmd struct {
	Name string `arg:"" help:"Name of the bundle."`
	JSON bool   `name:"json" help:"Write JSON."`
}

// Run runs the command.
func (c *showCmd) Run(e *env) error {
	infos, err := e.store.Versions(c.Name)
	if err != nil {
		return err
	}
	changes, damage := e.store.History(c.Name)
	v, err := e.store.Current(c.Name)
	if err != nil {
		return err
	}
	b, err := e.store.Open(c.Name, v)
	if err != nil {
		return err
	}
	defer b.Close()
	if c.JSON {
		return writeJSON(e.stdout, "-", showReport{infoReports(infos), changeReports(changes), errorText(damage), assetReports(b)})
	}
	e.printInfos(infos)
	e.printHistory(changes, damage)
	fmt.Fprintf(e.stdout, "\ncurrent version %s\ncolumns %s\nfiles   %s\n\n", v, b.Fields(), e.versionDir(c.Name, v))
	t := tabwriter.NewWriter(e.stdout, 0, 0, 3, ' ', 0)
	fmt.Fprintln(t, "symbol\tid\tbars\tfirst\tlast")
	for _, a := range assetReports(b) {
		fmt.Fprintf(t, "%s\t%d\t%d\t%s\t%s\n", a.Symbol, a.ID, a.Bars, a.First.Format(layout(b.Frequency())), a.Last.Format(layout(b.Frequency())))
	}
	return t.Flush()
}

// versionDir is the folder of a version, for other programs to read.
func (e *env) versionDir(name string, v bundle.Version) string {
	return filepath.Join(e.store.Dir(), name, "versions", v.String())
}

type showReport struct {
	Versions     []infoReport   `json:"versions"`
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
func (e *env) printHistory(changes []bundle.Change, damage error) {
	t := tabwriter.NewWriter(e.stdout, 0, 0, 3, ' ', 0)
	fmt.Fprintln(t, "\ncurrent since (UTC)\tversion")
	for _, c := range changes[:min(len(changes), historyShown)] {
		fmt.Fprintf(t, "%s\t%.12s\n", c.Since.Format(time.DateTime), c.Version)
	}
	t.Flush()
	more(e.stdout, len(changes)-historyShown, "changes before")
	if damage != nil {
		fmt.Fprintln(e.stdout, damage)
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

// layout is how the times of bars are shown.
func layout(f market.Frequency) string {
	if f == market.Minute {
		return time.DateTime
	}
	return time.DateOnly
}

type verifyCmd struct {
	Name string `arg:"" help:"Name of the bundle."`
	At   string `help:"Version to verify instead of the current one." placeholder:"VERSION"`
}

// Run runs the command.
func (c *verifyCmd) Run(e *env) error {
	v, err := e.findVersion(c.Name, c.At)
	if err != nil {
		return err
	}
	if err := e.store.Verify(e.ctx, c.Name, v); err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "%s version %s: every file is as it was written\n", c.Name, v)
	_, err = e.store.History(c.Name)
	return err
}

// findVersion returns the version of a bundle that begins with the given
// digits, the current one if there are none.
func (e *env) findVersion(name, prefix string) (bundle.Version, error) {
	if prefix == "" {
		return e.store.Current(name)
	}
	infos, err := e.store.Versions(name)
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
		return bundle.Version{}, usageError{fmt.Errorf("bundle %q has no version %q: see optcache bundle show %s", name, prefix, name)}
	}
	return bundle.Version{}, usageError{fmt.Errorf("bundle %q has %d versions that begin with %q: give more digits", name, len(found), prefix)}
}

type diffCmd struct {
	Name string `arg:"" help:"Name of the bundle."`
	A    string `arg:"" help:"Older version: its first digits."`
	B    string `arg:"" help:"Newer version." optional:""`
	JSON bool   `name:"json" help:"Write JSON."`
	Most int    `help:"How many changed values and bars to show (${default})." default:"20" placeholder:"N"`
}

// Help is shown below the flags.
func (diffCmd) Help() string {
	return "Without a newer version the older one is compared with the current one."
}

// Run runs the command.
func (c *diffCmd) Run(e *env) error {
	a, err := e.findVersion(c.Name, c.A)
	if err != nil {
		return err
	}
	b, err := e.findVersion(c.Name, c.B)
	if err != nil {
		return err
	}
	d, err := e.store.Diff(e.ctx, c.Name, a, b)
	if err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(e.stdout, "-", diffJSON(d))
	}
	e.printDiff(d, max(0, c.Most))
	return nil
}

// A diffReport is a Diff in the shape of its JSON.
type diffReport struct {
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

func diffJSON(d *bundle.Diff) diffReport {
	list := func(s []string) []string { return append([]string{}, s...) } // never null
	r := diffReport{
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

func (e *env) printDiff(d *bundle.Diff, most int) {
	w := e.stdout
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
		fmt.Fprintf(t, "%s\t%s\t%s\t%v\t->\t%v\n", c.Symbol, shortTime(c.Time), c.Field, c.Old, c.New)
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
		fmt.Fprintf(t, "%s\t%s\tbar %s\n", b.Symbol, shortTime(b.Time), change)
	}
	t.Flush()
	more(w, len(d.Bars)+d.MoreBars-most, "bars")
}

func more(w io.Writer, n int, what string) {
	if n > 0 {
		fmt.Fprintf(w, "and %d more %s\n", n, what)
	}
}

// shortTime leaves out a time of day of midnight.
func shortTime(t time.Time) string {
	return strings.TrimSuffix(t.Format("2006-01-02T15:04:05.999999999Z07:00"), "T00:00:00Z")
}

type rmCmd struct {
	Name string `arg:"" help:"Name of the bundle."`
}

// Run runs the command.
func (c *rmCmd) Run(e *env) error {
	r, err := e.store.Remove(e.ctx, c.Name)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "removed %s: %s, %s\n", c.Name, count(r.Versions, "version"), bytesText(float64(r.Bytes)))
	return nil
}

type gcCmd struct {
	Name string `arg:"" optional:"" help:"Name of the bundle; all bundles if left out."`
	Keep int    `help:"How many old versions of each bundle to keep beside the current one: those that were current last (${default})." default:"0" placeholder:"N"`
}

// Run runs the command.
func (c *gcCmd) Run(e *env) error {
	r, err := e.store.GC(e.ctx, c.Name, c.Keep)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "removed %s and %s, %s\n", count(r.Versions, "old version"), count(r.Leftovers, "leftover"), bytesText(float64(r.Bytes)))
	if r.InUse > 0 {
		fmt.Fprintf(e.stdout, "left %s in use\n", count(r.InUse, "version"))
	}
	return nil
}
