// Package phases tells by the functions on a stack which kind of work of a sweep was going on.
package phases

import (
	"slices"
	"strings"

	"github.com/bmadventure/optcache/internal/pprof"
)

// A Phase is a kind of work that a sweep does.
type Phase uint8

// The phases, in the order in which a trial goes through them.
const (
	PhaseOpen       Phase = iota // open a version: its manifest
	PhaseRead                    // read files and decode columns
	phaseVerify                  // hash what was read and hold it against the manifest
	PhaseGroup                   // put the columns of the assets together
	phaseKeys                    // compute the keys of what is cached
	PhaseFill                    // bring new values into the caches and old ones out
	PhaseLookup                  // find values in the caches
	PhaseIndicators              // compute averages and the like
	PhaseBacktest                // decide, trade and measure
	phaseLook                    // look at bars, where that is all a benchmark does with them
	PhaseRunner                  // hand out trials and gather results
	phaseGarbage                 // collect garbage
	phaseOther                   // whatever else the program does
	Count
)

// phaseNames says of each phase what is done in it.
var phaseNames = [Count]string{
	"open the version", "read", "verify hashes", "group", "cache keys", "fill caches", "cache hits",
	"indicators", "strategy and metrics", "look at every bar", "run trials", "garbage collection", "other",
}

func (p Phase) String() string { return phaseNames[p] }

// A rule says which functions belong to a phase: those whose names begin with one
// of the prefixes. "optcache:" stands for the path of this module.
type rule struct {
	phase    Phase
	prefixes []string
}

// anywhere decide by any function of a stack, the first rule that has one.
var anywhere = []rule{
	{phaseGarbage, []string{"runtime.gcBgMarkWorker", "runtime.gcAssistAlloc", "runtime.gcStart", "runtime.bgsweep", "runtime.bgscavenge", "runtime.deductSweepCredit"}},
	{phaseKeys, []string{"optcache:cachekit/bundle.(*content).key", "optcache:cachekit/bundle.(*Bundle).Key", "optcache:cachekit/optimize.(*View).assetKey"}},
	{phaseVerify, []string{"crypto/", "optcache:cachekit/bundle.(*leafHasher)"}},
	{PhaseGroup, []string{"optcache:cachekit/bundle.(*reading).bars", "optcache:cachekit/bundle.GroupRows",
		"optcache:generated/bars.GroupBar", "optcache:generated/bars.NewBars", "optcache:generated/bars.(*Bars)", "optcache:generated/bars.BarColumns"}},
	{PhaseOpen, []string{"optcache:cachekit/bundle.(*Store)", "optcache:cachekit/bundle.(*Pool)", "optcache:cachekit/bundle.(*Bundle).List"}},
	{PhaseRead, []string{"optcache:cachekit/bundle."}},
	{PhaseIndicators, []string{"optcache:cachekit/backtest.Series.Fill", "optcache:cachekit/optimize.(*seriesRequest)"}},
}

// innermost decide by the innermost function that one of them has.
var innermost = []rule{
	{PhaseLookup, []string{"optcache:cachekit.", "optcache:policy.", "optcache:sizing.", "optcache:internal/table.", "optcache:internal/keyhash.", "optcache:generated/", "optcache:cachekit/rt."}},
	{PhaseBacktest, []string{"optcache:cachekit/backtest."}},
	{phaseLook, []string{"optcache:cachekit/command/internal/bench.lookAt"}},
	{PhaseRunner, []string{"optcache:cachekit/optimize."}},
}

// fillers are the functions of a cache that no hit calls.
var fillers = rule{PhaseFill, []string{
	"optcache:policy.", "optcache:sizing.", "optcache:generated/assets.New", "optcache:generated/bars.New", "optcache:cachekit.(*Cache).miss", "optcache:cachekit.(*Cache).fly", "optcache:cachekit.(*Cache).put",
	"optcache:cachekit.(*Cache).Clear", "optcache:cachekit.(*Cache).Retire", "optcache:cachekit.New",
}}

const ModulePath = "github.com/bmadventure/optcache/"

// has reports whether a function, by its plain name, belongs to the rule.
func (r rule) has(name string) bool {
	return slices.ContainsFunc(r.prefixes, func(prefix string) bool {
		if own, ok := strings.CutPrefix(prefix, "optcache:"); ok {
			rest, ours := strings.CutPrefix(name, ModulePath)
			return ours && strings.HasPrefix(rest, own)
		}
		return strings.HasPrefix(name, prefix)
	})
}

// Of returns the phase of what was going on in a stack.
func Of(stack []string) Phase {
	names := make([]string, len(stack))
	for i, name := range stack {
		names[i] = PlainFunction(name)
	}
	for _, r := range anywhere {
		if slices.ContainsFunc(names, r.has) {
			return r.phase
		}
	}
	for _, name := range names {
		for _, r := range innermost {
			if !r.has(name) {
				continue
			}
			if r.phase == PhaseLookup && slices.ContainsFunc(names, fillers.has) {
				return PhaseFill
			}
			return r.phase
		}
	}
	return phaseOther
}

// PlainFunction returns the name of a function without type arguments: what stands
// in brackets.
func PlainFunction(name string) string {
	if !strings.Contains(name, "[") {
		return name
	}
	var plain strings.Builder
	depth := 0
	for _, r := range name {
		switch {
		case r == '[':
			depth++
		case r == ']' && depth > 0:
			depth--
		case depth == 0:
			plain.WriteRune(r)
		}
	}
	return plain.String()
}

// Sum adds up one value of a profile.
func Sum(p *pprof.Profile, value int) (sums [Count]int64) {
	for _, s := range p.Samples {
		sums[Of(s.Stack)] += s.Values[value]
	}
	return sums
}
