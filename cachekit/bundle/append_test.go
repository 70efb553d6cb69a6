package bundle

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/bmadventure/optcache/cachekit/internal/bar"
	"github.com/bmadventure/optcache/cachekit/internal/testbed/random"
	"github.com/bmadventure/optcache/cachekit/market"
)

// divide deals the bars of series to two sides, some to both; a side has no series without bars.
func divide(series []Series, r *rand.Rand) (a, b []Series) {
	for _, s := range series {
		side := make(map[int64]int)
		for _, t := range s.Times {
			side[t] = r.IntN(3)
		}
		left := random.Filtered(s, func(t int64) bool { return side[t] != 1 })
		right := random.Filtered(s, func(t int64) bool { return side[t] != 0 })
		if len(left.Times) > 0 {
			a = append(a, left)
		}
		if len(right.Times) > 0 {
			b = append(b, right)
		}
	}
	return a, b
}

// Bars that are appended make the version that they would make if they were written at once.
func TestAppendEqualsWritingAllAtOnce(t *testing.T) {
	properties(t, 25, func(s sample) string {
		a, b := divide(s.Series, rand.New(rand.NewPCG(s.Seed, 29)))
		if len(a) == 0 || len(b) == 0 {
			return ""
		}
		store, first := written(t, s.Frequency, a)
		r, err := store.Append(context.Background(), "b", Facts{}, rowsOf(b), AppendOptions{})
		if err != nil {
			return err.Error()
		}
		if _, want := written(t, s.Frequency, s.Series); r.Version != want || r.Previous != first {
			return "another version"
		}
		if err := store.Verify(context.Background(), "b", r.Version); err != nil {
			return err.Error()
		}
		if again, err := store.Append(context.Background(), "b", Facts{}, rowsOf(b), AppendOptions{}); err != nil || again.New {
			return fmt.Sprintf("appended twice: %+v, %v", again, err)
		}
		return ""
	})
}

