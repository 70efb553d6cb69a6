package bundles

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/command/internal/console"
	"github.com/bmadventure/optcache/cachekit/command/internal/output"
	"github.com/bmadventure/optcache/cachekit/command/internal/source"
	"github.com/bmadventure/optcache/cachekit/market"
)

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

// A ShowReport is what show tells, in the shape of its JSON.
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

func more(w io.Writer, n int, what string) {
	if n > 0 {
		fmt.Fprintf(w, "and %d more %s\n", n, what)
	}
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
