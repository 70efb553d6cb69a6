package propertytest

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/prop"

	"github.com/bmadventure/optcache/cachekit"
)

// A Config is a way to run a computation that must not show in what comes out.
type Config struct {
	cachekit.Config

	Workers int   // goroutines, at least 1
	Stops   []int // after how many more trials the computation is stopped and resumed; nil if it runs through
}

// plain is the way that all others are held against: no caches, one worker, no stop.
var plain = Config{Config: cachekit.Config{DisableCaching: true, DisableBundlePooling: true}, Workers: 1}

// A Flow is a whole computation, from raw data to results.
type Flow[B, R any] struct {
	// Bundle makes the data, which depends on r and size alone: the smaller the size, from 0 to 100, the
	// simpler the data. It is called once for each case.
	Bundle func(r *rand.Rand, size int) (B, error)

	// Run computes the results from the data, with caches that are cold. It stops and resumes
	// where the configuration says so, if the computation can.
	Run func(ctx context.Context, data B, c Config) (R, error)

	// Resumes says that Run can stop and resume.
	Resumes bool

	// Policies are the names that configurations choose from. Nil means the default alone.
	Policies []string

	// Cmp are the options by which go-cmp compares results. Nil compares all fields, floating-point
	// numbers bit by bit.
	Cmp []cmp.Option

	// Cases is how many random cases are run, unless OPTCACHE_CASES says otherwise. 0 means 1,000,
	// and 100 with -short.
	Cases int
}

// Workflow proves that what a computation returns depends on its data alone: it
// runs it on random data, plainly and in some other way, with caches, a random budget, any
// policy, several workers, stopped and resumed, and wants the results equal bit for
// bit, and the same errors. What differs is shrunk to the smallest data and the plainest
// way that differ still.
func Workflow[B, R any](t *testing.T, f Flow[B, R]) {
	t.Helper()
	failure, err := f.check(t)
	switch {
	case err != nil:
		t.Fatal(err)
	case failure != nil:
		t.Error(failure)
	}
}

// CheckWorkflow is [Workflow] for those who want to look at the failure, which is a [*Failure].
func CheckWorkflow[B, R any](t *testing.T, f Flow[B, R]) error {
	failure, err := f.check(t)
	if err == nil && failure != nil {
		return failure
	}
	return err
}

// A flowCase is one case of a flow, as small as it can be pasted.
type flowCase struct {
	Seed   uint64
	Size   int
	Config Config
}

// String is short because gopter asks for it with every case.
func (flowCase) String() string { return "case" }

func (c flowCase) text() string {
	b, err := json.Marshal(c)
	if err != nil {
		panic(err) // numbers and texts alone
	}
	return "workflow/" + string(b)
}

func (f Flow[B, R]) check(t *testing.T) (*Failure, error) {
	if f.Bundle == nil || f.Run == nil {
		return nil, fmt.Errorf("checking the flow: it needs Bundle and Run")
	}
	e, err := fromEnvironment(f.Cases)
	if err != nil {
		return nil, err
	}
	if e.trace != "" {
		return f.replay(t, e.trace)
	}
	params := gopter.DefaultTestParametersWithSeed(e.seedOf("workflow"))
	params.MinSuccessfulTests = e.cases
	result := prop.ForAll(func(c flowCase) string { return f.try(t.Context(), c) }, f.generator()).Check(params)
	if result.Passed() {
		return nil, nil
	}
	if result.Error != nil {
		return nil, fmt.Errorf("running the flow: %w\n%s", result.Error, result.ErrorStack)
	}
	if len(result.Args) == 0 {
		return nil, fmt.Errorf("running the flow: no cases could be made: %v", result.Status)
	}
	c := result.Args[len(result.Args)-1].Arg.(flowCase)
	why := f.try(t.Context(), c)
	if why == "" {
		why = "flaky: the results differed when the case was found, and not when it was run again"
	}
	return f.report(t, c, why, fmt.Sprintf("seed %d, case %d", e.seed, result.Succeeded+1)), nil
}

func (f Flow[B, R]) replay(t *testing.T, text string) (*Failure, error) {
	body, ok := strings.CutPrefix(text, "workflow/")
	if !ok {
		t.Skip("OPTCACHE_TRACE is of another property")
	}
	var c flowCase
	if err := json.Unmarshal([]byte(body), &c); err != nil {
		return nil, fmt.Errorf("reading %s: %w", traceVariable, err)
	}
	if why := f.try(t.Context(), c); why != "" {
		return f.report(t, c, why, "as told"), nil
	}
	return nil, nil
}

