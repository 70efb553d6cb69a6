package optimize

import (
	"context"
	"fmt"
	"testing"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/internal/simulate"
)

// TestTheFutureIsToldInParts goes through more requests than are told at a time: the parts join, and the hits are those
// of who knows it all.
func TestTheFutureIsToldInParts(t *testing.T) {
	const assets, batches = 64, 2600
	store, err := bundle.OpenStore(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	var all []bundle.Series
	for i := range assets {
		c := []float64{1, 2, 3}
		all = append(all, bundle.Series{Symbol: fmt.Sprintf("S%02d", i), Times: []int64{0, 1, 2}, Open: c, High: c, Low: c, Close: c, Volume: c})
	}
	if _, err := store.Write(t.Context(), "b", market.Minute, all); err != nil {
		t.Fatal(err)
	}
	f := &schedule{starts: []int{0}}
	for i := range 5 {
		f.series = append(f.series, backtest.Series{Indicator: backtest.SMA, Length: 1 + i})
	}
	for b := range batches {
		f.asked = append(f.asked, int32(b%5), int32((b+1+b/5%3)%5))
		f.starts = append(f.starts, len(f.asked))
	}
	run := func(kb float64) (cachekit.Stats, []simulate.Request) {
		w, err := NewWorkspace(cachekit.Config{CacheSizeGB: kb / (1 << 20)}, store)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		p, err := w.Pin("b")
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		v, err := p.View(bundle.Query{Fields: bundle.Open | bundle.Close})
		if err != nil {
			t.Fatal(err)
		}
		bars, err := v.Bars(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		unpin, _ := w.bars.Pin(v.key)
		defer unpin()
		told := newKeyPlan(v, bars, f, 1)
		if told == nil {
			t.Fatal("the cache does not want to know what comes")
		}
		if newKeyPlan(v, bars, f, 1) != nil {
			t.Error("two tell the same cache what comes")
		}
		var asked []simulate.Request
		ctx := context.Background()
		for b := range batches {
			told.begins(b)
			for i := range bars.Assets() {
				for _, n := range f.batch(b) {
					if _, err := v.column(ctx, bars.Group(i), f.series[n]); err != nil {
						t.Fatal(err)
					}
					asked = append(asked, simulate.Request{Key: uint64(n)*assets + uint64(i), Size: 1})
				}
			}
		}
		told.close()
		if again := newKeyPlan(v, bars, f, 1); again == nil {
			t.Error("nobody else may tell afterwards")
		} else {
			again.close()
		}
		return w.series.Stats(), asked
	}
	whole, asked := run(10_000)
	if len(asked) <= lookahead || whole.Entries != 5*assets {
		t.Fatalf("%d requests for %d series", len(asked), whole.Entries)
	}
	got, _ := run(float64(whole.Used-whole.Bytes/2) / 1024)
	best := simulate.Belady(asked, int64(got.Entries)).Hits
	t.Logf("room for %d of %d series: %d of %d requests are hits, the optimum is %d", got.Entries, whole.Entries, got.Hits, len(asked), best)
	if got.Hits > uint64(best) || float64(got.Hits) < 0.999*float64(best) {
		t.Errorf("%d of %d requests are hits, the optimum is %d", got.Hits, len(asked), best)
	}
}
