package command

import (
	"bytes"
	"strings"
	"testing"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/command/internal/build"
	"github.com/bmadventure/optcache/cachekit/command/internal/console"
)

// own is a crossover under a name that a test chooses.
type own struct {
	backtest.Crossover
	Mode string `optcache:"long|flat"`
}

func (own) Name() string               { return "own/1" }
func (s own) WithCost(bps float64) own { s.CostBps = bps; return s }

// older is one whose rules have the name of those that come along.
type older struct{ own }

func (older) Name() string                 { return "crossover/0" }
func (s older) WithCost(bps float64) older { s.CostBps = bps; return s }

// faulty has a tag that makes no sense.
type faulty struct {
	own
	Window int8 `optcache:"1:5"`
}

func (s faulty) WithCost(bps float64) faulty { s.CostBps = bps; return s }

func commandWith(t *testing.T, families []Family, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status := run(t.Context(), append(args, "--store="+t.TempDir()), &stdout, &stderr, families...)
	return result{status, stdout.String(), stderr.String()}
}

// What is wrong with a strategy is the programmer's to mend: status 2 and one line, whatever the command is.
func TestStrategyMistakes(t *testing.T) {
	for want, families := range map[string][]Family{
		`strategy "crossover": there is another one of that name: name yours otherwise`:                          {Strategy[own]("crossover", "own")},
		`strategy "a": there is another one of that name`:                                                        {Strategy[own]("a", "own"), Strategy[older]("a", "older")},
		`strategy "b": method Name returns "own/1", and the strategy "a" has rules of that name`:                 {Strategy[own]("a", "own"), Strategy[own]("b", "own")},
		`strategy "a": method Name returns "crossover/0", and the strategy "crossover" has rules of that name, `: {Strategy[older]("a", "older")},
		`strategy "a": field Window: a parameter is an int, a float64, a string or a bool, and not int8`:         {Strategy[faulty]("a", "faulty")},
		`strategy "a b": --strategy cannot say its name`:                                                         {Strategy[own]("a b", "own")},
		"a strategy is an empty Family: make it by command.Strategy":                                             {{}},
	} {
		for _, args := range [][]string{{"--help"}, {"sweep", "--assets=2", "--bars=40", "--trials=2"}} {
			r := commandWith(t, families, args...)
			told := strings.HasPrefix(r.stderr, "optcache: "+want) && strings.Count(r.stderr, "\n") == 1
			if r.status != console.ExitUsage || !told || r.stdout != "" {
				t.Errorf("%v: want status 2 and %q, got %v", args, want, r)
			}
		}
	}
}

// The help of the commands that run trials has the parameters of every strategy, and examples in the program's name.
func TestHelpHasTheParameters(t *testing.T) {
	families := []Family{Strategy[own]("own", "a crossover of one's own")}
	lines := []string{
		"    crossover   fast=5:50:5 slow=20:120:5, fast < slow\n",
		"    momentum    window=10:120:10 threshold=0:0.1:0.01\n",
		"    reversion   window=10:60:10 entry=-2.5:-1:0.5 exit=-0.5:1:0.5, entry < exit\n",
		"    breakout    entry=10:100:10 exit=5:50:5\n",
		"    own         fast=5:50:5 slow=20:120:5 \"mode=long|flat\", fast < slow\n",
	}
	for _, name := range []string{"", "sweep", "walkforward", "montecarlo", "profile", "doctor", "bench", "bundle"} {
		r := commandWith(t, families, strings.Fields(name+" --help")...)
		for _, line := range lines {
			takes := name != "doctor" && name != "bench" && name != "bundle"
			if strings.Contains(r.stdout, line) != takes {
				t.Errorf("%s --help: %q, want %v, is not so in\n%s", name, line, takes, r.stdout)
			}
		}
		if r.status != console.ExitDone || strings.Contains(r.stdout, "${") {
			t.Errorf("%s --help: %v", name, r)
		}
		if name != "" && name != "bundle" && !strings.Contains(r.stdout, "\n    optcache "+name+" ") {
			t.Errorf("%s --help has no example:\n%s", name, r.stdout)
		}
	}
}

func TestVersion(t *testing.T) {
	r := commandWith(t, nil, "--version")
	if r.status != console.ExitDone || !strings.HasPrefix(r.stdout, build.Module+" ") || !strings.Contains(r.stdout, "\ngo1.") {
		t.Error(r)
	}
}

func TestProgramName(t *testing.T) {
	for want, args := range map[string][]string{"optcache": {}, "dip": {"/usr/local/bin/dip"}, "my.dips": {"./my.dips.exe", "sweep"}} {
		if got := programName(args); got != want {
			t.Errorf("%q is called %q, want %q", args, got, want)
		}
	}
}
