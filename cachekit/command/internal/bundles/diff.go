package bundles

import (
	"fmt"
	"math"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/command/internal/console"
	"github.com/bmadventure/optcache/cachekit/command/internal/output"
	"github.com/bmadventure/optcache/cachekit/command/internal/source"
)

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
	Old    *float64  `json:"old"` // null for a volume that is not known
	New    *float64  `json:"new"`
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
		r.Cells = append(r.Cells, cellReport{c.Symbol, c.Time, c.Field.String(), known(c.Old), known(c.New)})
	}
	for _, b := range d.Bars {
		r.Bars = append(r.Bars, barReport{b.Symbol, b.Time, b.Added})
	}
	return r
}

// known returns v as JSON can say it: nil for NaN.
func known(v float64) *float64 {
	if math.IsNaN(v) {
		return nil
	}
	return &v
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
