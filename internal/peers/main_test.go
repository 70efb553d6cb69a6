package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bmadventure/optcache/internal/shared"
	"github.com/bmadventure/optcache/internal/simulate"
)

// decode reads rows of JSON and refuses fields that a row has not.
func decode(t *testing.T, text []byte) (rows []row) {
	t.Helper()
	for line := range bytes.Lines(text) {
		d := json.NewDecoder(bytes.NewReader(line))
		d.DisallowUnknownFields()
		var r row
		if err := d.Decode(&r); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if r.Work == "" || r.Cache == "" {
			t.Errorf("%s: a row without work or cache", line)
		}
		rows = append(rows, r)
	}
	return rows
}

// writeTrace writes a small trace into a folder and returns the folder.
func writeTrace(t *testing.T) string {
	var text bytes.Buffer
	z := gzip.NewWriter(&text)
	random := rand.NewZipf(rand.New(rand.NewPCG(3, 3)), 1.2, 1, 1000)
	for range 5_000 {
		fmt.Fprintln(z, random.Uint64())
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "lirs-small.gz"), text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestRows runs the command on a small trace: each line is a row, of a size and a
// cache that was asked for, and no cache beats the optimum.
func TestRows(t *testing.T) {
	var out bytes.Buffer
	if err := run([]string{"-quick", "-json", "-", "-only", "^hit/", "-traces", writeTrace(t)}, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	rows := decode(t, out.Bytes())
	if want := len(percents) * len(quickHits); len(rows) != want {
		t.Errorf("%d rows, want %d", len(rows), want)
	}
	for _, r := range rows {
		if !strings.HasPrefix(r.Work, "hit/lirs-small/") || r.NsOp != nil {
			t.Errorf("unexpected row %+v", r)
		}
		if r.HitRatio == nil || r.Belady == nil || *r.HitRatio > *r.Belady || *r.HitRatio <= 0 {
			t.Errorf("%s of %s: hits %v, the optimum %v", r.Work, r.Cache, r.HitRatio, r.Belady)
		}
	}
}

// TestRowsKeepTheirFigures: what is nil is absent, and the rest comes back.
func TestRowsKeepTheirFigures(t *testing.T) {
	var out bytes.Buffer
	half, none := .5, 0.
	s := sink{lines: &out}
	if err := s.addAll([]row{{Work: "hit/x/1", Cache: "otter", HitRatio: &half}, {Work: "reads", Cache: "otter", NsOp: &half, AllocsOp: &none}}); err != nil {
		t.Fatal(err)
	}
	const want = `{"work":"hit/x/1","cache":"otter","hit_ratio":0.5}
{"work":"reads","cache":"otter","ns_op":0.5,"allocs_op":0}
`
	if out.String() != want {
		t.Errorf("rows are\n%s\nwant\n%s", out.String(), want)
	}
	if rows := decode(t, out.Bytes()); *rows[0].HitRatio != half || *rows[1].NsOp != half || rows[0].NsOp != nil {
		t.Errorf("decoded as %+v", rows)
	}
}

// TestTable: every figure is in it, in the column of its cache.
func TestTable(t *testing.T) {
	ns, ratio, belady := 12.34, .4567, .5
	var s sink
	for _, r := range []row{
		{Work: "reads", Cache: "optcache", NsOp: &ns},
		{Work: "hit/x/1", Cache: "otter", HitRatio: &ratio, Belady: &belady},
		{Work: "hit/x/1", Cache: "theine", Belady: &belady, Note: "held too much"},
	} {
		if err := s.add(r); err != nil {
			t.Fatal(err)
		}
	}
	var out strings.Builder
	if err := s.print(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| reads | 12.3     |", "| work    | otter | belady |", "| hit/x/1 | 45.67 | 50.00  |", "theine: held too much: hit/x/1"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}

// TestWithoutTraces: no traces are no error, but said.
func TestWithoutTraces(t *testing.T) {
	var out, said strings.Builder
	if err := run([]string{"-only", "^hit/", "-traces", t.TempDir()}, &out, &said); err != nil {
		t.Fatal(err)
	}
	if out.Len() != 0 || !strings.Contains(said.String(), "no traces in") {
		t.Errorf("printed %q and said %q", out.String(), said.String())
	}
}

func TestBadUse(t *testing.T) {
	for _, args := range [][]string{{"-only", "("}, {"reads"}, {"-nonsense"}, {"-json", filepath.Join(t.TempDir(), "no", "file")}} {
		if err := run(args, io.Discard, io.Discard); err == nil {
			t.Errorf("%q is accepted", args)
		}
	}
}

// TestSharedTraces runs the public traces where they are, at one size each.
func TestSharedTraces(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	traces, err := simulate.Traces(shared.Path(t, "traces"))
	if err != nil {
		t.Fatal(err)
	}
	if len(traces) == 0 {
		t.Fatal("the folder of traces has none")
	}
	for _, trace := range traces {
		if len(trace.Requests) > 8_000 { // the short ones will do
			continue
		}
		distinct, _ := simulate.Keys(trace.Requests)
		entries := distinct / 10
		best := simulate.Belady(trace.Requests, int64(entries)).Ratio()
		for _, c := range quickHitPlan(time.Time{}).contenders {
			ratio, note := replay(c.make(settings{entries: entries, eager: true}), trace.Requests, entries)
			if note != "" || ratio > best {
				t.Errorf("%s: %s hits %v, the optimum %v: %s", trace.Name, c.name, ratio, best, note)
			}
		}
	}
}
