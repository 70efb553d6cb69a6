// Package pq reads columns of Parquet files, whatever program wrote them, and knows nothing of what they mean.
//
// A file is not trusted. Its footer and page headers are read with bounds, every page is inflated to exactly the
// size that its header gives (which [Limits] holds against the bytes that it takes in the file), and values are
// decoded as they are asked for, a [Batch] at a time: nothing is allocated by what a file claims. So the memory of
// reading is a page and a dictionary for each column that is asked for, and other columns cost nothing.
//
// The pages are not read by the Parquet library that writes bundles: its release 0.32 keeps the wrong buffer after
// inflating LZ4 (parquet-go#608), panics on damaged files (#537), and allocates by counts in pages: 10,000 files of
// 20 KB with some flipped bits made it take 546 MB, and this package 70 MB.
package pq

import (
	"context"
	"fmt"
	"io"
	"slices"
)

// Limits bound what a file may cost. The zero value of each stands for its default.
type Limits struct {
	// MaxExpansion is how many times its compressed size a page may be, above 4 MiB that every page may have. The
	// default is 100: bars seldom reach 20, and LZ4 cannot exceed 255.
	MaxExpansion int

	// RowsPerByte is how many rows a file may declare for each of its bytes. The default is 100: a column of
	// distinct times takes a byte for some 30 rows in the densest encoding, and prices take more than times.
	RowsPerByte int

	// Columns is how many columns a file may have, those within nested ones counted. The default is 10,000.
	Columns int
}

func (l Limits) withDefaults() Limits {
	if l.MaxExpansion <= 0 {
		l.MaxExpansion = 100
	}
	if l.RowsPerByte <= 0 {
		l.RowsPerByte = 100
	}
	if l.Columns <= 0 {
		l.Columns = 10_000
	}
	return l
}

// An Error says what is wrong with a file, and where.
type Error struct {
	Column  string // "" if it is no column's
	Row     int64  // from 1 on; 0 if it is no row's
	Message string // what is wrong and what to do
}

func (e *Error) Error() string {
	switch {
	case e.Column == "":
		return e.Message
	case e.Row == 0:
		return fmt.Sprintf("column %q: %s", e.Column, e.Message)
	}
	return fmt.Sprintf("column %q, row %d: %s", e.Column, e.Row, e.Message)
}

func refuse(format string, args ...any) error { return &Error{Message: fmt.Sprintf(format, args...)} }

// A File is an open Parquet file. It may be read by several goroutines at a time.
type File struct {
	r       io.ReaderAt
	limits  Limits
	columns []Column
	leaves  []leaf // of the columns; the zero leaf for those that are not read
	groups  []group
	rows    int64
	index   []string
}

// Open reads the footer of a file of size bytes. An [Error] says why a file is not taken.
func Open(r io.ReaderAt, size int64, limits Limits) (*File, error) {
	if err := recognize(r, size); err != nil {
		return nil, err
	}
	limits = limits.withDefaults()
	meta, err := readMeta(r, size, limits)
	if err != nil {
		return nil, err
	}
	f := &File{r: r, limits: limits, groups: meta.groups, rows: meta.rows}
	f.columns, f.leaves = meta.columns()
	f.addZones(meta)
	return f, nil
}

// Columns returns the columns at the top level, in the order of the file.
func (f *File) Columns() []Column { return slices.Clone(f.columns) }

// Rows returns the number of rows that the file declares. It is within [Limits].
func (f *File) Rows() int64 { return f.rows }

// Index returns the names of the columns that pandas had as its index, if it wrote the file and they are in it. An
// index that only counts rows is in no column.
func (f *File) Index() []string { return slices.Clone(f.index) }

// batchRows is how many rows a batch has at most.
const batchRows = 4096

// Read calls each with all rows, in order, of the columns at those indices of [File.Columns]. It stops with the
// first error of each or of ctx, or an [Error] if the file is not what its footer says. The batch is reused.
func (f *File) Read(ctx context.Context, columns []int, each func(*Batch) error) error {
	for _, c := range columns {
		if k := f.columns[c].Kind; k == Nested || k == Other {
			return &Error{Column: f.columns[c].Name, Message: "a column of type " + f.columns[c].Type + " is not read"}
		}
	}
	b := Batch{Columns: make([]Values, len(columns))}
	texts := make([]interner, len(columns))
	for _, g := range f.groups {
		readers := make([]reader, len(columns))
		for i, c := range columns {
			readers[i] = f.reader(c, g, &texts[i])
		}
		for left := g.rows; left > 0; left -= int64(b.Len) {
			b.Len = int(min(left, batchRows))
			for i := range readers {
				if err := readers[i].read(ctx, b.First, b.Len, &b.Columns[i]); err != nil {
					return err
				}
			}
			if err := each(&b); err != nil {
				return err
			}
			b.First += int64(b.Len)
		}
	}
	return ctx.Err()
}
