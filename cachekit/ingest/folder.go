package ingest

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/internal/bar"
	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/internal/parallel"
)

// An input is a folder of bars on its way into a store.
type input struct {
	dir          string
	frequency    market.Frequency // 0 until it is known
	zone         *time.Location   // that was given, or nil
	stampedAtEnd bool             // whether a bar within the day carries its end
	skipAssets   bool             // whether assets with prices of zero or below are left out
	skipped      []string         // symbols of those
	session      string           // that was given
	files        []string         // names in dir, sorted
	ignored      []string
	tables       []*table // one a file
	options      Options
	spool        *spool
}

const noBarsMessage = "the folder holds no bars: put SYMBOL.csv, SYMBOL.csv.gz or *.parquet files into it"

// findInput lists the files of a folder.
func findInput(dir string, options Options) (*input, error) {
	in := &input{dir: dir, frequency: options.Frequency, stampedAtEnd: options.StampedAtEnd, skipAssets: options.SkipAssets, session: options.Session, options: options}
	if options.TimeZone != "" {
		zone, err := time.LoadLocation(options.TimeZone)
		if err != nil {
			return nil, inputProblem(bundle.Problem{Value: bar.Clip(options.TimeZone),
				Message: "there is no such time zone: give a name of the IANA database, such as America/New_York or UTC"})
		}
		in.zone = zone
	}
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
		return nil, inputProblem(bundle.Problem{File: dir, Message: noBarsMessage})
	case 2:
		return nil, inputProblem(bundle.Problem{File: dir, Message: "the folder holds both daily and minute bars: " +
			"choose a frequency, or ingest one of the two folders"})
	}
	in.dir, in.frequency, in.ignored = filepath.Join(dir, found[0].String()), found[0], nil
	if _, err := in.list(); err != nil {
		return nil, err
	}
	if len(in.files) == 0 {
		return nil, inputProblem(bundle.Problem{File: in.dir, Message: noBarsMessage})
	}
	return in, nil
}

// list fills in files and ignored and returns the names of the folders.
func (in *input) list() (folders []string, err error) {
	entries, err := os.ReadDir(in.dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, inputProblem(bundle.Problem{File: in.dir, Message: "there is no such folder: check the path"})
	case err != nil:
		return nil, inputProblem(bundle.Problem{File: in.dir,
			Message: "the folder cannot be read (" + cause(err) + "): name a folder that can"})
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

// What a file holds, by its name.
const (
	noBars = iota
	csvBars
	gzipBars
	parquetBars
)

// formats are what people call these.
var formats = [...]string{csvBars: "CSV", gzipBars: "CSV, gzip", parquetBars: "Parquet"}

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
			if err := cmp.Or(in.tables[i].fault, in.tables[i].finish()); err != nil {
				return err
			}
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
	t := &table{spool: in.spool, badRows: in.options.BadRows, crsp: in.options.CRSP, wanted: in.options.Map, path: filepath.Join(in.dir, file), rows: kindOf(file) == parquetBars, skipAssets: in.skipAssets}
	f, err := os.Open(t.path)
	if err != nil {
		t.refuse(0, "", "", "the file cannot be read ("+cause(err)+"): make it readable or remove it")
		return t
	}
	defer f.Close()
	t.format = formats[kindOf(file)]
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

// ignoredColumns returns the names of all columns that were not used, sorted.
func (in *input) ignoredColumns() []string {
	var names []string
	for _, t := range in.tables {
		names = append(names, t.ignored...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
