package doctor

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/command/internal/output"
	"github.com/bmadventure/optcache/cachekit/command/internal/rundir"
)

// adviseRun judges what is not a matter of one cache.
func (d *Diagnosis) adviseRun(program string, r *rundir.Run) {
	d.adviseState(program, r)
	if v := r.Verified; v != nil && !v.Identical {
		d.add(levelProblem, "results with caches and without differ: do not use them",
			fmt.Sprintf("%s were compared bit for bit", output.Count(v.Trials, "trial")), "export OPTCACHE_ENABLE_CACHING=false")
	}
	if r.Failed > 0 {
		why := "no reason was recorded"
		if len(r.Errors) > 0 {
			why = "the first: " + r.Errors[0]
		}
		what := fmt.Sprintf("%d of %s failed", r.Failed, output.Count(r.Trials, "trial"))
		if r.Command == "walkforward" { // which counts folds
			what = output.Count(r.Failed, "fold") + " failed"
		}
		d.add(levelProblem, what, why, "")
	}
	if r.State == rundir.StateDone && r.Ran == 0 && r.Recorded > 0 {
		d.add(LevelNote, "no backtest was made, so the caches had nothing to do", fmt.Sprintf("all %s were taken from the journal", output.Count(r.Recorded, "result")), "")
	}
	if r.Bypassed != "" {
		d.add(LevelNote, "not all caches were used: what is kept must save more than it costs", r.Bypassed, "--always-cache")
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
		d.add(levelAdvice, "use all processors", fmt.Sprintf("%s ran where %s could", output.Count(r.Workers, "worker"), output.Count(r.GOMAXPROCS, "worker")),
			fmt.Sprintf("--workers %d", r.GOMAXPROCS))
	case r.Workers > r.GOMAXPROCS:
		d.add(LevelNote, "fewer workers would do", fmt.Sprintf("%d workers shared %s", r.Workers, output.Count(r.GOMAXPROCS, "processor")),
			fmt.Sprintf("--workers %d", r.GOMAXPROCS))
	}
}

