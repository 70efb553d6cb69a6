package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/ingest/internal/files"
	"github.com/bmadventure/optcache/cachekit/ingest/internal/unpack"
	"github.com/bmadventure/optcache/cachekit/ingest/internal/when"
	"github.com/bmadventure/optcache/cachekit/internal/bar"
	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/internal/parallel"
)

// An input is a folder of bars on its way into a store.
type input struct {
	options   Options
	dir       string
	frequency market.Frequency // 0 until it is known
	zone      *time.Location   // that was given, or nil
	skipped   []string         // symbols of assets left out by Options.SkipAssets
	sources   []source         // in the order of their paths
	ignored   []string
	warnings  []string
	tables    []*table // one a source
	spool     *spool
}

// A source is one file of bars, or one member of an archive.
type source struct {
	files.File
	member unpack.Member
}

const noBarsMessage = "the folder holds no bars: put CSV or Parquet files into it, such as SYMBOL.csv, one for each asset"

// findInput lists the files of a folder.
func findInput(ctx context.Context, dir string, options Options) (*input, error) {
	in := &input{options: options, dir: dir, frequency: options.Frequency}
	if options.TimeZone != "" {
		zone, err := time.LoadLocation(options.TimeZone)
		if err != nil || options.TimeZone == "Local" {
			return nil, inputProblem(bundle.Problem{Value: bar.Clip(options.TimeZone),
				Message: "there is no such time zone: give a name of the IANA database, such as America/New_York or UTC"})
		}
		in.zone = zone
	}
	only := ""
	if in.frequency != 0 {
		only = in.frequency.String()
	}
	listing, err := files.Find(ctx, dir, files.Options{Frequency: only})
	if err != nil {
		return nil, err
	}
	return in, in.take(ctx, listing)
}

// take opens what was found.
func (in *input) take(ctx context.Context, l *files.Listing) error {
	var all problems
	in.note(l, &all)
	var others []files.File
	for _, f := range l.Files {
		if err := ctx.Err(); err != nil {
			return err
		}
		if f.Format == files.Other {
			others = append(others, f)
			continue
		}
		members, err := unpack.Members(f.Path, unpack.Limits{MaxExpansion: in.options.MaxExpansion})
		if err != nil {
			all.Add(bundle.Problem{File: f.Path, Message: unpackMessage(err)})
			continue
		}
		if f.Format != files.Archive {
			in.sources = append(in.sources, source{f, members[0]})
			continue
		}
		others = append(others, in.takeArchive(f, members, &all)...)
	}
	for _, f := range others {
		if len(in.sources) == 0 {
			all.Add(bundle.Problem{File: f.Path, Message: f.Why})
			continue
		}
		in.ignored = append(in.ignored, in.shown(f.Path))
		in.warnings = append(in.warnings, in.shown(f.Path)+": "+f.Why)
	}
	if !all.Any() && len(in.sources) == 0 {
		all.Add(bundle.Problem{File: in.dir, Message: noBarsMessage})
	}
	slices.Sort(in.ignored)
	return all.err()
}

// note keeps what a listing says beside the files.
func (in *input) note(l *files.Listing, all *problems) {
	for _, p := range l.Problems {
		all.Add(bundle.Problem{File: p.Path, Message: p.Message})
	}
	for _, f := range l.Ignored {
		in.ignored = append(in.ignored, in.shown(f.Path))
	}
	for _, w := range l.Warnings {
		in.warnings = append(in.warnings, in.shown(w.Path)+": "+w.Message)
	}
}

// takeArchive adds the members of an archive that hold bars; it returns those whose format is not read.
func (in *input) takeArchive(f files.File, members []unpack.Member, all *problems) (others []files.File) {
	byName := make(map[string]unpack.Member)
	var names []string
	for _, m := range members {
		byName[m.Name] = m
		names = append(names, m.Name)
	}
	l := files.InArchive(f, names)
	in.note(l, all)
	for _, inner := range l.Files {
		m := byName[inner.Path]
		inner.Path = f.Path + "/" + inner.Path
		if inner.Format == files.Other || inner.Format == files.Archive {
			inner.Why = cmp.Or(inner.Why, "an archive in an archive is not read: unpack it first")
			others = append(others, inner)
			continue
		}
		in.sources = append(in.sources, source{inner, m})
	}
	return others
}

// unpackMessage says what is wrong with a file that cannot be opened.
func unpackMessage(err error) string {
	var wrong *unpack.Error
	if errors.As(err, &wrong) {
		return wrong.Message
	}
	return "the file cannot be read (" + cause(err) + "): make it readable or remove it"
}

