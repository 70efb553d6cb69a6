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
		if o.match.MatchString(m.String()) && p.compiles(m) {
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
// at once.
func try(ctx context.Context, p *pkg, mutants []Mutant, o options, progress io.Writer) (*result, error) {
	scratch, err := os.MkdirTemp("", "mutate-")
	if err != nil {
		return nil, fmt.Errorf("making a folder for mutants: %w", err)
	}
	defer os.RemoveAll(scratch)
	suites := append([]suite{{pattern: o.pattern}}, o.also...)
	for i := range suites {
		if err := suites[i].prepare(ctx, scratch, o.grace); err != nil {
			return nil, err
		}
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
				found, err := p.try(ctx, m, suites, scratch)
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
	return r, context.Cause(ctx)
}

// try tries one mutant on one suite after the other.
func (p *pkg) try(ctx context.Context, m Mutant, suites []suite, scratch string) (outcome, error) {
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
		same, err := suites[i].try(ctx, folder, overlay)
		switch {
		case errors.Is(err, errBuild) && ctx.Err() == nil:
			return broken, nil
		case errors.Is(err, errTests):
			return killed, nil
		case errors.Is(err, errClock):
			return clocked, nil
		case err != nil:
			return "", fmt.Errorf("trying %v: %w", m, err)
		}
		allSame = allSame && same
	}
	if allSame {
		return equivalent, nil
	}
	return survived, nil
}