// adviseState tells how to go on with a run that did not end.
func (d *Diagnosis) adviseState(program string, r *rundir.Run) {
	again := program + " " + strings.Join(shellWords(r.Args), " ")
	if len(r.Args) > 0 && slices.Contains([]string{"sweep", "walkforward"}, r.Command) && !slices.Contains(r.Args, "--resume") {
		again += " --resume"
	}
	switch r.State {
	case rundir.StateDone:
		return
	case rundir.StateDifferent: // which adviseRun tells
		return
	case rundir.StateRunning:
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
		d.add(LevelNote, "there are no statistics of the caches yet", "they are written at the end of a run", "")
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
func (d *Diagnosis) adviseCaches(r *rundir.Run, memory int64) {
	for _, s := range d.health {
		if s.LoadErrors > 0 {
			d.add(levelProblem, fmt.Sprintf("%s of %s failed", output.Count(int(s.LoadErrors), "load"), s.Name),
				"what fails to load is not kept, so every trial that asks for it tries again: see the errors of the trials", "")
		}
		if s.Evictions.Retired > 0 {
			d.add(LevelNote, fmt.Sprintf("%d values of %s left because their version was given up", s.Evictions.Retired, s.Name),
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
func (d *Diagnosis) adviseRoom(r *rundir.Run, memory int64) (crowded map[string]bool) {
	crowded = make(map[string]bool)
	var enough int64
	exact, poor := true, false
	var reasons []string
	for i, s := range d.health {
		enough += d.needs[i].bytes
		exact = exact && d.needs[i].exact
		if s.Evictions.Capacity+s.Uncached+s.Refused == 0 {
			continue
		}
		crowded[s.Name] = true
		if s.Name == assetLists && r.Config.LRUMaxSize > 0 && s.Entries >= r.Config.LRUMaxSize {
			d.adviseLists(r, s)
			continue
		}
		poor = poor || bandOf(s, bandsOf(s.Name)) == "poor"
		reasons = append(reasons, s.Name+": "+d.Caches[i].removals())
	}
	if len(reasons) > 0 {
		d.adviseBudget(r, memory, float64(enough), exact, poor, "what left, or did not fit: "+strings.Join(reasons, "; "))
	}
	return crowded
}

// adviseBudget says which budget would hold everything, which takes so many bytes,
// or at most so many.
func (d *Diagnosis) adviseBudget(r *rundir.Run, memory int64, enough float64, exact, poor bool, why string) {
	budget := float64(d.Memory.Budget)
	next := enough / aimedMemory
	why += fmt.Sprintf(". All of it takes %s", output.Bytes(enough))
	if !exact { // values that came again were counted again, so go there in steps
		next = min(next, 4*budget)
		why += " at most, perhaps much less"
	}
	next = max(next, 1.25*budget)
	level, what := LevelNote, "a larger budget would save some loads"
	if poor {
		level, what = levelAdvice, "enlarge the budget: it is too small for this run"
	}
	switch most := 0.75 * float64(memory); {
	case memory > 0 && budget >= 0.8*most:
		d.add(level, "sweep fewer assets, fewer lengths or a shorter window at a time",
			why+fmt.Sprintf("; the budget has most of the %s of this machine already", output.Bytes(float64(memory))), "")
	case memory > 0 && next > most:
		d.add(level, what, why+fmt.Sprintf("; more than three quarters of the %s of this machine are not advised", output.Bytes(float64(memory))), budgetLine(most))
	default:
		d.add(level, what, why, budgetLine(next))
	}
	if poor && r.Config.Policy == "lru" {
		d.add(levelAdvice, "let another policy choose what leaves", "a sweep asks for the same values in turn, and of such a circle lru keeps none until all of it fits", "unset OPTCACHE_POLICY")
	}
}

// adviseLists says how many asset lists would do.
func (d *Diagnosis) adviseLists(r *rundir.Run, s cachekit.Stats) {
	d.add(levelAdvice, "keep more asset lists", fmt.Sprintf("%d lists had to leave because at most %d are kept, one for each version of a bundle", s.Evictions.Capacity, r.Config.LRUMaxSize),
		fmt.Sprintf("export OPTCACHE_LRU_MAXSIZE=%d", uint64(r.Config.LRUMaxSize)+s.Evictions.Capacity))
}

// adviseRepeats explains a poor hit rate of a cache that had room for everything.
func (d *Diagnosis) adviseRepeats(r *rundir.Run, s cachekit.Stats) {
	asked, first := s.Hits+s.Misses, max(s.Loads, uint64(s.Entries))
	if asked <= first && first == uint64(s.Entries) && r.Trials >= 10 {
		d.add(LevelNote, fmt.Sprintf("nothing of %s was asked for twice", s.Name),
			fmt.Sprintf("%s for %s, each of which must be loaded once: no budget can save that", output.Count(int(asked), "look-up"), output.Count(int(first), "value")), "")
		return
	}
	why := fmt.Sprintf("%d look-ups were for %d values, and each value must be loaded once: %.1f look-ups a value; all of them found room, so more memory would not help",
		asked, first, float64(asked)/float64(max(1, first)))
	switch lost := s.Evictions.Deleted + s.Evictions.Cleared + s.Evictions.Retired + s.Evictions.Expired; {
	case lost > 0:
		why += fmt.Sprintf("; %d values were given up before: ingest new versions between runs, not while one runs", lost)
		d.add(levelAdvice, fmt.Sprintf("the hit rate of %s is poor", s.Name), why, "")
	case r.Bundle.Previous != "":
		d.add(levelAdvice, fmt.Sprintf("the hit rate of %s is poor", s.Name),
			why+fmt.Sprintf("; the bundle has another version than before (%.12s), and what it changed had to be loaded anew: ingest once for many runs", r.Bundle.Previous), "")
	case s.Name != derivedSeries || r.Trials < 10:
		d.add(LevelNote, fmt.Sprintf("the hit rate of %s is poor", s.Name), why+": a run of more trials uses the caches better", "")
	default:
		d.add(LevelNote, fmt.Sprintf("the hit rate of %s is poor", s.Name), why+": coarser steps of the parameters, so that trials share averages, or more trials use the caches better", "")
	}
}

// adviseMemory judges a budget that had room for everything.
func (d *Diagnosis) adviseMemory(r *rundir.Run) {
	m := d.Memory
	switch {
	case !slices.ContainsFunc(d.health, func(s cachekit.Stats) bool { return s.Hits+s.Misses > 0 }): // a run that asked for nothing
	case m.Band == "under-used":
		d.add(LevelNote, "the budget could be smaller, if the memory is wanted elsewhere",
			fmt.Sprintf("%.1f %% of it are in use and nothing had to leave", 100*m.Share), budgetLine(max(float64(m.Used)/aimedMemory, 1<<20)))
	case m.Band == "near the limit":
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
