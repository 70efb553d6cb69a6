package robust

import (
	"math"
	"testing"

	"github.com/bmadventure/optcache/internal/mean"
	"github.com/bmadventure/optcache/internal/stream"
)

// The example of the paper, page 10: an annual Sharpe ratio of 2.5 over five years
// of 250 days, the best of 100 trials whose annual ratios have a variance of 1/2,
// with skewness -3 and kurtosis 10, is 0.9004 likely to be more than luck.
func TestDeflatedSharpeOfThePaper(t *testing.T) {
	expected := math.Sqrt(0.5/250) * expectedMaximum(100)
	if math.Abs(expected-0.1132) > 5e-5 {
		t.Errorf("expected maximum %.5f, want 0.1132", expected)
	}
	if p := probabilistic(2.5/math.Sqrt(250), expected, 1250, -3, 10); math.Abs(p-0.9004) > 5e-5 {
		t.Errorf("probability %.5f, want 0.9004", p)
	}
}

func TestStationaryBootstrapHasBlocksOfTheMeanLength(t *testing.T) {
	returns := make([]float64, 1000)
	for i := range returns {
		returns[i] = float64(i)
	}
	path := make([]float64, 200_000)
	resample(stream.New(1, stream.ForSample, 0), path, returns, 8)
	blocks := 1
	count := make([]int, len(returns))
	for i, v := range path {
		count[int(v)]++
		if i > 0 && v != math.Mod(path[i-1]+1, 1000) {
			blocks++
		}
	}
	if length := float64(len(path)) / float64(blocks); math.Abs(length-8) > 0.2 {
		t.Errorf("blocks are %v long on average, want 8", length)
	}
	for i, n := range count { // each about 200 times, the ends as well as the middle
		if n < 90 || n > 330 {
			t.Errorf("return %d was drawn %d times of about 200", i, n)
		}
	}
}

func TestNormalNumbersAreNormal(t *testing.T) {
	r := stream.New(3, stream.ForSample, 1)
	var x []float64
	for range 100_000 {
		x = append(x, stream.Normal(r))
	}
	m := mean.Of(x)
	skewness, kurtosis := moments(x, m)
	for name, d := range map[string]float64{"mean": m, "deviation": mean.Deviation(x, m) - 1, "skewness": skewness, "kurtosis": kurtosis - 3} {
		if math.Abs(d) > 0.05 {
			t.Errorf("%s is off by %v", name, d)
		}
	}
}
