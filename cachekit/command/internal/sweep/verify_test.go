package sweep

import (
	"math"
	"strings"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/command/internal/console"
	"github.com/bmadventure/optcache/cachekit/command/internal/trials"
	"github.com/bmadventure/optcache/cachekit/search"
)

// What is verified is spread over all trials, and the best is among it.
func TestEvenly(t *testing.T) {
	properties := gopter.NewProperties(nil)
	properties.Property("n trials, rising, with the best", prop.ForAll(func(n, trials, best int) bool {
		best %= trials
		picked := evenly(n, trials, best)
		if len(picked) > min(n, trials) || n >= trials && len(picked) != trials || n > 2 && len(picked) < min(n, trials)-1 {
			return false
		}
		found := n == 0
		for i, at := range picked {
			if at < 0 || at >= trials || i > 0 && at <= picked[i-1] {
				return false
			}
			found = found || at == best
		}
		return found && (n < 4 || picked[0] == 0 && picked[len(picked)-1] == trials-1)
	}, gen.IntRange(0, 60), gen.IntRange(1, 200), gen.IntRange(0, 1000)))
	properties.TestingRun(t)
}

// verify must find any difference, wherever it is.
func TestCompareFindsADifference(t *testing.T) {
	timed := make(trials.Outcomes[backtest.Crossover], 3)
	batch := search.List[numbered[backtest.Crossover]]{{at: 0, trial: 0}, {at: 1, trial: 1}, {at: 2, trial: 2}}
	assets := []string{"A", "B"}
	base := func() []detail {
		d := make([]detail, 6)
		for i := range d {
			d[i].metrics.Sharpe = math.NaN()
			d[i].metrics.CAGR = float64(i)
		}
		return d
	}
	if d := compareDetails(batch, assets, timed, "here", base(), "there", base()); d != "" {
		t.Errorf("equal, and yet %s", d)
	}
	for _, c := range []struct {
		name   string
		change func(*detail)
		want   []string
	}{
		{"a metric", func(d *detail) { d.metrics.CAGR = 7 }, []string{"trial 1", "asset B", "cagr", "3 here", "7 there"}},
		{"the sign of zero", func(d *detail) { d.metrics.MaxDrawdown = math.Copysign(0, -1) }, []string{"max_drawdown", "0 here", "-0 there"}},
		{"a count", func(d *detail) { d.metrics.Trades = 1 }, []string{"trades"}},
		{"the curve", func(d *detail) { d.curve[31] = 1 }, []string{"trial 1", "asset B", "equity curve"}},
	} {
		changed := base()
		c.change(&changed[3])
		got := compareDetails(batch, assets, timed, "here", base(), "there", changed)
		for _, want := range c.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %q is not in %q", c.name, want, got)
			}
		}
	}
	other := make(trials.Outcomes[backtest.Crossover], 3)
	other[2].Result.Trades = 1
	if err := samePortfolios(timed, other); err == nil || !strings.Contains(err.Error(), "trial 2") {
		t.Errorf("got %v", err)
	}
	other[2].Err = console.ErrFailed
	if err := samePortfolios(timed, other); err == nil || !strings.Contains(err.Error(), "failed in one run only") {
		t.Errorf("got %v", err)
	}
}
