package bundle

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/bmadventure/optcache/cachekit/internal/bar"
	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/internal/parallel"
)

// IngestOptions are options of [Store.IngestDir]; the zero value asks for the
// usual.
type IngestOptions struct {
	// Frequency of the bars. 0 finds it out: bars are minute bars if any of
	// them has a time of day other than midnight.
	Frequency market.Frequency

	// Progress is called after each file that was read, never concurrently. nil
	// is no progress.
	Progress func(done, files int)
}

// IngestDir reads a folder of bars and makes it a version of a bundle, and the
// current one, as [Store.Write] does.
//
// The folder holds one CSV file for each asset, SYMBOL.csv or SYMBOL.csv.gz, or
// Parquet files, which have a column symbol and any number of assets each. If it
// holds neither but a folder daily or minute, that one is read. A CSV file
// begins with a header. Columns, in any order and any case, are date (or
// timestamp, datetime, time, day), open, high, low, close, volume and, if
// wanted, dividend and split; others are ignored and reported. The rows of a CSV
// file are in the order of time, those of Parquet files in any.
//
// Prices are kept as they are: splits and dividends become columns and are not
// applied to them.
//
// Bad input gives an [*InputError] with up to 20 problems of all files, and
// nothing is written.
func (s *Store) IngestDir(ctx context.Context, name, dir string, options IngestOptions) (*Report, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	in, err := findInput(dir, options)
	if err != nil {
		return nil, err
	}
	if err := in.readAll(ctx, options.Progress); err != nil {
		return nil, err
	}
	series, err := in.series()
	if err != nil {
		return nil, err
	}
	r, err := s.Write(ctx, name, in.frequency, series)
	if err != nil {
		return nil, err
	}
	r.Files, r.IgnoredFiles, r.IgnoredColumns = len(in.files), in.ignored, in.ignoredColumns()
	return r, nil
}

// An input is a folder of bars on its way into a store.
type input struct {
	dir       string
	frequency market.Frequency // 0 until it is known
	files     []string         // names in dir, sorted
	ignored   []string
	tables    []*table // one a file
}

// A table is what one file holds: rows of one or many assets, as they are in
// the file.
type table struct {
	path    string
	rows    bool   // whether lines are rows of a Parquet file, which may come in any order
	time    string // name of the column of times
	ignored []string
	groups  []*rowGroup
	problems
}

// A rowGroup is the rows of one asset in one file.
type rowGroup struct {
	series  Series
	lines   []int32 // of each bar; the row in a Parquet file
	offsets []int32 // seconds east of UTC in which each time was written; nil if all are 0
}

// findInput lists the files of a folder.
func findInput(dir string, options IngestOptions) (*input, error) {
	in := &input{dir: dir, frequency: options.Frequency}
	folders, err := in.list()
	if err != nil || len(in.files) > 0 {
		return in, err
	}
	var found []market.Frequency
	for _, f := range []market.Frequency{market.Daily, market.Minute} {
		if slices.Contains(folders, f.String()) && (in.frequency == 0 || in.frequency == f) {
			found = append(found, f)
		}
	}
	switch len(found) {
	case 0:
		return nil, inputProblem(Problem{File: dir, Message: "the folder holds no bars: put SYMBOL.csv, SYMBOL.csv.gz or *.parquet files into it"})
	case 2:
		return nil, inputProblem(Problem{File: dir, Message: "the folder holds both daily and minute bars: choose a frequency, or ingest one of the two folders"})
	}
	in.dir, in.frequency, in.ignored = filepath.Join(dir, found[0].String()), found[0], nil
	if _, err := in.list(); err != nil {
		return nil, err
	}
	if len(in.files) == 0 {
		return nil, inputProblem(Problem{File: in.dir, Message: "the folder holds no bars: put SYMBOL.csv, SYMBOL.csv.gz or *.parquet files into it"})
	}
	return in, nil
}