func TestAppendWithFactsAddsUpNotes(t *testing.T) {
	s, err := OpenStore(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	f := Facts{market.Daily, "Europe/Berlin", "", []Note{{"row skipped", "A000", 2, "x"}}}
	for range 2 { // the first makes the bundle
		if _, err := s.Append(t.Context(), "b", f, rowsOf(small()), AppendOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	v, err := s.Current("b")
	if err != nil {
		t.Fatal(err)
	}
	f = opened(t, s, v).Facts()
	if want := []Note{{"row skipped", "A000", 4, "x"}}; f.TimeZone != "Europe/Berlin" || !slices.Equal(f.Notes, want) {
		t.Errorf("%+v", f)
	}
	for what, f := range map[string]Facts{
		"frequency": {Frequency: market.Weekly}, "timezone": {TimeZone: "Asia/Tokyo"}, "session": {Session: "18:00-17:00"},
	} {
		_, err := s.Append(t.Context(), "b", f, rowsOf(small()), AppendOptions{})
		if input := (*InputError)(nil); !errors.As(err, &input) || input.Problems[0].Column != what {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestOtherValuesAreRefusedUnlessTheyReplace(t *testing.T) {
	s, old := written(t, market.Daily, small())
	series := small()[1:]
	series[0].Volume[3] = math.NaN()
	series[0].High[4]++
	_, err := s.Append(t.Context(), "b", Facts{}, rowsOf(series), AppendOptions{})
	var input *InputError
	if !errors.As(err, &input) || len(input.Problems) != 2 {
		t.Fatal(err)
	}
	for i, want := range []struct {
		line   int
		column string
		was    float64
	}{{4, "volume", small()[1].Volume[3]}, {5, "high", small()[1].High[4]}} {
		p := input.Problems[i]
		day := bar.FormatTime(market.Daily, series[0].Times[want.line-1])
		if p.File != "A001" || p.Line != want.line || p.Column != want.column || !strings.Contains(p.Message, day) ||
			!strings.Contains(p.Message, "has "+bar.FormatFloat(want.was)+":") {
			t.Errorf("%s", p)
		}
	}
	if v, err := s.Current("b"); err != nil || v != old {
		t.Errorf("the current version is %s, %v", v, err)
	}
	r, err := s.Append(t.Context(), "b", Facts{}, rowsOf(series), AppendOptions{Replace: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, want := written(t, market.Daily, []Series{small()[0], series[0]}); r.Version != want {
		t.Error("another version than that of the new values")
	}
}

// What gets no new bars is not read: here it cannot be.
func TestAppendReadsOnlyWhatBarsJoin(t *testing.T) {
	series := walk(3, 900) // 2010 to 2013
	until := func(t int64) bool { return t < series[0].Times[899] }
	s, v := written(t, market.Daily, []Series{random.Filtered(series[0], until), series[1], series[2]})
	path := s.versionPath("b", v, "bars-2010.parquet")
	data := readFile(t, path)
	data[len(data)/2] ^= 1
	alter(t, path, data)
	r, err := s.Append(t.Context(), "b", Facts{}, rowsOf(series[:1]), AppendOptions{})
	if !errors.Is(err, ErrCorrupt) { // all of A000 is given: its bars of 2010 are compared
		t.Errorf("bars join damaged ones: %+v, %v", r, err)
	}
	last := series[0].slice(899, 900)
	if r, err = s.Append(t.Context(), "b", Facts{}, []Rows{&last}, AppendOptions{}); err != nil || r.Shared != 3 {
		t.Fatalf("%+v, %v", r, err)
	}
	if _, want := written(t, market.Daily, series); r.Version != want {
		t.Error("another version")
	}
	// To write it once more finds the damage and mends it.
	if r, err = s.Write(t.Context(), "b", market.Daily, series); err != nil || !r.Repaired {
		t.Errorf("%+v, %v", r, err)
	}
	if err := s.Verify(t.Context(), "b", r.Version); err != nil {
		t.Error(err)
	}
}

// size returns the bytes of all files of a bundle on the disk: a file with two names counts once.
func size(t *testing.T, s *Store) (bytes int64) {
	t.Helper()
	var seen []os.FileInfo
	versions, err := s.versions("b")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range versions {
		for _, e := range must(os.ReadDir(s.versionPath("b", v))) {
			info := must(e.Info())
			if !slices.ContainsFunc(seen, func(i os.FileInfo) bool { return os.SameFile(i, info) }) {
				seen, bytes = append(seen, info), bytes+info.Size()
			}
		}
	}
	return bytes
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestOneMoreBarCostsItsPartition(t *testing.T) {
	series := walk(4, 2600) // ten years
	less := slices.Clone(series)
	less[3] = series[3].slice(0, 2599)
	for how, write := range map[string]func(s *Store) (*Report, error){
		"write": func(s *Store) (*Report, error) { return s.Write(t.Context(), "b", market.Daily, series) },
		"append": func(s *Store) (*Report, error) {
			one := series[3].slice(2599, 2600)
			return s.Append(t.Context(), "b", Facts{}, []Rows{&one}, AppendOptions{})
		},
		"no links": func(s *Store) (*Report, error) {
			s.link = func(string, string) error { return errors.ErrUnsupported }
			return s.Write(t.Context(), "b", market.Daily, series)
		},
	} {
		s, old := written(t, market.Daily, less)
		before := size(t, s)
		r, err := write(s)
		if err != nil {
			t.Fatal(how, err)
		}
		grown := float64(size(t, s)-before) / float64(before)
		if shared := how != "no links"; shared && (grown > 0.25 || r.Shared != 9) || !shared && (grown < 0.9 || r.Shared != 0) {
			t.Errorf("%s: the store grew by %.0f %%, %d files are shared", how, 100*grown, r.Shared)
		}
		for _, v := range []Version{old, r.Version} {
			if err := s.Verify(t.Context(), "b", v); err != nil {
				t.Error(how, err)
			}
		}
		if gone, err := s.GC(t.Context(), "b", 0); err != nil || gone.Versions != 1 {
			t.Error(how, gone, err)
		}
		bars, err := opened(t, s, r.Version).Read(t.Context(), Query{})
		if err != nil {
			t.Fatal(how, err)
		}
		if wrong := compareBars(bars, series, OHLCV, always); wrong != "" {
			t.Errorf("%s: after gc: %s", how, wrong)
		}
	}
}

func TestDamagedFilesAreNotShared(t *testing.T) {
	series := walk(2, 600)
	s, v := written(t, market.Daily, series)
	path := s.versionPath("b", v, "bars-2010.parquet")
	data := readFile(t, path)
	data[100] ^= 1
	alter(t, path, data)
	series[0].High[599]++
	r, err := s.Write(t.Context(), "b", market.Daily, series)
	if err != nil || r.Shared != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	if err := s.Verify(t.Context(), "b", r.Version); err != nil {
		t.Error(err)
	}
}

func TestLossesAreToldBeforeTheyHappen(t *testing.T) {
	series := walk(3, 300)
	cut := series[1].slice(2, 299)
	less := []Rows{&series[0], &cut}
	s, old := written(t, market.Daily, series)
	_, err := s.WriteRows(t.Context(), "b", Facts{Frequency: market.Daily}, less, WriteOptions{})
	var lost *LossError
	if !errors.As(err, &lost) {
		t.Fatal(err)
	}
	if v, err := s.Current("b"); err != nil || v != old {
		t.Errorf("the current version is %s, %v", v, err)
	}
	day := func(i int) string { return bar.FormatTime(market.Daily, series[1].Times[i]) }
	want := "1 asset (A002); bars of 1 asset (A001 3 bars, " + day(0) + " to " + day(299) + ")"
	if lost.String() != want || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "--replace") {
		t.Errorf("%v, want %s", err, want)
	}
	r, err := s.WriteRows(t.Context(), "b", Facts{Frequency: market.Daily}, less, WriteOptions{Replace: true})
	if err != nil || r.Lost == nil || r.Lost.String() != want {
		t.Fatalf("%+v, %v", r, err)
	}
	r, err = s.WriteRows(t.Context(), "b", Facts{Frequency: market.Daily}, rowsOf(series), WriteOptions{})
	if err != nil || r.Lost != nil || r.Version != old {
		t.Errorf("more than there was: %+v, %v", r, err)
	}
}
