package propertytest

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/leanovate/gopter"
)

// An adapter is a cache as the comment of Run has it.
type adapter struct {
	mu     sync.Mutex
	values map[string]int
	load   Loader[string, int]
}

func (a *adapter) Get(ctx context.Context, key string) (int, error) {
	a.mu.Lock()
	v, ok := a.values[key]
	a.mu.Unlock()
	if ok {
		return v, nil
	}
	v, err := a.load(ctx, key)
	if err == nil {
		a.mu.Lock()
		a.values[key] = v
		a.mu.Unlock()
	}
	return v, err
}

func (a *adapter) Invalidate(key string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.values, key)
}

func adapters() Suite[string, int] {
	return Suite[string, int]{
		New: func(_ int, load Loader[string, int]) Cache[string, int] {
			return &adapter{values: map[string]int{}, load: load}
		},
		Keys: []string{"a", "b", "c", "d"},
		Value: func(key string, version int) int {
			return 1000*(1+slices.Index([]string{"a", "b", "c", "d"}, key)) + version
		},
		Cases: 1000,
	}
}

// TestWhatRunSays holds the comment of Run to what it says of the adapter.
func TestWhatRunSays(t *testing.T) {
	if err := Check(t, adapters(), "sequential", "keeps", "leaks"); err != nil {
		t.Error(err)
	}
	var f *Failure
	if !errors.As(Check(t, adapters(), "races"), &f) {
		t.Fatal("the race is not found")
	}
	if want := "races/1: get 0 load 1; update 0; get 0 at 1"; f.Trace != want && f.Steps != 3 {
		t.Errorf("the trace is %q, want one like %q", f.Trace, want)
	}
	for _, want := range []string{
		`k0 = "a"`, "reads version 0 at", "none of the versions 1 to 1", "-wanted +came", traceVariable + "='races/",
		"-run '^TestWhatRunSays$'", "<-- here",
	} {
		if !strings.Contains(f.Error(), want) {
			t.Errorf("the report does not say %q:\n%v", want, f)
		}
	}
}

// A mixing cache takes two of the keys for one, whichever they are.
type mixing struct {
	adapter
	one, other string
}

func (m *mixing) Get(ctx context.Context, key string) (int, error) {
	if key == m.other {
		if _, ok := m.values[m.one]; ok {
			key = m.one
		}
	}
	return m.adapter.Get(ctx, key)
}

// TestEachKeyMeetsEach: no two keys that differ in a single field of a third can be taken for one
// unseen, however few the cases.
func TestEachKeyMeetsEach(t *testing.T) {
	s := adapters()
	s.Value = func(key string, version int) int {
		h := fnv.New64a()
		fmt.Fprint(h, key, "/", version)
		return int(h.Sum64())
	}
	relatives := relativesOf(s.Keys[3])
	if len(relatives) < 3 {
		t.Fatalf("there are only %q", relatives)
	}
	for _, one := range relatives {
		for _, other := range relatives {
			if one == other {
				continue
			}
			s.New = func(_ int, load Loader[string, int]) Cache[string, int] {
				return &mixing{adapter{values: map[string]int{}, load: load}, one, other}
			}
			s.Cases = 8
			var f *Failure
			if !errors.As(Check(t, s, "keys"), &f) || f.Steps != 2 {
				t.Errorf("%q is taken for %q: %v", other, one, f)
			}
		}
	}
}

// A locking is an adapter that holds its lock while it loads.
type locking struct {
	adapter
	whole sync.Mutex
}

func (l *locking) Get(ctx context.Context, key string) (int, error) {
	l.whole.Lock()
	defer l.whole.Unlock()
	return l.adapter.Get(ctx, key)
}

