package bundle

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/bmadventure/optcache/cachekit/internal/bar"
	"github.com/bmadventure/optcache/cachekit/market"
)

// newer returns the data that is written over that of small.
func newer() []Series {
	series := small()
	series[0].Volume[0]++
	return series
}

// become makes the data of that number the current version.
func become(t *testing.T, s *Store, number int) Version {
	t.Helper()
	series := small()
	series[0].Volume[0] = float64(number)
	r, err := s.Write(t.Context(), "b", market.Daily, series)
	if err != nil {
		t.Fatal(err)
	}
	return r.Version
}

// becomes does so for some numbers in turn.
func becomes(t *testing.T, s *Store, numbers ...int) (versions []Version) {
	t.Helper()
	for _, n := range numbers {
		versions = append(versions, become(t, s, n))
	}
	return versions
}

// TestFailureAtEveryStep fails a write before each of its steps in turn.
func TestFailureAtEveryStep(t *testing.T) {
	broken := errors.New("broken")
	for n := 1; ; n++ {
		s, old := written(t, market.Daily, small())
		var mu sync.Mutex
		var steps []string
		s.step = func(step string) error {
			mu.Lock()
			defer mu.Unlock()
			if steps = append(steps, step); len(steps) == n {
				return broken
			}
			return nil
		}
		r, err := s.Write(t.Context(), "b", market.Daily, newer())
		if err == nil {
			if len(steps) >= n || n < 10 {
				t.Errorf("there are %d steps: %q; %+v", len(steps), steps, r)
			}
			break
		}
		if !errors.Is(err, broken) {
			t.Errorf("step %d: %v", n, err)
		}
		v, err := s.Current("b")
		if last := steps[len(steps)-1]; err != nil || v != old && last != "sync folder" && last != "move history in" {
			t.Errorf("failed at %q: the current version is %s, %v", steps[len(steps)-1], v, err)
		}
		for _, whole := range []Version{v, old} {
			if err := s.Verify(t.Context(), "b", whole); err != nil {
				t.Errorf("failed at %q: %v", steps[len(steps)-1], err)
			}
		}
		if changes, err := s.History("b"); err != nil || changes[0].Version != v || changes[len(changes)-1].Version != old {
			t.Errorf("failed at %q: the history is %v, %v", steps[len(steps)-1], changes, err)
		}
		entries, err := os.ReadDir(s.path("b"))
		if err != nil || len(entries) != 3 {
			t.Errorf("failed at %q: left behind %v, %v", steps[len(steps)-1], entries, err)
		}
	}
}

func TestFailedFirstWriteLeavesNothing(t *testing.T) {
	s := emptyStore(t)
	s.step = func(step string) error {
		if step == "move version in" {
			return errors.New("broken")
		}
		return nil
	}
	if _, err := s.Write(t.Context(), "b", market.Daily, small()); err == nil {
		t.Fatal("no error")
	}
	if entries, err := os.ReadDir(s.Dir()); err != nil || len(entries) != 0 {
		t.Errorf("left behind %v, %v", entries, err)
	}
	if infos, err := s.List(); err != nil || len(infos) != 0 {
		t.Errorf("List returns %+v, %v", infos, err)
	}
}