// try runs a case both ways and says how they differ; "" if they do not.
func (f Flow[B, R]) try(ctx context.Context, c flowCase) string {
	data, err := f.Bundle(rand.New(rand.NewPCG(c.Seed, 0)), c.Size)
	if err != nil {
		return fmt.Sprintf("making the data: %v", err)
	}
	want, wantErr := f.Run(ctx, data, plain)
	got, gotErr := f.Run(ctx, data, c.Config)
	if fmt.Sprint(wantErr) != fmt.Sprint(gotErr) {
		return fmt.Sprintf("the errors differ:\n-plain: %v\n+other: %v", wantErr, gotErr)
	}
	options := f.Cmp
	if options == nil {
		options = bitwise()
	}
	if diff := cmp.Diff(want, got, options...); diff != "" {
		return "the results differ (-plain +other):\n" + diff
	}
	return ""
}

// generator makes random cases whose shrinker drops one difference from the plain way at a time.
func (f Flow[B, R]) generator() gopter.Gen {
	return func(g *gopter.GenParameters) *gopter.GenResult {
		r := g.Rng
		c := flowCase{Seed: r.Uint64(), Size: r.Intn(g.MaxSize + 1), Config: Config{Workers: 1 + r.Intn(8)}}
		k := &c.Config.Config
		k.DisableCaching = r.Intn(5) == 0
		k.DisableBundlePooling = r.Intn(3) == 0
		k.CacheSizeGB = []float64{0, 1e-6, 1e-5, 1e-4, 1}[r.Intn(5)]
		k.LRUMaxSize = []int{0, 1, 2}[r.Intn(3)]
		k.MaxBundlePoolSize = []int{0, 1, 2}[r.Intn(3)]
		if len(f.Policies) > 0 {
			k.Policy = f.Policies[r.Intn(len(f.Policies))]
		}
		if f.Resumes {
			for range r.Intn(4) {
				c.Config.Stops = append(c.Config.Stops, 1+r.Intn(20))
			}
		}
		return gopter.NewGenResult(c, shrinkFlow)
	}
}

func shrinkFlow(v any) gopter.Shrink {
	c := v.(flowCase)
	var simpler []flowCase
	try := func(change func(*flowCase)) {
		next := c
		if change(&next); next.text() != c.text() {
			simpler = append(simpler, next)
		}
	}
	for _, size := range []int{0, 1, c.Size / 2, c.Size - 1} {
		if size >= 0 && size < c.Size {
			try(func(c *flowCase) { c.Size = size })
		}
	}
	for _, change := range []func(*Config){
		func(c *Config) { c.Workers = 1 },
		func(c *Config) { c.Workers = min(c.Workers, 2) },
		func(c *Config) { c.Stops = nil },
		func(c *Config) { c.DisableCaching = true },
		func(c *Config) { c.DisableBundlePooling = true },
		func(c *Config) { c.CacheSizeGB = 0 },
		func(c *Config) { c.LRUMaxSize = 0 },
		func(c *Config) { c.MaxBundlePoolSize = 0 },
		func(c *Config) { c.Policy = "" },
	} {
		try(func(c *flowCase) { change(&c.Config) })
	}
	for i := range c.Config.Stops {
		try(func(c *flowCase) {
			c.Config.Stops = slices.Concat(c.Config.Stops[:i], c.Config.Stops[i+1:])
		})
	}
	return func() (any, bool) {
		if len(simpler) == 0 {
			return nil, false
		}
		next := simpler[0]
		simpler = simpler[1:]
		return next, true
	}
}

func (f Flow[B, R]) report(t *testing.T, c flowCase, why, origin string) *Failure {
	var b strings.Builder
	fmt.Fprintf(&b, "workflow: what comes out depends on the data alone; here it is not so:\n\n")
	fmt.Fprintf(&b, "    data of size %d (%s)\n    plain: %s\n    other: %s\n\n%s\n", c.Size, origin, plain, c.Config, indent(why))
	fmt.Fprintf(&b, "\n    to run it again: %s='%s' go test -run '%s'\n", traceVariable, c.text(), pattern(t.Name()))
	return &Failure{Property: "workflow", Trace: c.text(), report: b.String()}
}

// String tells the configuration in one line.
func (c Config) String() string {
	parts := []string{fmt.Sprintf("%d workers", c.Workers)}
	if c.DisableCaching {
		parts = append(parts, "no caches")
	} else {
		policy := c.Policy
		if policy == "" {
			policy = "the default policy"
		}
		parts = append(parts, fmt.Sprintf("caches of %d bytes and %d lists, %s", c.CacheBytes(), c.AssetLists(), policy))
	}
	parts = append(parts, fmt.Sprintf("a pool of %d bundles", c.PoolSize()))
	if len(c.Stops) > 0 {
		parts = append(parts, fmt.Sprintf("stopped after %v trials", c.Stops))
	}
	return strings.Join(parts, ", ")
}
