package output

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/bmadventure/optcache/cachekit/bundle"
)

// A Bundle is the version that a command ran on and what its bars were taken to mean, in the shape of its JSON.
type Bundle struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Assets  int    `json:"assets"`
	Bars    int    `json:"bars"` // of the longest asset

	Frequency      string   `json:"frequency"`
	TimeZone       string   `json:"timezone"` // of sessions
	Session        string   `json:"session"`  // when one opens and closes there; empty: sessions are dates
	Sessions       int      `json:"sessions"`
	PeriodsPerYear float64  `json:"periods_per_year"`
	Because        string   `json:"periods_per_year_because"`
	Adjust         string   `json:"adjust"`   // none, splits, all
	Adjusted       []string `json:"adjusted"` // symbols whose prices were raw, so that splits were applied
	Left           []string `json:"skipped_assets"`
}

// DescribeBundle says what was read. bars of the longest asset, or of all moments, is how many bars are told.
func DescribeBundle(b *bundle.Bundle, read *bundle.Bars, q bundle.Query, bars int) Bundle {
	c := read.Calendar()
	d := Bundle{
		Name: b.Name(), Version: b.Version().String(), Assets: len(read.Assets()), Bars: bars,
		Frequency: read.Frequency().String(), TimeZone: cmp.Or(q.TimeZone, "UTC"), Session: q.Session,
		Sessions: c.Sessions, PeriodsPerYear: c.PeriodsPerYear, Because: c.Reason(),
		Adjust: q.Adjust.String(), Adjusted: []string{}, Left: []string{},
	}
	for _, a := range read.Adjusted() {
		if a.Prices == bundle.RawPrices {
			d.Adjusted = append(d.Adjusted, a.Symbol)
		}
	}
	for _, n := range b.Facts().Notes {
		if n.Kind == bundle.NoteSkippedAsset {
			d.Left = append(d.Left, n.Symbol)
		}
	}
	return d
}

// symbolsShown is how many symbols a line names.
const symbolsShown = 5

// Print writes the header of a report.
func (b *Bundle) Print(w io.Writer) {
	fmt.Fprintf(w, "bundle   %s, version %.12s: %s, %s\n", b.Name, b.Version, Count(b.Assets, "asset"), Count(b.Bars, "bar"))
	zone := b.TimeZone
	if b.Session != "" {
		zone += " " + b.Session
	}
	adjusted := "prices as they are stored"
	switch b.Adjust {
	case "splits":
		adjusted = "adjusted for splits" + applied(b.Adjusted)
	case "all":
		adjusted = "adjusted for splits and dividends" + applied(b.Adjusted)
	}
	fmt.Fprintf(w, "bars     %s, %s (%s), %s bars a year (%s), %s\n", b.Frequency, Count(b.Sessions, "session"), zone,
		periods(b.PeriodsPerYear), b.Because, adjusted)
	if len(b.Left) > 0 {
		fmt.Fprintf(w, "left out %s: a price of zero or below\n", FirstOf(b.Left))
	}
}

// applied says for which assets splits were applied.
func applied(symbols []string) string {
	if len(symbols) == 0 {
		return " (the prices were already, or there are none)"
	}
	return " (raw prices: " + FirstOf(symbols) + ")"
}

// FirstOf names the first few symbols of a list, and says how many more there are.
func FirstOf(symbols []string) string {
	if n := len(symbols) - symbolsShown; n > 0 {
		return strings.Join(symbols[:symbolsShown], ", ") + fmt.Sprintf(" and %d more", n)
	}
	return strings.Join(symbols, ", ")
}

// periods writes a number of bars to a hundredth, and a whole one without.
func periods(x float64) string { return strings.TrimSuffix(fmt.Sprintf("%.2f", x), ".00") }