// TestStandingStillIsToldOnce: each property that hangs takes seconds, and one says it all.
func TestStandingStillIsToldOnce(t *testing.T) {
	s := adapters()
	s.New = func(_ int, load Loader[string, int]) Cache[string, int] {
		return &locking{adapter: adapter{values: map[string]int{}, load: load}}
	}
	s.Traces, s.Cases = []string{"waiters/8: get 0 load 1; get 1"}, 1
	p, err := prepare(t, s)
	if err != nil {
		t.Fatal(err)
	}
	p.run.patience = time.Second
	for name, want := range map[string]string{"sequential": "", "waiters": "", "once": ""} {
		if why := p.lacks(propertyOf(t, name)); why != want {
			t.Errorf("before: %s %s", name, why)
		}
	}
	f := p.check(t, propertyOf(t, "waiters"))
	if f == nil || !strings.Contains(f.Error(), "the cache stands still") {
		t.Fatalf("it is not seen to stand still: %v", f)
	}
	for name, want := range map[string]string{"sequential": "", "waiters": "", "once": "the cache stands still when two ask at a time: see waiters"} {
		if why := p.lacks(propertyOf(t, name)); why != want {
			t.Errorf("after: %s %q, want %q", name, why, want)
		}
	}
}

func propertyOf(t *testing.T, name string) *property {
	found, err := named([]string{name})
	if err != nil {
		t.Fatal(err)
	}
	return found[0]
}

