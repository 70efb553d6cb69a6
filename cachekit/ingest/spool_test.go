package ingest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/internal/testbed/random"
)

// TestValuesThatWaitInAFile gives the version of the values however few of them may wait in memory, whatever the order
// of rows and files.
func TestValuesThatWaitInAFile(t *testing.T) {
	random.Properties(t, 40, func(s sample) string {
		price(s.Series)
		_, v := written(t, s.Frequency, s.Series)
		r := rand.New(rand.NewPCG(s.Seed, 17))
		for kind, write := range map[string]func(*testing.T, string, sample, *rand.Rand) bool{
			"CSV": writeCSVs, "Parquet": writeParquets,
		} {
			dir := t.TempDir()
			if !write(t, dir, s, r) {
				continue
			}
			store := emptyStore(t)
			got, err := Dir(t.Context(), store, "b", dir, Options{Frequency: s.Frequency, held: 1 + r.Int64N(20)})
			if err != nil {
				return kind + ": " + err.Error()
			}
			if got.Version != v {
				return fmt.Sprintf("%s: another version", kind)
			}
			if left, err := os.ReadDir(store.Dir()); err != nil || len(left) != 1 {
				return fmt.Sprintf("left in the store: %v, %v", left, err)
			}
		}
		return ""
	})
}

// TestLongFilesOfManyAssets reads files that spill many times.
func TestLongFilesOfManyAssets(t *testing.T) {
	var long, again, newest strings.Builder
	for _, b := range []*strings.Builder{&long, &again, &newest} {
		b.WriteString("symbol,date,open,high,low,close,volume\n")
	}
	row := func(i int) string {
		day := monday.AddDate(0, 0, i/3).Format(time.DateOnly)
		return fmt.Sprintf("S%d,%s,%d.25,%d,%d,%d.5,%d\n", i%3, day, i+1, i+3, i, i+1, i)
	}
	const rows = 3 * 4000
	for i := 3; i < rows+3; i++ {
		long.WriteString(row(i))
		newest.WriteString(row(rows + 5 - i))
		if again.WriteString(row(i)); i%1000 == 0 {
			again.WriteString(row(i)) // there twice
		}
	}
	versions := make(map[bundle.Version]bool)
	for name, text := range map[string]string{"long": long.String(), "again": again.String(), "newest": newest.String()} {
		for _, most := range []int64{0, 1, 5000} {
			r, err := Dir(t.Context(), emptyStore(t), "b", folder(t, map[string]string{"all.csv": text}), Options{held: most})
			if err != nil || r.Bars != rows {
				t.Fatalf("%s: %+v, %v", name, r, err)
			}
			versions[r.Version] = true
		}
	}
	if len(versions) != 1 {
		t.Errorf("%d versions of the same bars", len(versions))
	}
}
