package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/bmadventure/optcache/cachekit"
)

// adviseRun judges what is not a matter of one cache.
func (d *diagnosis) adviseRun(r *runFile) {
	d.adviseState(r)
	if v := r.Verified; v != nil && !v.Identical {
		d.add(levelProblem, "results with caches and without differ: do not use them",
			fmt.Sprintf("%s were compared bit for bit", count(v.Trials, "trial")), "export OPTCACHE_ENABLE_CACHING=false")
	}
	if r.Failed > 0 {
		why := "no reason was recorded"
		if len(r.Errors) > 0 {
			why = "the first: " + r.Errors[0]
		}
		d.add(levelProblem, fmt.Sprintf("%d of %s failed", r.Failed, count(r.Trials, "trial")), why, "")
	}
	if !r.Config.Caching {
		d.add(levelAdvice, "turn the caches on", "every trial opened, read, verified and grouped the bars itself", "export OPTCACHE_ENABLE_CACHING=true")
	}
	if !r.Config.Pooling {
		d.add(levelAdvice, "turn the pool of bundles on", "every load opened the version and verified its manifest anew", "export OPTCACHE_ENABLE_BUNDLE_POOLING=true")
	}
	switch {
	case r.Workers == 0 || r.GOMAXPROCS == 0:
	case r.Workers < r.GOMAXPROCS:
		d.add(levelAdvice, "use all processors", fmt.Sprintf("%s ran where %s could", count(r.Workers, "worker"), count(r.GOMAXPROCS, "worker")),
			fmt.Sprintf("--workers %d", r.GOMAXPROCS))
	case r.Workers > r.GOMAXPROCS:
		d.add(levelNote, "fewer workers would do", fmt.Sprintf("%d workers shared %s", r.Workers, count(r.GOMAXPROCS, "processor")),
			fmt.Sprintf("--workers %d", r.GOMAXPROCS))
	}
}

// adviseState tells how to go on with a run that did not end.
func (d *diagnosis) adviseState(r *runFile) {
	again := "optcache " + strings.Join(shellWords(r.Args), " ")
	if len(r.Args) > 0 && r.Command == "sweep" && !slices.Contains(r.Args, "--resume") {
		again += " --resume"
	}
	switch r.State {
	case "done":
		return
	case "running":
		d.add(levelProblem, "the run is not finished", "it is still running, or it was killed: nothing has told its end", again)
	case "failed":
		why := "no reason was recorded"
		if len(r.Errors) > 0 {
			why = r.Errors[0]
		}
		d.add(levelProblem, "the run failed", why, again)
	default:
		d.add(levelProblem, "the run was "+r.State, "what was recorded until then is kept", again)
	}
	if len(r.Caches) == 0 && r.Config.Caching {
		d.add(levelNote, "there are no statistics of the caches yet", "they are written at the end of a run", "")
	}
}

// shellWords quotes words for a shell where they need it.
func shellWords(words []string) []string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=./:,+@%"
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = w
		if w == "" || strings.Trim(w, plain) != "" {
			quoted[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
	}
	return quoted
}

// adviseCaches judges the caches and their budget.
func (d *diagnosis) adviseCaches(r *runFile, memory int64) {
	for _, s := range d.health {
		if s.LoadErrors > 0 {
			d.add(levelProblem, fmt.Sprintf("%s of %s failed", count(int(s.LoadErrors), "load"), s.Name),
				"what fails to load is not kept, so every trial that asks for it tries again: see the errors of the trials", "")
		}
		if s.Evictions.Retired > 0 {
			d.add(levelNote, fmt.Sprintf("%d values of %s left because their version was given up", s.Evictions.Retired, s.Name),
				"the bundle was ingested anew and no run has pinned the version before any more", "")
		}
	}
	crowded := d.adviseRoom(r, memory)
	for _, s := range d.health {
		if bandOf(s, bandsOf(s.Name)) == "poor" && !crowded[s.Name] {
			d.adviseRepeats(r, s)
		}
	}
	if d.Memory != nil && len(crowded) == 0 {
		d.adviseMemory(r)
	}
}