// shown returns the path of a file below the folder.
func (in *input) shown(path string) string {
	if short, err := filepath.Rel(in.dir, path); err == nil && !strings.HasPrefix(short, "..") && short != "." {
		return short
	}
	return filepath.Base(path)
}

// readAll reads all files. Problems stay in the tables; the error is that of ctx, or of the disk.
func (in *input) readAll(ctx context.Context, progress func(done, files int)) error {
	in.tables = make([]*table, len(in.sources))
	var mu sync.Mutex
	done := 0
	return parallel.ForEach(ctx, len(in.sources), runtime.GOMAXPROCS(0), func() func(int) error {
		return func(i int) error {
			t := in.newTable(in.sources[i])
			in.tables[i] = t
			in.read(ctx, t, in.sources[i])
			if err := cmp.Or(t.fault, t.finish()); err != nil {
				return err
			}
			if progress != nil {
				mu.Lock()
				defer mu.Unlock()
				done++
				progress(done, len(in.sources))
			}
			return ctx.Err()
		}
	})
}

func (in *input) newTable(s source) *table {
	return &table{
		path: s.Path, symbol: s.Symbol, date: s.Date, named: s.Named(), spool: in.spool,
		badRows: in.options.BadRows, crsp: in.options.CRSP, skipAssets: in.options.SkipAssets, wanted: in.options.Map,
		columns: in.options.Columns, dateFormat: in.options.DateFormat, maxExpansion: in.options.MaxExpansion,
	}
}

// read reads a file as what its first bytes say it is.
func (in *input) read(ctx context.Context, t *table, s source) {
	r, err := s.member.Open()
	if err != nil {
		t.refuse(0, "", "", unpackMessage(err))
		return
	}
	defer r.Close()
	switch {
	case r.Kind == unpack.Parquet:
		t.format, t.rows = "Parquet", true
		in.readParquet(ctx, t, s, r)
	case r.Kind != unpack.Text:
		t.refuse(0, "", "", r.Kind.Advice(filepath.Base(s.Path)))
	case s.Format == files.Parquet:
		if n, _ := r.Read(make([]byte, 1)); n == 0 {
			t.refuse(0, "", "", "the file is empty: write it again or remove it")
			return
		}
		t.refuse(0, "", "", "the file is text and no Parquet file: give it the ending .csv if it has rows, or copy it again")
	default:
		t.format = "CSV"
		if !s.member.Plain {
			t.format = "CSV, compressed"
		}
		if times := t.readText(ctx, r, nil); times != nil {
			in.readAgain(ctx, t, s, times)
		}
	}
}

// readAgain reads a text anew, with the order of day and month that its first reading proved.
func (in *input) readAgain(ctx context.Context, t *table, s source, times *when.Format) {
	format := t.format
	in.forget(t, s)
	t.format, _, _ = strings.Cut(format, ",")
	r, err := s.member.Open()
	if err != nil {
		t.refuse(0, "", "", unpackMessage(err))
		return
	}
	defer r.Close()
	t.readText(ctx, r, times)
}

// readParquet reads a file that must be read at any place: one that was compressed is unpacked into a temporary file.
func (in *input) readParquet(ctx context.Context, t *table, s source, r io.Reader) {
	if s.member.Plain {
		f, err := os.Open(s.Path)
		if err != nil {
			t.refuse(0, "", "", unpackMessage(err))
			return
		}
		defer f.Close()
		in.readParquetFile(ctx, t, s, f)
		return
	}
	t.format = "Parquet, compressed"
	f, err := os.CreateTemp("", "optcache-*.parquet")
	if err != nil {
		t.fault = fmt.Errorf("create a temporary file: %w", err)
		return
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if _, err := io.Copy(f, contextReader{ctx, r}); err != nil {
		t.refuse(0, "", "", unpackMessage(err))
		return
	}
	in.readParquetFile(ctx, t, s, f)
}

func (in *input) readParquetFile(ctx context.Context, t *table, s source, f *os.File) {
	times := t.readParquet(ctx, f, nil)
	if times == nil {
		return
	}
	format := t.format
	in.forget(t, s)
	t.format, t.rows = format, true
	t.readParquet(ctx, f, times)
}

// forget gives a table back what it was before its file was read.
func (in *input) forget(t *table, s source) {
	for _, g := range t.groups {
		in.spool.bars.Add(-int64(g.count() - g.spilled))
	}
	*t = *in.newTable(s)
}

// A contextReader fails once its context has ended.
type contextReader struct {
	ctx context.Context
	io.Reader
}

// Read reads from the reader.
func (r contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
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
