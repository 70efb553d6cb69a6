package phases

import (
	"testing"
)

func TestPhaseOfStacks(t *testing.T) {
	const our = ModulePath
	for name, c := range map[string]struct {
		want  Phase
		stack []string
	}{
		"hash of a column":     {phaseVerify, []string{"crypto/sha256.block", our + "cachekit/bundle.(*leafHasher).leaf", our + "cachekit/bundle.(*Bundle).Read"}},
		"hash of a key":        {phaseKeys, []string{"crypto/sha256.block", our + "cachekit/bundle.(*content).key", our + "cachekit/optimize.(*Pin).View"}},
		"file":                 {PhaseRead, []string{"syscall.pread", "os.(*File).ReadAt", our + "cachekit/bundle.(*partReader).read", our + "cachekit.(*Cache[go.shape.int,go.shape.*uint8]).fly"}},
		"manifest":             {PhaseOpen, []string{"runtime.mallocgc", our + "cachekit/bundle.parseManifest", our + "cachekit/bundle.(*Store).Open"}},
		"grouping":             {PhaseGroup, []string{our + "cachekit/rt.Texts", our + "generated/bars.NewBars", our + "cachekit/bundle.(*reading).bars", our + "cachekit/bundle.(*Bundle).Read"}},
		"hit":                  {PhaseLookup, []string{our + "internal/table.(*Table[go.shape.int]).Find", our + "cachekit.(*Cache[go.shape.struct { Digest [32]uint8 },go.shape.*uint8]).Get", our + "cachekit/backtest.(*Runner).Run"}},
		"hit of a typed cache": {PhaseLookup, []string{our + "generated/bars.(*BarsCache).Get", our + "cachekit/optimize.(*View).Bars"}},
		"new entry":            {PhaseFill, []string{"runtime.mallocgc", our + "policy.(*lirs).Add", our + "cachekit.(*Cache[a,b[c]]).insert", our + "cachekit.(*Cache[a,b[c]]).fly"}},
		"average":              {PhaseIndicators, []string{our + "cachekit/backtest.fillSMA", our + "cachekit/backtest.Series.Fill", our + "cachekit.(*Cache[x]).fly"}},
		"strategy":             {PhaseBacktest, []string{our + "cachekit/backtest.(*Signals).enterAbove", our + "cachekit/backtest.(*Runner).Run", our + "cachekit/optimize.(*seat[x]).work"}},
		"runner":               {PhaseRunner, []string{"runtime.chansend", our + "cachekit/optimize.(*seat[x]).work"}},
		"collector":            {phaseGarbage, []string{"runtime.scanObject", "runtime.gcDrain", "runtime.gcBgMarkWorker"}},
		"scheduler":            {phaseOther, []string{"runtime.findRunnable", "runtime.schedule"}},
		"nothing":              {phaseOther, nil},
	} {
		if got := Of(c.stack); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestPlainFunction(t *testing.T) {
	for name, want := range map[string]string{
		"main.main": "main.main",
		"a/b.(*C[go.shape.struct { X [3]int }]).Do": "a/b.(*C).Do",
		"a.F[...]":      "a.F",
		"a.F[b[c],d].1": "a.F.1",
	} {
		if got := PlainFunction(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
