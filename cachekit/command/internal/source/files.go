package source

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bmadventure/optcache/cachekit/command/internal/console"
	"github.com/bmadventure/optcache/cachekit/ingest"
	"github.com/bmadventure/optcache/cachekit/market"
)

// FileFlags say how the files of a directory are to be understood, where they do not say it themselves.
type FileFlags struct {
	Frequency    string            `help:"What a bar covers: daily, weekly, monthly, quarterly, yearly, hour, minute, second, or a span such as 5min. Left out, the spacing of the bars says it." placeholder:"SPAN" group:"Files"`
	TimeZone     string            `help:"Zone of times without an offset, and of the dates of daily bars, such as America/New_York (UTC, and dates as they are written)." placeholder:"ZONE" name:"timezone" group:"Files"`
	Stamp        string            `help:"Whether a bar within the day carries the time of its start or of its end (start)." placeholder:"start|end" enum:"start,end," default:"" group:"Files"`
	Session      string            `help:"When a session opens and closes in that zone, for markets whose session crosses midnight: 18:00-17:00." placeholder:"HH:MM-HH:MM" group:"Files"`
	Map          map[string]string `help:"Which column of the files is which, where its name does not say it: close=Close/Last,volume=Vol. Fields are date, symbol, open, high, low, close, volume, dividend, split." placeholder:"FIELD=COLUMN" mapsep:"," group:"Files"`
	Columns      []string          `help:"Columns of files without a header, in their order, - for one to leave out: time,open,high,low,close,volume." placeholder:"NAME,..." group:"Files"`
	DateFormat   string            `help:"How dates are written, where the files do not prove it: dd/mm/yyyy, mm/dd/yyyy, %%d.%%m.%%Y %%H:%%M." placeholder:"FORMAT" group:"Files"`
	BadRows      string            `help:"What becomes of rows that cannot be bars: fail, skip, or clamp (an open or close outside low to high is moved there) (fail)." enum:"fail,skip,clamp," default:"" placeholder:"WHAT" group:"Files"`
	CRSP         bool              `help:"A minus before a price marks it as the average of bid and ask, as CRSP has it." name:"crsp" group:"Files"`
	MaxExpansion int64             `help:"How many bytes compressed data may become for each of its own (1000; of a page of Parquet 100)." placeholder:"N" group:"Files"`
	Skip         bool              `help:"Leave out assets that have a price of zero or below, instead of refusing the files." name:"skip-assets" group:"Files"`
}

// given returns the first of the flags that was given, or "".
func (f *FileFlags) given() string {
	for _, flag := range []struct{ name, value string }{
		{"--frequency", f.Frequency}, {"--timezone", f.TimeZone}, {"--stamp", f.Stamp}, {"--session", f.Session}, {"--bad-rows", f.BadRows},
	} {
		if flag.value != "" {
			return flag.name
		}
	}
	switch {
	case f.Skip:
		return "--skip-assets"
	case f.CRSP:
		return "--crsp"
	case len(f.Columns) > 0:
		return "--columns"
	case f.DateFormat != "":
		return "--date-format"
	case len(f.Map) > 0:
		return "--map"
	}
	return ""
}

// Options returns what the flags ask for.
func (f *FileFlags) Options() (ingest.Options, error) {
	o := ingest.Options{TimeZone: f.TimeZone, StampedAtEnd: f.Stamp == "end", SkipAssets: f.Skip, Session: f.Session, CRSP: f.CRSP, Map: f.Map, Columns: f.Columns, DateFormat: f.DateFormat, MaxExpansion: f.MaxExpansion}
	if name := cmp.Or(f.Frequency, "auto"); name != "auto" { // auto is what earlier versions called it
		frequency, err := market.ParseFrequency(name)
		if err != nil {
			return o, console.Usage(err)
		}
		o.Frequency = frequency
	}
	for what := range f.Map {
		if !slices.Contains(mapped, what) {
			return o, console.Usage(fmt.Errorf("--map %s=%s: there is no field %q: must be one of %s",
				what, f.Map[what], what, strings.Join(mapped, ", ")))
		}
	}
	if f.BadRows != "" {
		rows, err := ingest.ParseBadRows(f.BadRows)
		if err != nil {
			return o, console.Usage(err)
		}
		o.BadRows = rows
	}
	return o, nil
}

// mapped are what --map may name a column for.
var mapped = []string{"date", "symbol", "open", "high", "low", "close", "volume", "dividend", "split"}

// check refuses the flags where no files are read.
func (f *FileFlags) check(bundle string) error {
	flag := f.given()
	switch {
	case flag == "":
		return nil
	case bundle != "":
		return errors.New(flag + " says how files are read, but the bundle " + bundle +
			" was ingested before: leave it out, or ingest the files again with it")
	}
	return errors.New(flag + " says how files are read: name them with --data DIR")
}
