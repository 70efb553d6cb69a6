package output

import (
	"fmt"
	"math"
	"testing"
)

// Figures stay short however large they are.
func TestFiguresAreShort(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0.0000", 1.23456: "1.2346", -0.05: "-0.0500", 9_999_999: "9999999.0000", 1e200: "1.0000e+200", -4.5e9: "-4.5000e+09", math.Inf(1): "+Inf",
	} {
		if got := fmt.Sprintf("%.4f", Fixed(v)); got != want {
			t.Errorf("%v is shown as %s, want %s", v, got, want)
		}
	}
	if got := fmt.Sprintf("%.4f", Fixed(math.NaN())); got != "NaN" {
		t.Error(got)
	}
	for v, want := range map[float64]string{0.5: "0.50", 12.34: "12.3", 123.6: "124", 999_999_999: "999999999", 1e300: "1.00e+300"} {
		if got := Figure(v); got != want {
			t.Errorf("%v is shown as %s, want %s", v, got, want)
		}
	}
	for n, want := range map[int]string{0: "0 trials", 1: "1 trial", 2: "2 trials"} {
		if got := Count(n, "trial"); got != want {
			t.Error(got)
		}
	}
}