// adviseRoom finds the caches from which values had to leave, or that could not take
// them, and says which budget would do.
func (d *diagnosis) adviseRoom(r *runFile, memory int64) (crowded map[string]bool) {
	crowded = make(map[string]bool)
	var more float64 // bytes beyond what is held
	var reasons []string
	poor := false
	for _, s := range d.health {
		left := s.Evictions.Room + s.Uncached + s.Refused
		if left == 0 {
			continue
		}
		crowded[s.Name] = true
		if s.Name == assetLists && s.Entries >= r.Config.LRUMaxSize && r.Config.LRUMaxSize > 0 {
			d.adviseLists(r, s)
			continue
		}
		poor = poor || bandOf(s, bandsOf(s.Name)) == "poor"
		more += max(0, float64(neededBytes(s)-s.Bytes))
		if s.Entries == 0 {
			more += float64(s.Budget) // nothing tells how large they are
		}
		reasons = append(reasons, fmt.Sprintf("%d values of %s had to leave, %d were too large for what room there was, %d were not admitted", s.Evictions.Room, s.Name, s.Uncached, s.Refused))
	}
	if len(reasons) == 0 {
		return crowded
	}
	m := d.Memory
	enough := float64(m.Used) + more
	level, what := levelNote, "a larger budget would save some loads"
	if poor {
		level, what = levelAdvice, "enlarge the budget: it is too small for this run"
	}
	why := fmt.Sprintf("%s; %s would surely hold everything, less may", strings.Join(reasons, "; "), bytesText(enough))
	next := min(enough/aimedMemory, 4*float64(m.Budget)) // a budget is found in steps: values that came again were counted twice
	next = max(next, 1.25*float64(m.Budget))
	switch {
	case memory > 0 && float64(m.Budget) >= 0.6*float64(memory):
		d.add(level, "sweep fewer assets or a shorter window at a time", why+fmt.Sprintf("; the budget has most of the %s of this machine already", bytesText(float64(memory))), "")
	case memory > 0 && next > 0.75*float64(memory):
		d.add(level, what, why+fmt.Sprintf("; three quarters of the memory of this machine are %s", gigabytes(0.75*float64(memory))+" GB"), budgetLine(0.75*float64(memory)))
	default:
		d.add(level, what, why, budgetLine(next))
	}
	if poor && r.Config.Policy == "lru" {
		d.add(levelAdvice, "let another policy choose what leaves", "a sweep asks for the same values in turn, and of such a circle lru keeps none until all of it fits", "unset OPTCACHE_POLICY")
	}
	return crowded
}

// adviseLists says how many asset lists would do.
func (d *diagnosis) adviseLists(r *runFile, s cachekit.Stats) {
	d.add(levelAdvice, "keep more asset lists", fmt.Sprintf("%d lists had to leave because at most %d are kept, one for each version of a bundle", s.Evictions.Room, r.Config.LRUMaxSize),
		fmt.Sprintf("export OPTCACHE_LRU_MAXSIZE=%d", uint64(r.Config.LRUMaxSize)+s.Evictions.Room))
}

// adviseRepeats explains a poor hit rate of a cache that had room for everything.
func (d *diagnosis) adviseRepeats(r *runFile, s cachekit.Stats) {
	asked, first := s.Hits+s.Misses, max(s.Loads, uint64(s.Entries))
	why := fmt.Sprintf("%d look-ups were for %d values, and each value must be loaded once: %.1f look-ups a value; all of them found room, so more memory would not help",
		asked, first, float64(asked)/float64(max(1, first)))
	switch lost := s.Evictions.Deleted + s.Evictions.Cleared + s.Evictions.Retired + s.Evictions.Expired; {
	case lost > 0:
		why += fmt.Sprintf("; %d values were given up before: ingest new versions between runs, not while one runs", lost)
		d.add(levelAdvice, fmt.Sprintf("the hit rate of %s is poor", s.Name), why, "")
	case r.Bundle.Previous != "":
		d.add(levelAdvice, fmt.Sprintf("the hit rate of %s is poor", s.Name),
			why+fmt.Sprintf("; the bundle has another version than before (%.12s), and what it changed had to be loaded anew: ingest once for many runs", r.Bundle.Previous), "")
	case s.Name == assetLists || r.Trials < 10:
		d.add(levelNote, fmt.Sprintf("the hit rate of %s is poor", s.Name), why+": a run of more trials uses the caches better", "")
	default:
		d.add(levelNote, fmt.Sprintf("the hit rate of %s is poor", s.Name), why+": coarser steps of the parameters, so that trials share averages, or more trials use the caches better", "")
	}
}

// adviseMemory judges a budget that had room for everything.
func (d *diagnosis) adviseMemory(r *runFile) {
	m := d.Memory
	switch m.Band {
	case "under-used":
		d.add(levelNote, "the budget could be smaller, if the memory is wanted elsewhere",
			fmt.Sprintf("%.1f %% of it are in use and nothing had to leave", 100*m.Share), budgetLine(max(float64(m.Used)/aimedMemory, 1<<20)))
	case "near the limit":
		d.add(levelAdvice, "enlarge the budget before you add assets, bars or parameters",
			fmt.Sprintf("%.1f %% of it are in use; nothing had to leave yet", 100*m.Share), budgetLine(float64(m.Used)/aimedMemory))
	}
}

// budgetLine is the line that sets a budget of at least so many bytes.
func budgetLine(bytes float64) string { return "export OPTCACHE_CACHE_SIZE_GB=" + gigabytes(bytes) }

// gigabytes writes bytes in units of 2^30, rounded up to two digits.
func gigabytes(bytes float64) string {
	gb := bytes / (1 << 30)
	if gb <= 0 {
		return "0"
	}
	digit := int(math.Floor(math.Log10(gb))) - 1 // place of the second one
	unit := math.Pow10(digit)
	return strconv.FormatFloat(math.Ceil(gb/unit*(1-1e-12))*unit, 'f', max(0, -digit), 64)
}
