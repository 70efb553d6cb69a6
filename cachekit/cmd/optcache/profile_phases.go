package main

import (
	"slices"
	"strings"

	"github.com/bmadventure/optcache/internal/pprof"
)

// A phase is a kind of work that a sweep does.
type phase uint8

// The phases, in the order in which a trial goes through them.
const (
	phaseOpen       phase = iota // open a version: its manifest
	phaseRead                    // read files and decode columns
	phaseVerify                  // hash what was read and hold it against the manifest
	phaseGroup                   // put the columns of the assets together
	phaseKeys                    // compute the keys of what is cached
	phaseFill                    // bring new values into the caches and old ones out
	phaseLookup                  // find values in the caches
	phaseIndicators              // compute averages and the like
	phaseBacktest                // decide, trade and measure
	phaseLook                    // look at bars, where that is all a benchmark does with them
	phaseRunner                  // hand out trials and gather results
	phaseGarbage                 // collect garbage
	phaseOther                   // whatever else the program does
	numPhases
)

// phaseNames says of each phase what is done in it.
var phaseNames = [numPhases]string{
	"open the version", "read", "verify hashes", "group", "cache keys", "fill caches", "cache hits",
	"indicators", "strategy and metrics", "look at every bar", "run trials", "garbage collection", "other",
}

func (p phase) String() string { return phaseNames[p] }

// A rule says which functions belong to a phase: those whose names begin with one
// of the prefixes. "optcache:" stands for the path of this module.
type rule struct {
	phase    phase
	prefixes []string
}

// anywhere decide by any function of a stack, the first rule that has one.
var anywhere = []rule{
	{phaseGarbage, []string{"runtime.gcBgMarkWorker", "runtime.gcAssistAlloc", "runtime.gcStart", "runtime.bgsweep", "runtime.bgscavenge", "runtime.deductSweepCredit"}},
	{phaseKeys, []string{"optcache:cachekit/bundle.(*content).key", "optcache:cachekit/bundle.(*Bundle).Key", "optcache:cachekit/optimize.(*View).assetKey"}},
	{phaseVerify, []string{"crypto/", "optcache:cachekit/bundle.(*leafHasher)"}},
	{phaseGroup, []string{"optcache:cachekit/bundle.(*reading).bars", "optcache:cachekit/bundle.GroupRows",
		"optcache:generated/bars.GroupBar", "optcache:generated/bars.NewBars", "optcache:generated/bars.(*Bars)", "optcache:generated/bars.BarColumns"}},
	{phaseOpen, []string{"optcache:cachekit/bundle.(*Store)", "optcache:cachekit/bundle.(*Pool)", "optcache:cachekit/bundle.(*Bundle).List"}},
	{phaseRead, []string{"optcache:cachekit/bundle."}},
	{phaseIndicators, []string{"optcache:cachekit/backtest.Series.Fill", "optcache:cachekit/optimize.(*seriesRequest)"}},
}

// innermost decide by the innermost function that one of them has.
var innermost = []rule{
	{phaseLookup, []string{"optcache:cachekit.", "optcache:policy.", "optcache:sizing.", "optcache:internal/table.", "optcache:internal/keyhash.", "optcache:generated/", "optcache:cachekit/rt."}},
	{phaseBacktest, []string{"optcache:cachekit/backtest."}},
	{phaseLook, []string{"optcache:cachekit/command/internal/bench.lookAt"}},
	{phaseRunner, []string{"optcache:cachekit/optimize."}},
}

// fillers are the functions of a cache that no hit calls.
var fillers = rule{phaseFill, []string{
	"optcache:policy.", "optcache:sizing.", "optcache:generated/assets.New", "optcache:generated/bars.New", "optcache:cachekit.(*Cache).miss", "optcache:cachekit.(*Cache).fly", "optcache:cachekit.(*Cache).put",
	"optcache:cachekit.(*Cache).Clear", "optcache:cachekit.(*Cache).Retire", "optcache:cachekit.New",
}}

const modulePath = "github.com/bmadventure/optcache/"

// has reports whether a function, by its plain name, belongs to the rule.
func (r rule) has(name string) bool {
	return slices.ContainsFunc(r.prefixes, func(prefix string) bool {
		if own, ok := strings.CutPrefix(prefix, "optcache:"); ok {
			rest, ours := strings.CutPrefix(name, modulePath)
			return ours && strings.HasPrefix(rest, own)
		}
		return strings.HasPrefix(name, prefix)
	})
}

// phaseOf returns the phase of what was going on in a stack.
func phaseOf(stack []string) phase {
	names := make([]string, len(stack))
	for i, name := range stack {
		names[i] = plainFunction(name)
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
			if r.phase == phaseLookup && slices.ContainsFunc(names, fillers.has) {
				return phaseFill
			}
			return r.phase
		}
	}
	return phaseOther
}

// plainFunction returns the name of a function without type arguments: what stands
// in brackets.
func plainFunction(name string) string {
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

// byPhase adds up one value of a profile.
func byPhase(p *pprof.Profile, value int) (sums [numPhases]int64) {
	for _, s := range p.Samples {
		sums[phaseOf(s.Stack)] += s.Values[value]
	}
	return sums
}
