package simulate

import (
	"compress/gzip"
	"math/bits"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"
)

// optimum tries everything that a cache for capacity keys of size 1 can do.
func optimum(keys []uint64, capacity int, in uint64) int {
	if len(keys) == 0 {
		return 0
	}
	key := uint64(1) << keys[0]
	if in&key != 0 {
		return 1 + optimum(keys[1:], capacity, in)
	}
	best := optimum(keys[1:], capacity, in) // do not let it in
	if bits.OnesCount64(in) < capacity {
		return max(best, optimum(keys[1:], capacity, in|key))
	}
	for rest := in; rest != 0; rest &= rest - 1 {
		victim := rest & -rest
		best = max(best, optimum(keys[1:], capacity, in&^victim|key))
	}
	return best
}

func TestBeladyIsTheOptimum(t *testing.T) {
	properties := gopter.NewProperties(gopter.DefaultTestParametersWithSeed(1))
	properties.Property("nothing that a cache can do hits more", prop.ForAll(
		func(keys []uint64, capacity int) bool {
			requests := make([]Request, len(keys))
			for i, k := range keys {
				requests[i] = Request{k, 1}
			}
			return Belady(requests, int64(capacity)).Hits == optimum(keys, capacity, 0)
		},
		gen.SliceOfN(11, gen.UInt64Range(0, 5)),
		gen.IntRange(1, 4),
	))
	properties.TestingRun(t)
}

func TestBeladyOnALoop(t *testing.T) {
	// After the first time round, a cache for 25 of 100 keys can hit 25 of each
	// 100 requests at most.
	r := Belady(Loop(0, 100, 10_000), 25)
	if want := 25 * 99; r.Hits != want {
		t.Errorf("%d hits, want %d", r.Hits, want)
	}
}

func TestBeladySizes(t *testing.T) {
	requests := []Request{{1, 60}, {2, 30}, {3, 30}, {2, 30}, {3, 30}, {1, 60}, {1, 70}}
	// The large one is needed last, and leaves for the third; then it comes back,
	// and is hit although it grows.
	want := Result{Requests: 7, Hits: 3, Bytes: 310, HitBytes: 130}
	if got := Belady(requests, 100); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestReadTrace(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []Request
		err  string
	}{
		"lirs-a.gz":      {"5\n 7\n\n5\n*\n", []Request{{5, 1}, {7, 1}, {5, 1}}, ""},
		"lirs-b":         {"5\nx\n", nil, `line 2, "x"`},
		"arc-a.gz":       {"10 3 0 0\n9 1 0 1\n", []Request{{10, 1}, {11, 1}, {12, 1}, {9, 1}}, ""},
		"arc-b":          {"10\n", nil, "at least 2 fields"},
		"arc-c":          {"10 y\n", nil, "line 1"},
		"arc-d":          {"1 1 0 0\n10 99999999999999999999 0 0\n", nil, "line 2"}, // it once took all memory
		"arc-e":          {"10 4000000000 0 0\n", nil, "at most 1048576 keys"},
		"arc-f":          {"18446744073709551615 2 0 0\n", nil, "none beyond"},
		"weighted-a.csv": {"version,time,op,size,lbn\n1,2,28,512,77\n", []Request{{77, 512}}, ""},
		"weighted-b.csv": {"1,2,28,0,77\n", nil, "at least 1"},
		"weighted-c.csv": {"1,2,28\n", nil, "5 fields"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			write(t, path, c.text)
			got, err := ReadTrace(path)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) || !strings.Contains(err.Error(), path) {
					t.Fatalf("error is %v, want one with %q and the path", err, c.err)
				}
				return
			}
			if err != nil || !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %v, %v, want %v", got, err, c.want)
			}
		})
	}
	if _, err := ReadTrace(filepath.Join(t.TempDir(), "none.gz")); err == nil {
		t.Error("a file that is not there gives no error")
	}
}

// write writes text to a file, compressed if its name says so.
func write(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if !strings.HasSuffix(path, ".gz") {
		if _, err := f.WriteString(text); err != nil {
			t.Fatal(err)
		}
		return
	}
	z := gzip.NewWriter(f)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestSynthetic(t *testing.T) {
	const n = 20_000
	names := make(map[string]bool)
	again := Synthetic(n)
	for i, w := range Synthetic(n) {
		if names[w.Name] {
			t.Errorf("two streams are called %s", w.Name)
		}
		names[w.Name] = true
		if len(w.Requests) != n {
			t.Errorf("%s has %d requests, want %d", w.Name, len(w.Requests), n)
		}
		if distinct, _ := Keys(w.Requests); distinct < 2 || distinct > n {
			t.Errorf("%s asks for %d different keys", w.Name, distinct)
		}
		if !reflect.DeepEqual(w, again[i]) {
			t.Errorf("%s is not the same in every call", w.Name)
		}
	}
}

func TestKeys(t *testing.T) {
	distinct, bytes := Keys([]Request{{1, 5}, {2, 7}, {1, 9}})
	if distinct != 2 || bytes != 16 {
		t.Errorf("got %d keys of %d bytes, want 2 of 16", distinct, bytes)
	}
}

type never struct{}

func (never) Request(uint64, int64) bool { return false }

func TestRatios(t *testing.T) {
	if r := (Result{}); r.Ratio() != 0 || r.ByteRatio() != 0 {
		t.Error("a ratio of nothing is not 0")
	}
	r := Result{Requests: 4, Hits: 1, Bytes: 10, HitBytes: 4}
	if r.Ratio() != 0.25 || r.ByteRatio() != 0.4 {
		t.Errorf("ratios are %v and %v, want 0.25 and 0.4", r.Ratio(), r.ByteRatio())
	}
	if got := Run(never{}, []Request{{1, 3}}); got != (Result{Requests: 1, Bytes: 3}) {
		t.Errorf("a cache that never hits: %+v", got)
	}
}

func TestTraces(t *testing.T) {
	if all, err := Traces(filepath.Join(t.TempDir(), "none")); err != nil || len(all) != 0 {
		t.Errorf("a directory that is not there has traces %v, error %v", all, err)
	}
	const dir = "../../../shared/traces"
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("the public traces are not here: %v", err)
	}
	all, err := Traces(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"lirs-loop": 1011, "lirs-gli": 2529, "lirs-ps": 3083, "arc-oltp": 186_880}
	for _, w := range all {
		if n, ok := want[w.Name]; ok {
			if got, _ := Keys(w.Requests); got != n {
				t.Errorf("%s has %d different keys, want %d", w.Name, got, n)
			}
			delete(want, w.Name)
		}
	}
	if len(want) > 0 {
		t.Errorf("not found: %v", want)
	}
}
