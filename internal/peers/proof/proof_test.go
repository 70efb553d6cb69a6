package proof

import (
	"errors"
	"flag"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/dgraph-io/ristretto/v2"

	"github.com/bmadventure/optcache/property_test"
)

var record = flag.Bool("record", false, "write the findings of README.md")

// properties are all that the suite asks.
var properties = []string{
	"sequential", "keeps", "keys", "zero", "batch", "bound", "oversize", "pins", "order", "versions", "expiry", "aliasing",
	"statistics", "races", "once", "waiters", "faults", "leaks", "stress",
}

// suite is what the suite is told of a cache in a manner.
func (s shown) suite() propertytest.Suite[string, []int] {
	suite := propertytest.Suite[string, []int]{
		New:              func(capacity int, load loader) cache { return s.make(s.manner, capacity, load) },
		Keys:             []string{"", "a", "b", "ab", "ba", "A"},
		Value:            value,
		Mutate:           func(v []int) { v[len(v)-1]++ },
		LRU:              s.lru,
		ExpireAfterWrite: s.life,
	}
	if s.weighed {
		suite.Size = func(_ string, v []int) int64 { return weight(v) }
		suite.Big = func(capacity int, key string, version int) []int {
			return append(value(key, version), make([]int, heaviest/8*capacity)...)
		}
	}
	return suite
}

// value is a list of one to three numbers that no two keys and versions share.
func value(key string, version int) []int {
	v := []int{version}
	for _, b := range []byte(key) {
		v = append(v, int(b))
	}
	return v
}

// A finding is what came of one property.
type finding struct {
	outcome string
	trace   string // of what fails
	detail  string // why it cannot be asked, or the report of what fails
}

const (
	holds   = "holds"
	unasked = "cannot be asked"
	fails   = "**fails**"
	apart   = "" // another manner asks
)

// skipped begins the reason of what a suite's Skip names.
const skipped = "the suite skips it: "

// How many random traces each property runs: recorded where README.md is written.
const (
	usual    = 200
	recorded = 1000
)

// TestPeers: what holds of each cache and what fails is what README.md says. To see a failure's
// report, play its trace as the report says; with -record all is found anew.
func TestPeers(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	readme := string(text)
	found := make([][]findings, len(peers))
	t.Cleanup(func() { compare(t, readme, found) })
	for i, p := range peers {
		found[i] = make([]findings, len(p.shown))
		for j, s := range p.shown {
			t.Run(p.name+"/"+s.name, func(t *testing.T) {
				t.Parallel()
				if os.Getenv(trace) != "" {
					propertytest.Run(t, s.suite())
					return
				}
				found[i][j] = s.find(t, func(property string) []string { return kept(readme, p.name, property) })
			})
		}
	}
}

// trace is the variable by which one trace is played.
const trace = "OPTCACHE_TRACE"

// compare holds what was found against README.md, or writes it there.
func compare(t *testing.T, readme string, found [][]findings) {
	switch {
	case os.Getenv(trace) != "" || t.Failed():
		return
	}
	for i := range peers {
		for j := range found[i] {
			if found[i][j] == nil {
				return // only some were run
			}
		}
		leaveApart(found[i])
	}
	if *record {
		write(t, readme, found)
		return
	}
	for i, p := range peers {
		if table := p.table(found[i]); !strings.Contains(readme, table) {
			t.Errorf("README.md tells other things of %s than what is so; look at it, judge it, and write it with -record:\n%s", p.name, table)
		}
	}
}

// leaveApart empties the fields of what cannot be asked in one manner where another asks it.
func leaveApart(found []findings) {
	for _, property := range properties {
		asked := slices.ContainsFunc(found, func(f findings) bool { return f[property].outcome == holds || f[property].outcome == fails })
		for _, f := range found {
			if asked && f[property].outcome == unasked && !strings.HasPrefix(f[property].detail, skipped) {
				f[property] = finding{outcome: apart}
			}
		}
	}
}

// find asks all properties of one cache in a manner, the kept traces of each first.
func (s shown) find(t *testing.T, kept func(property string) []string) findings {
	all := findings{}
	for _, property := range properties {
		if s.asks != "" && !slices.Contains(strings.Fields(s.asks), property) {
			all[property] = finding{outcome: apart}
			continue
		}
		suite := s.suite()
		suite.Skip = map[string]string{}
		for name, skip := range s.skips {
			suite.Skip[name] = skip.why
		}
		if property == "stress" { // on real threads, what fails in the bubble fails again
			maps.Copy(suite.Skip, s.judged)
		}
		if suite.Cases = recorded; !*record {
			suite.Cases, suite.Traces = usual, kept(property)
		}
		err := propertytest.Check(t, suite, property)
		var lacking *propertytest.Skipped
		var failure *propertytest.Failure
		judged := s.judged[property]
		switch {
		case err == nil:
			all[property] = finding{outcome: holds}
		case errors.As(err, &lacking):
			all[property] = finding{outcome: unasked, detail: lacking.Reason}
		case errors.As(err, &failure):
			all[property] = finding{fails, failure.Trace, failure.Error()}
		default:
			t.Fatal(err)
		}
		if (judged != "") != (all[property].outcome == fails) {
			t.Errorf("%s %s; it is judged %q:\n%s", property, all[property].outcome, judged, all[property].detail)
		}
	}
	return all
}

// TestSkipsAreTrue: what the table leaves out for a reason of the cache does fail for it.
func TestSkipsAreTrue(t *testing.T) {
	if os.Getenv(trace) != "" {
		t.Skip("one trace is played")
	}
	for _, p := range peers {
		for _, s := range p.shown {
			for property, skip := range s.skips {
				t.Run(p.name+"/"+s.name+"/"+property, func(t *testing.T) {
					t.Parallel()
					suite := s.suite()
					suite.Traces, suite.Cases = []string{skip.trace}, 1
					var failure *propertytest.Failure
					if err := propertytest.Check(t, suite, property); !errors.As(err, &failure) || failure.Trace != skip.trace {
						t.Errorf("%s: %v", skip.trace, err)
					}
				})
			}
		}
	}
}

// TestRistrettoLosesTheLastWrite: of two values that are set one right after the other the first
// stays. The suite's clock stands still until the buffer is empty, so it cannot ask.
func TestRistrettoLosesTheLastWrite(t *testing.T) {
	const tries = 1000
	lost := 0
	for range tries {
		c, err := ristretto.NewCache(&ristretto.Config[string, int]{NumCounters: 100, MaxCost: 10, BufferItems: 64, IgnoreInternalCost: true})
		if err != nil {
			t.Fatal(err)
		}
		first, second := c.Set("k", 1, 1), c.Set("k", 2, 1)
		c.Wait()
		if v, _ := c.Get("k"); first && second && v == 1 {
			lost++
		}
		c.Close()
	}
	if lost == 0 {
		t.Errorf("the second of two values always stayed, %d times: README.md tells otherwise", tries)
	}
	t.Logf("the first value stayed in %d of %d tries, though both calls of Set returned true", lost, tries)
}
