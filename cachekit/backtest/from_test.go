package backtest

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/bmadventure/optcache/cachekit/bundle"
)

// A script is a strategy that has its signals written down.
type script struct {
	buy, sell []bool
	cost      float64
}

func (*script) Name() string                 { return "script/1" }
func (*script) Validate() error              { return nil }
func (s *script) Cost() float64              { return s.cost }
func (*script) Series(dst []Series) []Series { return dst }
func (s *script) Decide(b *BarData, w *Signals) {
	for i := b.From; i < b.To; i++ {
		if s.buy[i] {
			w.Enter(i)
		}
		if s.sell[i] {
			w.Exit(i)
		}
	}
}

// TestRunFromAgreesWithTheNaiveModel: an account that is opened at some bar begins
// in cash and buys what would be held by then at its cost; worked out bar by bar.
func TestRunFromAgreesWithTheNaiveModel(t *testing.T) {
	parameters := gopter.DefaultTestParametersWithSeed(1)
	parameters.MinSuccessfulTests = 500
	p := gopter.NewProperties(parameters)
	p.Property("the same account", prop.ForAll(func(seed uint64) string {
		r := rand.New(rand.NewPCG(seed, 3))
		n := 1 + r.IntN(200)
		s := &script{cost: float64(r.IntN(3)) * 12.5}
		var g bundle.Group
		for i := range n {
			g.Times = append(g.Times, int64(i))
			g.Open, g.Close = append(g.Open, 50+r.Float64()), append(g.Close, 50+r.Float64())
			s.buy, s.sell = append(s.buy, r.IntN(5) == 0), append(s.sell, r.IntN(5) == 0)
		}
		from := r.IntN(n)
		got := make([]float64, n-from)
		if err := new(Runner).RunFrom(context.Background(), s, g, from, got); err != nil {
			return err.Error()
		}
		if want := openedAt(s, g, from); !slices.Equal(got, want) {
			return fmt.Sprintf("from bar %d of %d: %v, want %v", from, n, got, want)
		}
		if from > 0 {
			return ""
		}
		whole := make([]float64, n)
		if _, err := new(Runner).RunAsset(context.Background(), s, g, 252, whole); err != nil || !slices.Equal(whole, got) {
			return fmt.Sprintf("from the first bar: %v, a whole run has %v, %v", got, whole, err)
		}
		return ""
	}, gen.UInt64()))
	p.TestingRun(t)
}

// openedAt is an account that is opened at bar from, the slow way.
func openedAt(s *script, g bundle.Group, from int) (equity []float64) {
	wanted := false // what the strategy would hold, or has ordered
	for i := range from {
		wanted = !wanted && s.buy[i] || wanted && !s.sell[i]
	}
	cash, price, held := 1.0, 0.0, false
	for i := from; i < len(g.Times); i++ {
		switch {
		case wanted && !held:
			held, price = true, g.Open[i]*(1+s.cost/10_000)
		case !wanted && held:
			held, cash = false, cash*(g.Open[i]*(1-s.cost/10_000)/price)
		}
		if equity = append(equity, cash); held {
			equity[i-from] = cash * (g.Close[i] / price)
		}
		wanted = !wanted && s.buy[i] || wanted && !s.sell[i]
	}
	return equity
}

// A position from before the account costs what any purchase costs.
func TestRunFromPaysForWhatItHolds(t *testing.T) {
	s := &script{buy: make([]bool, 8), sell: make([]bool, 8), cost: 100}
	s.buy[1] = true
	same := slices.Repeat([]float64{100}, 8)
	g := bundle.Group{Times: make([]int64, 8), Open: same, Close: same}
	equity := make([]float64, 4)
	if err := new(Runner).RunFrom(t.Context(), s, g, 4, equity); err != nil {
		t.Fatal(err)
	}
	for i, e := range equity {
		if math.Abs(e-1/1.01) > 1e-15 {
			t.Errorf("bar %d: equity %v, want %v: a purchase at 1 %%", 4+i, e, 1/1.01)
		}
	}
	for _, from := range []int{-1, 8} {
		if err := new(Runner).RunFrom(t.Context(), s, g, from, equity); err == nil {
			t.Errorf("from bar %d of 8 passes", from)
		}
	}
}
