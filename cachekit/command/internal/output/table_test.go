package output

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/bmadventure/optcache/cachekit/command/internal/console"
)

// The three forms of a table have the same columns and the same values, to the bit.
func TestTableForms(t *testing.T) {
	values := []float64{0, math.Copysign(0, -1), 0.1, -1e-320, math.MaxFloat64, math.NaN(), math.Inf(1), math.Inf(-1), 1.0 / 3}
	at := time.Date(2020, 2, 3, 14, 30, 0, 123456789, time.UTC)
	x := &Table{Columns: []Column{Col("n", Whole), Col("z_first", Real), Col("a_text", Text), Col("time", Moment)}, Rows: len(values), Cell: func(row, i int) any {
		return []any{int64(row - 4), values[row], fmt.Sprintf("row %d, \"quoted\"\n", row), at.Add(time.Duration(row))}[i]
	},
	}
	dir := t.TempDir()
	for _, form := range Forms {
		if err := ReplaceFile(filepath.Join(dir, "x."+form), func(w io.Writer) error { return x.Write(w, form) }); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := os.ReadFile(filepath.Join(dir, "x.csv"))
	if err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(strings.NewReader(string(raw))).ReadAll()
	if err != nil || len(records) != len(values)+1 || strings.Join(records[0], " ") != "n z_first a_text time" {
		t.Fatalf("%v, %v", records, err)
	}
	var objects []struct {
		N    int64  `json:"n"`
		Z    any    `json:"z_first"`
		Text string `json:"a_text"`
		Time string `json:"time"`
	}
	if err := ReadJSON(filepath.Join(dir, "x.json"), &objects); err != nil || len(objects) != len(values) {
		t.Fatal(objects, err)
	}
	type row struct {
		N    int64   `parquet:"n"`
		Z    float64 `parquet:"z_first"`
		Text string  `parquet:"a_text"`
		Time int64   `parquet:"time,timestamp(nanosecond)"`
	}
	rows, err := parquet.ReadFile[row](filepath.Join(dir, "x.parquet"))
	if err != nil || len(rows) != len(values) {
		t.Fatal(rows, err)
	}
	for i, want := range values {
		z, err := strconv.ParseFloat(records[i+1][1], 64)
		if err != nil || math.Float64bits(z) != math.Float64bits(want) && want == want || z == z != (want == want) {
			t.Errorf("CSV has %s for %v: %v", records[i+1][1], want, err)
		}
		if text, ok := objects[i].Z.(string); ok {
			if text != nonFinite(want) {
				t.Errorf("JSON has %q for %v", text, want)
			}
		} else if objects[i].Z != want {
			t.Errorf("JSON has %v for %v", objects[i].Z, want)
		}
		if math.Float64bits(rows[i].Z) != math.Float64bits(want) {
			t.Errorf("Parquet has %v for %v", rows[i].Z, want)
		}
		text, when := fmt.Sprintf("row %d, \"quoted\"\n", i), at.Add(time.Duration(i))
		if records[i+1][2] != text || objects[i].Text != text || rows[i].Text != text {
			t.Errorf("texts %q, %q, %q", records[i+1][2], objects[i].Text, rows[i].Text)
		}
		if got, err := time.Parse(time.RFC3339Nano, records[i+1][3]); err != nil || !got.Equal(when) || objects[i].Time != records[i+1][3] || rows[i].Time != when.UnixNano() {
			t.Errorf("times %v, %v, %v for %v", records[i+1][3], objects[i].Time, rows[i].Time, when)
		}
		if n := int64(i - 4); records[i+1][0] != fmt.Sprint(n) || objects[i].N != n || rows[i].N != n {
			t.Errorf("numbers %v, %v, %v for %d", records[i+1][0], objects[i].N, rows[i].N, n)
		}
	}
	if err := ReplaceFile(filepath.Join(dir, "y"), func(io.Writer) error { return console.ErrFailed }); !errors.Is(err, console.ErrFailed) {
		t.Errorf("got %v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != len(Forms) {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 12345: "12,345", 1_000_000: "1,000,000"} {
		if got := Thousands(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
}
