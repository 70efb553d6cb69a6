package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// A row is what one cache did at one piece of work. What was not measured, or
// cannot be compared, is nil.
type row struct {
	Work       string   `json:"work"`
	Cache      string   `json:"cache"`
	NsOp       *float64 `json:"ns_op,omitempty"`       // wall time over all operations of all goroutines
	AllocsOp   *float64 `json:"allocs_op,omitempty"`   // heap allocations an operation
	BytesEntry *float64 `json:"bytes_entry,omitempty"` // heap an entry beyond key and value
	HitRatio   *float64 `json:"hit_ratio,omitempty"`   // 0 to 1, of requests or, in work "bytehit/", of bytes
	Belady     *float64 `json:"belady,omitempty"`      // the same of the clairvoyant optimum
	Note       string   `json:"note,omitempty"`        // why a figure is missing or not to be compared
}

// A sink takes rows as they come: it writes them as JSON, one a line, unless
// lines is nil.
type sink struct {
	lines io.Writer
	rows  []row
}

func (s *sink) add(r row) error {
	s.rows = append(s.rows, r)
	if s.lines == nil {
		return nil
	}
	if err := json.NewEncoder(s.lines).Encode(r); err != nil {
		return fmt.Errorf("writing a row of %s: %w", r.Work, err)
	}
	return nil
}

func (s *sink) addAll(rows []row) error {
	for _, r := range rows {
		if err := s.add(r); err != nil {
			return err
		}
	}
	return nil
}

// A figure is one column of rows, and how people read it.
type figure struct {
	title  string
	of     func(row) *float64
	format string
	scale  float64
}

var figures = []figure{
	{"ns an operation: wall time over all operations of all goroutines", func(r row) *float64 { return r.NsOp }, "%.1f", 1},
	{"heap allocations an operation", func(r row) *float64 { return r.AllocsOp }, "%.2f", 1},
	{"heap bytes an entry beyond key and value", func(r row) *float64 { return r.BytesEntry }, "%.1f", 1},
	{"hits per cent", func(r row) *float64 { return r.HitRatio }, "%.2f", 100},
}

// print writes a table for each figure that was measured, with a line for each
// piece of work and a column for each cache.
func (s *sink) print(w io.Writer) error {
	for _, f := range figures {
		if err := s.table(w, f); err != nil {
			return fmt.Errorf("printing the table of %s: %w", f.title, err)
		}
	}
	return s.notes(w)
}

func (s *sink) table(w io.Writer, f figure) error {
	var works, caches []string
	cells := make(map[[2]string]string)
	for _, r := range s.rows {
		v := f.of(r)
		if v == nil {
			continue
		}
		works, caches = include(works, r.Work), include(caches, r.Cache)
		cells[[2]string{r.Work, r.Cache}] = fmt.Sprintf(f.format, f.scale**v)
		if r.Belady != nil {
			caches = include(caches, "belady")
			cells[[2]string{r.Work, "belady"}] = fmt.Sprintf(f.format, f.scale**r.Belady)
		}
	}
	if len(works) == 0 {
		return nil
	}
	fmt.Fprintf(w, "\n%s\n\n", f.title)
	tw := tabwriter.NewWriter(w, 0, 0, 1, ' ', 0)
	fmt.Fprintf(tw, "| work\t| %s\t|\n", strings.Join(caches, "\t| "))
	fmt.Fprintf(tw, "|---%s\t|\n", strings.Repeat("\t|--:", len(caches)))
	for _, work := range works {
		fmt.Fprintf(tw, "| %s", work)
		for _, cache := range caches {
			fmt.Fprintf(tw, "\t| %s", cells[[2]string{work, cache}])
		}
		fmt.Fprint(tw, "\t|\n")
	}
	return tw.Flush()
}

// notes writes what is not compared, and why: once for each reason and cache.
func (s *sink) notes(w io.Writer) error {
	type reason struct{ cache, note string }
	works := make(map[reason][]string)
	for _, r := range s.rows {
		if r.Note != "" {
			works[reason{r.Cache, r.Note}] = append(works[reason{r.Cache, r.Note}], r.Work)
		}
	}
	var lines []string
	for why, at := range works {
		lines = append(lines, fmt.Sprintf("%s: %s: %s", why.cache, why.note, strings.Join(at, ", ")))
	}
	slices.SortFunc(lines, cmp.Compare)
	for _, line := range lines {
		if _, err := fmt.Fprintf(w, "\n%s\n", line); err != nil {
			return err
		}
	}
	return nil
}

// include returns list with s at its end if s is not in it.
func include(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// median returns the median of values, which it sorts; there is at least one.
func median(values []float64) float64 {
	slices.Sort(values)
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}