func TestEqualValuesAreNotWrittenAgain(t *testing.T) {
	s, v := written(t, market.Daily, small())
	before, err := os.Stat(s.versionPath("b", v, "bars-2010.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	var steps []string
	s.step = func(step string) error {
		steps = append(steps, step)
		return nil
	}
	r, err := s.Write(t.Context(), "b", market.Daily, small())
	if err != nil || r.New || r.Repaired || r.Version != v || r.Previous != v {
		t.Errorf("%+v, %v", r, err)
	}
	if !slices.Equal(steps, []string{"create folders"}) {
		t.Errorf("the write did %q", steps)
	}
	if after, err := os.Stat(s.versionPath("b", v, "bars-2010.parquet")); err != nil || !os.SameFile(before, after) {
		t.Errorf("the file was replaced: %v", err)
	}
}

func TestOldVersionBecomesCurrentAgain(t *testing.T) {
	s, v := written(t, market.Daily, small())
	if r, err := s.Write(t.Context(), "b", market.Daily, newer()); err != nil || !r.New || r.Previous != v {
		t.Fatalf("%+v, %v", r, err)
	}
	if r, err := s.Write(t.Context(), "b", market.Daily, small()); err != nil || r.New || r.Version != v {
		t.Fatalf("%+v, %v", r, err)
	}
	if got, err := s.Current("b"); err != nil || got != v {
		t.Errorf("%s, %v", got, err)
	}
	infos, err := s.Versions("b")
	if err != nil || len(infos) != 2 || infos[1].Current || !infos[0].Current || infos[0].Version != v {
		t.Errorf("%+v, %v", infos, err)
	}
}

func TestConcurrentWritersAndReaders(t *testing.T) {
	s, _ := written(t, market.Daily, small())
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			series := small()
			series[0].Volume[0] = float64(i % 3)
			if _, err := s.Write(t.Context(), "b", market.Daily, series); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			for range 20 {
				v, err := s.Current("b")
				if err != nil {
					t.Error(err)
					return
				}
				b, err := s.Open("b", v)
				if errors.Is(err, fs.ErrNotExist) {
					continue // gc was faster
				}
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := b.Read(t.Context(), Query{}); err != nil {
					t.Error(err)
				}
				b.Close()
			}
		})
		wg.Go(func() {
			if _, err := s.GC(t.Context(), "", 0); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	v, err := s.Current("b")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Verify(t.Context(), "b", v); err != nil {
		t.Error(err)
	}
}

func TestFilesAreReadOnly(t *testing.T) {
	s, v := written(t, market.Daily, small())
	for _, path := range append(versionFiles(t, s, v), s.path("b", currentFile), s.path("b", historyFile)) {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o444 {
			t.Errorf("%s: %v, %v", path, info, err)
		}
	}
}

// TestWriteRefuses lists what a program must not pass; what a file must not hold
// is in the tests of CSV.
func TestWriteRefuses(t *testing.T) {
	with := func(change func(*Series)) []Series {
		s := Series{Symbol: "A", Times: []int64{0, bar.Day}, Open: []float64{1, 1}, High: []float64{1, 1}, Low: []float64{1, 1},
			Close: []float64{1, 1}, Volume: []float64{1, 1}}
		change(&s)
		return []Series{s}
	}
	for want, series := range map[string][]Series{
		"there are 0 assets":                                                          nil,
		"A: there are no bars":                                                        {{Symbol: "A"}},
		"A: close: it has 1 values for 2 bars":                                        with(func(s *Series) { s.Close = s.Close[:1] }),
		"A: split: it has 1 values for 2 bars":                                        with(func(s *Series) { s.Split = s.Close[:1] }),
		`A:2: time: "1970-01-01": it occurs twice, here and in line 1`:                with(func(s *Series) { s.Times[1] = 0 }),
		`A:2: time: "1969-12-31": it comes after 1970-01-01 of line 1`:                with(func(s *Series) { s.Times[1] = -bar.Day }),
		`A:2: time: "1970-01-01T00:00:00.000000001Z": a daily bar has no time of day`: with(func(s *Series) { s.Times[1] = 1 }),
		`A:2: volume: "-1": the volume is negative`:                                   with(func(s *Series) { s.Volume[1] = -1 }),
		"A: there are two series for this symbol":                                     append(with(func(*Series) {}), with(func(*Series) {})...),
		"symbol: it is empty":                                                         with(func(s *Series) { s.Symbol = "" }),
		"is outside the years 1678 to 2261":                                           with(func(s *Series) { s.Times[1] = bar.MaxTime + 1 }),
	} {
		s := emptyStore(t)
		_, err := s.Write(t.Context(), "b", market.Daily, series)
		refused(t, want, s, err, want)
	}
	s := emptyStore(t)
	_, err := s.Write(t.Context(), "b", 0, small())
	refused(t, "no frequency", s, err, "it is no frequency")
}

func TestTimesAtTheEndsOfTheirRange(t *testing.T) {
	series := []Series{{Symbol: "A", Times: []int64{bar.MinTime, -1, 0, 1, bar.MaxTime}}}
	for f, c := range series[0].columns() {
		if OHLCV.Has(1 << f) {
			*c = make([]float64, 5)
		}
	}
	s, v := written(t, market.Minute, series)
	bars, err := opened(t, s, v).Read(t.Context(), Query{})
	if err != nil {
		t.Fatal(err)
	}
	if wrong := compareBars(bars, series, OHLCV, always); wrong != "" {
		t.Error(wrong)
	}
}
