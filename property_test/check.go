package propertytest

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/prop"
)

// check tests one property: the trace of the environment if there is one, else the
// kept traces of the suite and then random ones. It returns the first failure.
func (p *prepared[K, V]) check(t *testing.T, prop *property) *Failure {
	if prop.stress {
		return p.checkStress(t, prop)
	}
	kept, origin := p.Traces, "a kept trace"
	if p.run.trace != "" {
		kept, origin = []string{p.run.trace}, "the trace of "+traceVariable
	}
	for _, text := range kept {
		tr, err := parseTrace(text, len(p.universe))
		if err != nil {
			return &Failure{Property: prop.name, report: err.Error()}
		}
		if tr.property != prop.name {
			continue
		}
		if why := p.cannot(tr); why != "" {
			if p.run.trace != "" {
				return &Failure{Property: prop.name, report: fmt.Sprintf("playing the trace %s: %s", text, why)}
			}
			continue
		}
		if v := p.verdict(t, prop, tr, p.run.patience, true); v.violation != nil {
			return p.report(t, prop, tr, v, origin)
		}
	}
	if p.run.trace != "" {
		return nil
	}
	return p.checkRandom(t, prop)
}

// cannot says which step of a trace this cache cannot do; "" if it can do all.
func (p *prepared[K, V]) cannot(tr trace) string {
	for i, s := range tr.steps {
		switch {
		case !p.can[s.op]:
			return fmt.Sprintf("step %d: the cache, or its suite, has no %s", i+1, opNames[s.op])
		case s.shape == large && p.Big == nil, s.shape == empty && !p.hasEmpty:
			return fmt.Sprintf("step %d: the suite has no value that is %s", i+1, shapeNames[s.shape])
		}
	}
	return ""
}

// checkRandom plays random traces, and shrinks the first that fails.
func (p *prepared[K, V]) checkRandom(t *testing.T, of *property) *Failure {
	var hung *trace // the first that did
	params := gopter.DefaultTestParametersWithSeed(p.run.seedOf(of.name))
	params.MinSuccessfulTests = p.run.cases
	params.MaxShrinkCount = 10_000
	result := prop.ForAll(func(tr trace) bool {
		patience := p.run.patience
		if hung != nil {
			patience = shrinking
		}
		v := p.verdict(t, of, tr, patience, false)
		if v.ending.hung && hung == nil {
			if v = p.verdict(t, of, tr, patience, false); v.ending.hung {
				hung = &tr
			}
		}
		return v.violation == nil
	}, p.generator(of)).Check(params)
	if result.Passed() {
		return nil
	}
	if len(result.Args) == 0 {
		return &Failure{Property: of.name, report: fmt.Sprintf("%s: no traces could be made: %v %v", of.name, result.Status, result.Error)}
	}
	last := result.Args[len(result.Args)-1]
	tr, from := last.Arg.(trace), len(last.OrigArg.(trace).steps)
	origin := fmt.Sprintf("seed %d, case %d, shrunk from %d steps to %d", p.run.seed, result.Succeeded+1, from, len(tr.steps))
	v := p.verdict(t, of, tr, p.run.patience, true)
	if v.violation == nil && hung != nil {
		tr = *hung
		v = p.verdict(t, of, tr, p.run.patience, true)
		origin = fmt.Sprintf("seed %d, case %d, not shrunk", p.run.seed, result.Succeeded+1)
	}
	if v.violation == nil {
		v.violation = &violation{step: -1, what: "flaky: the trace failed when it was found, and not when it was played again"}
	}
	f := p.report(t, of, tr, v, origin)
	f.Case = result.Succeeded + 1
	return f
}

// A verdict is how one trace went.
type verdict struct {
	violation *violation // nil if all went well
	lines     []string   // what happened at each step
	ending    ending
}

// verdict plays one trace, and keeps what happened at each step if it is to be told.
func (p *prepared[K, V]) verdict(t *testing.T, prop *property, tr trace, patience time.Duration, told bool) verdict {
	var current atomic.Pointer[run[K, V]]
	ending := inBubble(t, patience, func() {
		x := p.newRun(prop, tr, told)
		current.Store(x)
		x.play()
	})
	x := current.Load()
	if x == nil {
		return verdict{&violation{-1, fmt.Sprintf("New: %v", ending.panicked), ""}, nil, ending}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	v := verdict{x.fault, append([]string(nil), x.lines...), ending}
	if v.violation == nil {
		v.violation = p.complaint(prop, x.current, ending)
	}
	return v
}

// complaint says what is wrong with how a bubble ended.
func (p *prepared[K, V]) complaint(prop *property, step int, e ending) *violation {
	if prop.concurrent {
		step = -1
	}
	switch {
	case e.hung:
		return &violation{step, "the cache stands still: it waits for a lock that is held, as it is when a load runs under it, or it runs in a circle", ""}
	case e.blocked():
		return &violation{step, "the step never returns", ""}
	case e.leaked() && prop.closes:
		return &violation{-1, "goroutines of the cache are left, though all calls have returned and it is closed if it can be", ""}
	case e.leaked(), e.panicked == nil:
		return nil
	}
	return &violation{step, "panic: " + strings.TrimSpace(fmt.Sprint(e.panicked)), ""}
}
