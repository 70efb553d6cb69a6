package source

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/bmadventure/optcache/cachekit/bundle"
)

// ReadingFlags say what bars mean when they are read. Nothing of it is stored: the same bundle serves all.
type ReadingFlags struct {
	Adjust         string  `help:"Adjust earlier bars for corporate actions: none, splits, or all (splits and dividends) (none)." enum:"none,splits,all," default:"" placeholder:"WHAT" group:"Reading"`
	Prices         string  `help:"Whether prices are raw or adjusted for splits already, where that is not to be found out from them: raw or split-adjusted." enum:"raw,split-adjusted," default:"" placeholder:"HOW" group:"Reading"`
	PeriodsPerYear float64 `help:"Bars that make a year, where the data are not to say it." placeholder:"N" group:"Reading"`
}

// A Reading is what bars mean when they are read, in the shape of JSON. Its zero value says that the data decide.
type Reading struct {
	Adjust         string  `json:"adjust,omitempty"`
	Prices         string  `json:"prices,omitempty"`
	PeriodsPerYear float64 `json:"periods_per_year,omitempty"`
}

// reading returns what the flags ask for.
func (f *ReadingFlags) reading() Reading {
	r := Reading{Adjust: f.Adjust, Prices: f.Prices, PeriodsPerYear: f.PeriodsPerYear}
	if r.Adjust == bundle.AdjustNone.String() {
		r.Adjust = ""
	}
	return r
}

// Check refuses what cannot be read.
func (r Reading) Check() error {
	if r.PeriodsPerYear < 0 || r.PeriodsPerYear > 1e9 {
		return fmt.Errorf("--periods-per-year %v: must be above 0 and at most 1e9", r.PeriodsPerYear)
	}
	if r.Prices != "" && r.Adjust == "" {
		return fmt.Errorf("--prices %s says how --adjust takes the prices: give --adjust splits or --adjust all", r.Prices)
	}
	_, err := r.Query(0)
	return err
}

// Query returns the query of these fields of all bars.
func (r Reading) Query(fields bundle.Fields) (q bundle.Query, err error) {
	q = bundle.Query{Fields: fields, PeriodsPerYear: r.PeriodsPerYear}
	if r.Adjust != "" {
		if q.Adjust, err = bundle.ParseAdjust(r.Adjust); err != nil {
			return q, fmt.Errorf("--adjust: %w", err)
		}
	}
	if r.Prices != "" {
		if q.Prices, err = bundle.ParsePrices(r.Prices); err != nil {
			return q, fmt.Errorf("--prices: %w", err)
		}
	}
	return q, nil
}

// Flags returns the reading as flags of the command line.
func (r Reading) Flags() (flags []string) {
	for _, f := range []struct{ name, value string }{
		{"adjust", r.Adjust}, {"prices", r.Prices},
	} {
		if f.value != "" {
			flags = append(flags, "--"+f.name+"="+f.value)
		}
	}
	if r.PeriodsPerYear != 0 {
		flags = append(flags, "--periods-per-year="+strconv.FormatFloat(r.PeriodsPerYear, 'g', -1, 64))
	}
	return flags
}

// suspectsShown is how many splits a warning names.
const suspectsShown = 3

// Warn names the bars whose price moves as if the asset was split, and that were not adjusted for.
func Warn(bars *bundle.Bars) []string {
	var lines []string
	for _, s := range bars.SplitSuspects(suspectsShown) {
		at := strings.TrimSuffix(time.Unix(0, s.Time).UTC().Format(time.RFC3339), "T00:00:00Z")
		if s.HasRow {
			lines = append(lines, fmt.Sprintf("%s falls on %s as its split of %v says: earlier prices are raw: give --adjust splits",
				s.Symbol, at, s.Ratio))
			continue
		}
		lines = append(lines, fmt.Sprintf("%s jumps on %s as after a split of %v, which the data do not have: check them",
			s.Symbol, at, s.Ratio))
	}
	return lines
}
