package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"sync"
	"time"
)

// An outcome is what became of a mutant.
type outcome string

const (
	killed     outcome = "killed"     // a test failed
	clocked    outcome = "timed out"  // killed because it took too long
	equivalent outcome = "equivalent" // the compiler makes the same of it as of the original
	broken     outcome = "broken"     // it does not compile
	survived   outcome = "survived"
)

// choose returns the mutants that are to be tried: those that match, as far as
// they compile, or a sample of them in random order.
func choose(p *pkg, o options) ([]Mutant, error) {
	all := p.mutants()
	if o.sample > 0 {
		r := rand.New(rand.NewPCG(o.seed, 0))
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	}
	var chosen []Mutant
	for _, m := range all {
		if o.match.MatchString(m.String()) && p.compiles(m) && (!o.together || p.joins(m)) {
			if chosen = append(chosen, m); len(chosen) == o.sample {
				break
			}
		}
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("breaking package %s: none of its %d mutants matches %q", p.path, len(all), o.match)
	}
	return chosen, nil
}

// try tries the mutants, as many at a time as there are workers, and tells of each survivor
// at once. If it is interrupted it returns what it knows so far.
func try(ctx context.Context, p *pkg, mutants []Mutant, o options, progress io.Writer) (*result, error) {
	scratch, err := os.MkdirTemp("", "mutate-")
	if err != nil {
		return nil, fmt.Errorf("making a folder for mutants: %w", err)
	}
	defer os.RemoveAll(scratch)
	suites, joined, err := prepare(ctx, p, mutants, o, scratch, progress)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r := &result{Package: p.path, Seed: o.seed, Chosen: len(mutants)}
	next := make(chan Mutant)
	var workers sync.WaitGroup
	for range o.workers {
		workers.Go(func() {
			for m := range next {
				start := time.Now()
				found, err := p.try(ctx, m, suites, joined, scratch)
				if err != nil {
					cancel(err)
					continue
				}
				r.add(m, found)
				r.tell(progress, m, found, time.Since(start))
			}
		})
	}
	for _, m := range mutants {
		if ctx.Err() != nil {
			break
		}
		next <- m
	}
	close(next)
	workers.Wait()
	r.KilledBy = make(map[string]int)
	for _, s := range suites {
		maps.Copy(r.KilledBy, s.order.kills)
	}
	r.Tried = r.tried()
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return r, err
	}
	return r, nil
}

// prepare builds what the mutants are tried on. joined is nil if they have to be built one by one.
func prepare(ctx context.Context, p *pkg, mutants []Mutant, o options, scratch string, progress io.Writer) (suites []suite, joined *together, err error) {
	own := suite{pattern: o.pattern, tests: o.tests}
	if o.together {
		if err := own.find(ctx); err != nil {
			return nil, nil, err
		}
		if joined, err = own.join(ctx, p, mutants, scratch); err != nil {
			return nil, nil, err
		}
		joined.only = true
		if err := own.measure(ctx, joined.binary, o.grace); err != nil {
			return nil, nil, err
		}
		return []suite{own}, joined, nil
	}
	suites = append([]suite{own}, o.also...)
	for i := range suites {
		if err := suites[i].prepare(ctx, scratch, o.grace); err != nil {
			return nil, nil, err
		}
	}
	joined, err = suites[0].join(ctx, p, mutants, scratch)
	if err == nil && joined != nil {
		err = suites[0].runAll(ctx, joined.binary, 0)
	}
	if err != nil {
		fmt.Fprintf(progress, "the mutants are built one by one: %v\n", err)
		joined = nil
	}
	return suites, joined, nil
}

// try tries one mutant on one suite after the other.
func (p *pkg) try(ctx context.Context, m Mutant, suites []suite, joined *together, scratch string) (outcome, error) {
	number := joined.of(m)
	if number > 0 {
		err := suites[0].runAll(ctx, joined.binary, number)
		o, ok := judge(err)
		switch {
		case !ok:
			return "", fmt.Errorf("trying %v: %w", m, err)
		case err != nil || joined.only:
			return o, nil
		}
	}
	folder, err := os.MkdirTemp(scratch, "")
	if err != nil {
		return "", fmt.Errorf("making a folder for a mutant: %w", err)
	}
	defer os.RemoveAll(folder)
	overlay, err := p.overlay(m, folder)
	if err != nil {
		return "", err
	}
	allSame := true
	for i := range suites {
		same, err := suites[i].try(ctx, folder, overlay, i == 0 && number > 0)
		if o, ok := judge(err); !ok {
			return "", fmt.Errorf("trying %v: %w", m, err)
		} else if err != nil {
			return o, nil
		}
		allSame = allSame && same
	}
	if allSame {
		return equivalent, nil
	}
	return survived, nil
}

// judge returns what an error of a suite makes of a mutant, or false if it is none of the mutant's.
func judge(err error) (outcome, bool) {
	switch {
	case err == nil:
		return survived, true
	case errors.Is(err, context.Canceled):
		return "", false
	case errors.Is(err, errBuild):
		return broken, true
	case errors.Is(err, errTests):
		return killed, true
	case errors.Is(err, errClock):
		return clocked, true
	}
	return "", false
}