// TestTheSameAgain: one seed gives one report; and a report's trace, pasted, fails again.
func TestTheSameAgain(t *testing.T) {
	s := adapters()
	s.Skip = map[string]string{"stress": "real threads do as they please"}
	first := Check(t, s)
	if again := Check(t, s); fmt.Sprint(first) != fmt.Sprint(again) {
		t.Errorf("two runs differ:\n%s", cmp.Diff(fmt.Sprint(first), fmt.Sprint(again)))
	}
	var f *Failure
	if !errors.As(Check(t, s, "races"), &f) {
		t.Fatal("the race is not found")
	}
	kept := s
	kept.Traces, kept.Cases = []string{f.Trace}, 1
	var again *Failure
	if !errors.As(Check(t, kept, "races"), &again) || again.Trace != f.Trace {
		t.Errorf("kept, the trace gives %v", again)
	}
	t.Setenv(traceVariable, f.Trace)
	if !errors.As(Check(t, s), &again) || again.Property != "races" || again.Trace != f.Trace {
		t.Errorf("from the environment, the trace gives %v", again)
	}
	if err := Check(t, s, "sequential", "keeps"); err != nil {
		t.Errorf("another property than the trace's was run: %v", err)
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv(casesVariable, "12")
	t.Setenv(seedVariable, "99")
	if e, err := fromEnvironment(1000); err != nil || e.cases != 12 || e.seed != 99 {
		t.Errorf("%+v, %v", e, err)
	}
	t.Setenv(seedVariable, "random")
	if e, err := fromEnvironment(0); err != nil || e.seed != processSeed {
		t.Errorf("%+v, %v", e, err)
	}
	for _, bad := range [][2]string{
		{casesVariable, "0"}, {casesVariable, "many"}, {seedVariable, "1.5"},
		{traceVariable, "speed/1: get 0"}, {traceVariable, "races: get 0"}, {traceVariable, "races/1: got 0"},
	} {
		t.Setenv(traceVariable, "")
		t.Setenv(casesVariable, "1")
		t.Setenv(seedVariable, "1")
		t.Setenv(bad[0], bad[1])
		if _, err := fromEnvironment(0); err == nil || !strings.Contains(err.Error(), bad[0]) {
			t.Errorf("%s=%s: %v", bad[0], bad[1], err)
		}
	}
}

// mistaken is a cache whose Set the suite would pass over, were it silent.
type mistaken struct{ adapter }

func (*mistaken) Set(string, int) bool { return true }

func TestUnsoundSuites(t *testing.T) {
	for want, change := range map[string]func(*Suite[string, int]){
		"needs New and Value": func(s *Suite[string, int]) { s.Value = nil },
		"there are 3 Keys":    func(s *Suite[string, int]) { s.Keys = s.Keys[:3] },
		"of Keys are equal":   func(s *Suite[string, int]) { s.Keys[1] = s.Keys[0] },
		"could not tell them": func(s *Suite[string, int]) { s.Value = func(k string, _ int) int { return len(k) } },
		"make it depend on every field": func(s *Suite[string, int]) {
			s.Value = func(k string, v int) int { return 100*int(k[0]) + v } // of keys that begin alike the same
		},
		"different each time":  func(s *Suite[string, int]) { n := 0; s.Value = func(string, int) int { n++; return n } },
		"too short":            func(s *Suite[string, int]) { s.ExpireAfterWrite = 5 },
		`no property "speed"`:  func(s *Suite[string, int]) { s.Skip = map[string]string{"speed": "it is slow"} },
		"there is no key 9999": func(s *Suite[string, int]) { s.Traces = []string{"races/1: get 9999"} },
		"New returned nil":     func(s *Suite[string, int]) { s.New = func(int, Loader[string, int]) Cache[string, int] { return nil } },
		"New panicked: no room": func(s *Suite[string, int]) {
			s.New = func(int, Loader[string, int]) Cache[string, int] { panic("no room") }
		},
		"the method Set is a func(string, int) bool; the suite wants a func(string, int)": func(s *Suite[string, int]) {
			s.New = func(int, Loader[string, int]) Cache[string, int] { return &mistaken{} }
		},
	} {
		s := adapters()
		s.Keys = slices.Clone(s.Keys)
		change(&s)
		err := Check(t, s, "keeps")
		var f *Failure
		if err == nil || errors.As(err, &f) || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
	if err := Check(t, adapters(), "speed"); err == nil || !strings.Contains(err.Error(), "only sequential, keeps") {
		t.Errorf("a property that is none: %v", err)
	}
}

func TestSkipsSayWhy(t *testing.T) {
	s := adapters()
	s.Skip = map[string]string{"races": "it is for one goroutine"}
	p, err := prepare(t, s)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"races":  "the suite skips it: it is for one goroutine",
		"batch":  "it needs GetMany(context.Context, []string) ([]int, error)",
		"bound":  "it needs Len() int or Bytes() int64",
		"expiry": "it needs Suite.ExpireAfterWrite or ExpireAfterAccess",
		"order":  "it needs Suite.LRU",
		"keeps":  "",
		"keys":   "",
	} {
		if why := p.lacks(propertyOf(t, name)); why != want {
			t.Errorf("%s: %q, want %q", name, why, want)
		}
		var skipped *Skipped
		if err := Check(t, s, name); errors.As(err, &skipped) != (want != "") || want != "" && (skipped.Property != name || skipped.Reason != want) {
			t.Errorf("asked for by name, %s gives %v", name, err)
		}
	}
}

// everything can do whatever the suite may ask for, so that its traces have all ops.
func everything(t *testing.T) *prepared[string, int] {
	s := adapters()
	s.Big = func(_ int, key string, version int) int { return -s.Value(key, version) }
	p, err := prepare(t, s)
	if err != nil {
		t.Fatal(err)
	}
	for o := range p.can {
		p.can[o] = true
	}
	p.hasEmpty = true
	return p
}

// eachTrace shows random traces of all properties.
func eachTrace(t *testing.T, show func(trace)) {
	p := everything(t)
	for _, prop := range properties {
		if prop.stress {
			continue
		}
		g := gopter.DefaultGenParameters()
		g.Rng = rand.New(rand.NewSource(5))
		draw := p.generator(prop)
		for range 200 {
			v, ok := draw(g.WithSize(g.Rng.Intn(100))).Retrieve()
			if !ok {
				t.Fatal("no trace")
			}
			show(v.(trace))
		}
	}
}

func TestTraceText(t *testing.T) {
	p := everything(t)
	used := map[op]bool{}
	eachTrace(t, func(tr trace) {
		for _, s := range tr.steps {
			used[s.op] = true
		}
		again, err := parseTrace(tr.text(), len(p.universe))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tr, again, cmp.AllowUnexported(trace{}, step{})); diff != "" {
			t.Fatalf("%s (-written +read):\n%s", tr.text(), diff)
		}
	})
	if len(used) != int(ops) {
		t.Errorf("the properties together use %d of %d ops", len(used), ops)
	}
}

// weight is what a shrunk trace has less of.
func weight(tr trace) (steps, sum int) {
	sum = tr.capacity
	for _, s := range tr.steps {
		sum += int(s.op) + int(s.shape) + int(s.fault) + s.n + s.at + s.load + s.leave + 1000*len(s.keys)
		for _, k := range s.mentions() {
			sum += k
		}
	}
	return len(tr.steps), sum
}