// list fills in files and ignored and returns the names of the folders.
func (in *input) list() (folders []string, err error) {
	entries, err := os.ReadDir(in.dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, inputProblem(Problem{File: in.dir, Message: "there is no such folder: check the path"})
	case err != nil:
		return nil, inputProblem(Problem{File: in.dir, Message: "the folder cannot be read (" + cause(err) + "): name a folder that can"})
	}
	for _, e := range entries {
		info, err := os.Stat(filepath.Join(in.dir, e.Name())) // follows links
		switch {
		case err == nil && info.IsDir():
			folders = append(folders, e.Name())
		case kindOf(e.Name()) != noBars && (err != nil || info.Mode().IsRegular()):
			in.files = append(in.files, e.Name())
		default:
			in.ignored = append(in.ignored, e.Name())
		}
	}
	return folders, nil
}

// cause returns what went wrong with a file, without its name.
func cause(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

// What a file holds, by its name.
const (
	noBars = iota
	csvBars
	gzipBars
	parquetBars
)

func kindOf(file string) int {
	lower := strings.ToLower(file)
	switch {
	case strings.HasPrefix(file, "._"): // what macOS leaves beside files on foreign disks
		return noBars
	case strings.HasSuffix(lower, ".csv"):
		return csvBars
	case strings.HasSuffix(lower, ".csv.gz"):
		return gzipBars
	case strings.HasSuffix(lower, ".parquet"):
		return parquetBars
	}
	return noBars
}

// symbolOf returns the symbol of a CSV file: its name less .csv or .csv.gz.
func symbolOf(file string) string {
	if kindOf(file) == gzipBars {
		file = file[:len(file)-len(".gz")]
	}
	return file[:len(file)-len(".csv")]
}

// readAll reads all files. Problems stay in the tables; the error is that of
// ctx.
func (in *input) readAll(ctx context.Context, progress func(done, files int)) error {
	in.tables = make([]*table, len(in.files))
	var mu sync.Mutex
	done := 0
	return parallel.ForEach(ctx, len(in.files), runtime.GOMAXPROCS(0), func() func(int) error {
		return func(i int) error {
			in.tables[i] = in.read(ctx, in.files[i])
			if progress != nil {
				mu.Lock()
				defer mu.Unlock()
				done++
				progress(done, len(in.files))
			}
			return ctx.Err()
		}
	})
}

func (in *input) read(ctx context.Context, file string) *table {
	t := &table{path: filepath.Join(in.dir, file), rows: kindOf(file) == parquetBars}
	f, err := os.Open(t.path)
	if err != nil {
		t.Add(Problem{File: t.path, Message: "the file cannot be read (" + cause(err) + "): make it readable or remove it"})
		return t
	}
	defer f.Close()
	switch kindOf(file) {
	case parquetBars:
		t.readParquet(ctx, f)
	case gzipBars:
		t.readGzip(ctx, f, symbolOf(file))
	default:
		t.readCSV(ctx, f, symbolOf(file))
	}
	return t
}

// series joins the tables into one series for each asset.
func (in *input) series() ([]Series, error) {
	in.findFrequency()
	in.checkSymbols()
	var all problems
	bySymbol := make(map[string][]*rowGroup)
	for _, t := range in.tables {
		for _, g := range t.groups {
			if in.frequency == market.Daily {
				g.toDates(t)
			}
			if !t.rows {
				g.checkOrder(in.frequency, t)
			}
			bySymbol[g.series.Symbol] = append(bySymbol[g.series.Symbol], g)
		}
		all.Merge(t.List)
	}
	if all.Any() {
		return nil, all.err()
	}
	series := make([]Series, 0, len(bySymbol))
	for _, groups := range bySymbol {
		series = append(series, join(groups))
	}
	return series, in.checkRepeated(series)
}

// findFrequency decides about bars whose frequency was not given.
func (in *input) findFrequency() {
	if in.frequency != 0 {
		return
	}
	in.frequency = market.Daily
	for _, t := range in.tables {
		for _, g := range t.groups {
			for i := range g.series.Times {
				if g.wallClock(i)%bar.Day != 0 {
					in.frequency = market.Minute
					return
				}
			}
		}
	}
}

// wallClock returns the time of bar i as it was written, as if it were in UTC.
func (g *rowGroup) wallClock(i int) int64 {
	if g.offsets == nil {
		return g.series.Times[i]
	}
	return g.series.Times[i] + int64(g.offsets[i])*1e9
}

// toDates makes dates of the times of daily bars: midnight as it was written,
// wherever that was.
func (g *rowGroup) toDates(t *table) {
	for i := range g.series.Times {
		at := g.wallClock(i)
		if wrong := bar.CheckTime(market.Daily, at); wrong != "" {
			t.Add(Problem{File: t.path, Line: int(g.lines[i]), Column: t.time, Value: bar.FormatTime(market.Minute, at), Message: wrong})
		}
		g.series.Times[i] = at
	}
	g.offsets = nil
}

// checkOrder adds a problem for every row of a CSV file that is not after the
// one before it.
func (g *rowGroup) checkOrder(frequency market.Frequency, t *table) {
	times := g.series.Times
	for i := 1; i < len(times); i++ {
		if times[i] <= times[i-1] {
			t.Add(Problem{File: t.path, Line: int(g.lines[i]), Column: t.time, Value: bar.FormatTime(frequency, times[i]),
				Message: bar.OrderMessage(times[i] == times[i-1], bar.FormatTime(frequency, times[i-1]), int(g.lines[i-1]))})
		}
	}
}

// checkSymbols adds a problem for every symbol that cannot be one, and for every
// file that has the symbol of another, unless both are Parquet.
func (in *input) checkSymbols() {
	seen := make(map[string]*table)
	for _, t := range in.tables {
		mine := make(map[string]bool)
		for _, g := range t.groups {
			symbol := g.series.Symbol
			if wrong := bar.CheckSymbol(symbol); wrong != "" {
				t.Add(Problem{File: t.path, Column: "symbol", Value: bar.Clip(symbol), Message: "the symbol " + wrong + ": rename it"})
			}
			other, ok := seen[symbol]
			if ok && !mine[symbol] && !(t.rows && other.rows) {
				t.Add(Problem{File: t.path, Column: "symbol", Value: bar.Clip(symbol),
					Message: "this symbol is in " + other.path + " too: remove one of the files"})
			}
			if !ok {
				seen[symbol] = t
			}
			mine[symbol] = true
		}
	}
}

// join makes one series of the rows of one asset, in the order of time.
func join(groups []*rowGroup) Series {
	if len(groups) == 1 {
		groups[0].series.sort()
		return groups[0].series
	}
	s := Series{Symbol: groups[0].series.Symbol}
	for _, g := range groups {
		s.appendRows(&g.series)
	}
	s.sort()
	return s
}

// appendRows appends the rows of r. A column that only some files have gets the
// value that says nothing in the rows of the others.
func (s *Series) appendRows(r *Series) {
	before, after := len(s.Times), len(s.Times)+len(r.Times)
	s.Times = append(s.Times, r.Times...)
	for f, to := range s.columns() {
		from := *r.columns()[f]
		if from == nil && *to == nil {
			continue
		}
		*to = bar.Pad(*to, before, f)
		*to = bar.Pad(append(*to, from...), after, f)
	}
}

// sort brings the rows into the order of time.
func (s *Series) sort() {
	if bar.Ascending(s.Times) {
		return
	}
	order := make([]int, len(s.Times))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(s.Times[i], s.Times[j]) })
	permute(s.Times, order)
	for _, c := range s.columns() {
		if *c != nil {
			permute(*c, order)
		}
	}
}

// checkRepeated refuses two rows for one time, which only Parquet files can
// still have.
func (in *input) checkRepeated(series []Series) error {
	slices.SortFunc(series, func(a, b Series) int { return strings.Compare(a.Symbol, b.Symbol) })
	var all problems
	for i := range series {
		times := series[i].Times
		for j := 1; j < len(times); j++ {
			if times[j] == times[j-1] {
				all.Add(Problem{File: in.dir, Column: "time", Value: bar.FormatTime(in.frequency, times[j]),
					Message: fmt.Sprintf("asset %q has two rows for this time: remove one of them", series[i].Symbol)})
			}
		}
	}
	return all.err()
}

// ignoredColumns returns the names of all columns that were not used, sorted.
func (in *input) ignoredColumns() []string {
	var names []string
	for _, t := range in.tables {
		names = append(names, t.ignored...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// permute moves to each position i of s what stood at order[i].
func permute[E any](s []E, order []int) {
	old := slices.Clone(s)
	for i, from := range order {
		s[i] = old[from]
	}
}
