package bundle

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bmadventure/optcache/cachekit/internal/testbed/random"
	"github.com/bmadventure/optcache/cachekit/market"
)

func TestDiffNamesTheCell(t *testing.T) {
	series := walk(3, 300)
	s, a := written(t, market.Daily, series)
	old := series[1].Volume[270]
	series[1].Volume[270] = 12345
	r, err := s.Write(t.Context(), "b", market.Daily, series)
	if err != nil {
		t.Fatal(err)
	}
	d, err := s.Diff(t.Context(), "b", a, r.Version)
	if err != nil {
		t.Fatal(err)
	}
	want := &Diff{
		A: a, B: r.Version,
		Assets: []AssetDiff{{Symbol: "A001", Cells: 1, Fields: Volume}},
		Cells:  []Cell{{Symbol: "A001", Time: time.Unix(0, series[1].Times[270]).UTC(), Field: Volume, Old: old, New: 12345}},
	}
	if diff := cmp.Diff(want, d); diff != "" {
		t.Error(diff)
	}
	if same, err := s.Diff(t.Context(), "b", a, a); err != nil || !same.Empty() || d.Empty() {
		t.Errorf("%+v, %v", same, err)
	}
}

func TestDiffOfAssetsAndFields(t *testing.T) {
	series := walk(3, 3)
	s, a := written(t, market.Daily, series[:2])
	changed := slices.Clone(series[1:])
	changed[1].Split = []float64{1, 1, 2}
	r, err := s.Write(t.Context(), "b", market.Daily, changed)
	if err != nil {
		t.Fatal(err)
	}
	d, err := s.Diff(t.Context(), "b", a, r.Version)
	if err != nil {
		t.Fatal(err)
	}
	want := &Diff{A: a, B: r.Version, AssetsAdded: []string{"A002"}, AssetsRemoved: []string{"A000"}, FieldsAdded: Split}
	if diff := cmp.Diff(want, d); diff != "" {
		t.Error(diff)
	}
	back, err := s.Diff(t.Context(), "b", r.Version, a)
	if err != nil {
		t.Fatal(err)
	}
	want = &Diff{A: r.Version, B: a, AssetsAdded: []string{"A000"}, AssetsRemoved: []string{"A002"}, FieldsRemoved: Split}
	if diff := cmp.Diff(want, back); diff != "" {
		t.Error(diff)
	}
}

func TestDiffIsBoundedAndCountsTheRest(t *testing.T) {
	series := walk(1, 1500)
	s, a := written(t, market.Daily, series)
	for i := range series[0].Volume[:1400] {
		series[0].Volume[i]++
	}
	r, err := s.Write(t.Context(), "b", market.Daily, series)
	if err != nil {
		t.Fatal(err)
	}
	d, err := s.Diff(t.Context(), "b", a, r.Version)
	if err != nil || len(d.Cells) != 1000 || d.MoreCells != 400 || d.Assets[0].Cells != 1400 {
		t.Errorf("%d cells, %d more, %v", len(d.Cells), d.MoreCells, err)
	}
}

func TestDiffOfFrequenciesIsRefused(t *testing.T) {
	s, a := written(t, market.Daily, walk(1, 3))
	r, err := s.Write(t.Context(), "b", market.Minute, walk(1, 3))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Diff(t.Context(), "b", a, r.Version); err == nil {
		t.Error("no error")
	}
}

// TestDiffFindsEveryChange changes, adds and removes bars at random and holds
// the diff against what was done.
func TestDiffFindsEveryChange(t *testing.T) {
	properties(t, 40, func(s sample) string {
		store, a := written(t, s.Frequency, s.Series)
		r := rand.New(rand.NewPCG(s.Seed, 19))
		want := make(map[string]AssetDiff)
		series := random.Sorted(s.Series)
		for i := range series {
			d := AssetDiff{Symbol: series[i].Symbol}
			removed, cells := -1, 0
			if len(series[i].Times) > 1 && r.IntN(2) == 0 {
				removed = r.IntN(len(series[i].Times))
				d.BarsRemoved = 1
			}
			volume := slices.Clone(series[i].Volume)
			for j := range volume {
				if r.IntN(8) == 0 && j != removed {
					volume[j] = float64(1_000_000+r.IntN(1000)) / 3
					cells++
				}
			}
			series[i].Volume = volume
			if removed >= 0 {
				gone := series[i].Times[removed]
				series[i] = random.Filtered(series[i], func(t int64) bool { return t != gone })
			}
			if d.Cells = cells; cells > 0 {
				d.Fields = Volume
			}
			if d.Cells+d.BarsRemoved > 0 {
				want[d.Symbol] = d
			}
		}
		report, err := store.Write(t.Context(), "b", s.Frequency, series)
		if err != nil {
			return err.Error()
		}
		d, err := store.Diff(t.Context(), "b", a, report.Version)
		if err != nil {
			return err.Error()
		}
		got := make(map[string]AssetDiff)
		cells, bars := 0, 0
		for _, asset := range d.Assets {
			got[asset.Symbol] = asset
			cells, bars = cells+asset.Cells, bars+asset.BarsAdded+asset.BarsRemoved
		}
		if cells != len(d.Cells) || bars != len(d.Bars) {
			return fmt.Sprintf("%d cells and %d bars, but %d and %d are listed", cells, bars, len(d.Cells), len(d.Bars))
		}
		// A column may have gone with the asset that had it; that is no change of bars.
		return cmp.Diff(want, got)
	})
}