// TestShrinkingEnds: each candidate is simpler than the trace it came from, so that no
// road goes on for ever; and the trace itself is left as it was.
func TestShrinkingEnds(t *testing.T) {
	eachTrace(t, func(tr trace) {
		before := tr.text()
		steps, sum := weight(tr)
		stream := shrink(tr)
		for v, ok := stream(); ok; v, ok = stream() {
			next := v.(trace)
			if n, s := weight(next); n > steps || n == steps && s >= sum {
				t.Fatalf("%s is no simpler than %s", next.text(), before)
			}
		}
		if tr.text() != before {
			t.Fatalf("shrinking changed %s to %s", before, tr.text())
		}
	})
}

func FuzzTrace(f *testing.F) {
	f.Add("sequential/3: get 0; update 0 empty; get 0 error; batch 0,1,0; batch -; clear; sleep 3")
	f.Add("races/1: get 0 at 1 load 2 leave 3; pin 0; unpin 0; resize 2")
	f.Fuzz(func(t *testing.T, text string) {
		tr, err := parseTrace(text, 8)
		if err != nil {
			return
		}
		again, err := parseTrace(tr.text(), 8)
		if err != nil || again.text() != tr.text() {
			t.Errorf("%q reads as %q, and that as %q, %v", text, tr.text(), again.text(), err)
		}
	})
}

// TestRelatives: the keys that the suite tries beside a key leave none of its fields out.
func TestRelatives(t *testing.T) {
	type inner struct {
		name string
		_    int
	}
	type key struct {
		Bundle  string
		Symbol  string
		Digest  [4]byte
		Window  int16
		rate    float64
		on      bool
		Deep    [2]inner
		Complex complex128
	}
	k := key{"spy", "x", [4]byte{1}, 5, 0, true, [2]inner{{name: "n"}}, 1}
	changed := map[string]bool{}
	for _, r := range relativesOf(k) {
		if r == k {
			t.Fatalf("%+v is its own relative", r)
		}
		for name, differs := range map[string]bool{
			"Bundle": r.Bundle != k.Bundle, "Symbol": r.Symbol != k.Symbol, "Window": r.Window != k.Window, "rate": r.rate != k.rate,
			"on": r.on != k.on, "Deep[0]": r.Deep[0].name != k.Deep[0].name, "Deep[1]": r.Deep[1].name != k.Deep[1].name,
			"Digest[0]": r.Digest[0] != k.Digest[0], "Digest[3]": r.Digest[3] != k.Digest[3], "Complex": r.Complex != k.Complex,
			"the boundary of strings": r.Bundle+r.Symbol == k.Bundle+k.Symbol && r.Bundle != k.Bundle,
		} {
			changed[name] = changed[name] || differs
		}
	}
	for name, differs := range changed {
		if !differs {
			t.Errorf("no relative differs in %s", name)
		}
	}
	twins := twinsOf(k)
	negative := false
	for _, twin := range twins {
		if twin != k {
			t.Errorf("%+v is not equal to %+v", twin, k)
		}
		negative = negative || math.Signbit(twin.rate)
	}
	if !negative {
		t.Error("no twin has -0 for 0")
	}
}

// TestLookerAgreesWithCmp: the quick comparison says what go-cmp with the same rules says.
func TestLookerAgreesWithCmp(t *testing.T) {
	type value struct {
		A []float64
		B *string
		C [2]int8
		d float32
		e map[string]int
		F any
	}
	text := func(s string) *string { return &s }
	nan := math.NaN()
	values := []value{
		{}, {A: []float64{}}, {A: []float64{nan}}, {A: []float64{-nan}}, {A: []float64{0}}, {A: []float64{math.Copysign(0, -1)}},
		{B: text("")}, {B: text("x")}, {B: text("x")}, {C: [2]int8{1}}, {d: 1}, {e: map[string]int{}}, {e: map[string]int{"a": 1}},
		{F: 1}, {F: 1.5}, {F: []int{1}},
	}
	p := &prepared[string, value]{options: bitwise()}
	for i, a := range values {
		for j, b := range values {
			if want, got := cmp.Equal(a, b, bitwise()...), p.equal(a, b); got != want {
				t.Errorf("values %d and %d: %v, go-cmp says %v", i, j, got, want)
			}
		}
	}
}
