package walk

import (
	"fmt"

	"github.com/bmadventure/optcache/cachekit/optimize"
)

// A Fold is one round of a walk-forward: parameters are searched over Train,
// chosen over Validation and judged over Test, which comes last.
type Fold struct {
	Number                  int
	Train, Validation, Test optimize.Span // Validation is empty if there is none
}

// Windows say how a walk-forward divides the sessions into folds. All lengths are
// in sessions of [optimize.Segments], so that no window begins or ends within one.
type Windows struct {
	// Train and Test are the lengths of these windows, at least 1. Validation may
	// be 0: then the search over Train alone chooses.
	Train, Validation, Test int

	// Step is how far a fold lies after the one before. 0 means Test: then every
	// session after the first fold's Test begins is judged once.
	Step int

	// Anchored makes every Train begin with the first session and grow by Step;
	// else it rolls.
	Anchored bool

	// Purge is how many sessions are left out after Train and, if there is one,
	// after Validation: what was begun in a window may end there.
	Purge int

	// Embargo is how many more sessions are left out before Test, for what markets
	// remember beyond that (López de Prado, Advances in Financial Machine Learning,
	// 2018, chapter 7).
	Embargo int
}

// Folds returns the folds that fit into that many sessions, oldest first.
func (w Windows) Folds(sessions int) ([]Fold, error) {
	for _, f := range []struct {
		name       string
		value, min int
	}{
		{"train", w.Train, 1}, {"validation", w.Validation, 0}, {"test", w.Test, 1},
		{"step", w.Step, 0}, {"purge", w.Purge, 0}, {"embargo", w.Embargo, 0},
	} {
		if f.value < f.min || f.value > 1<<31-1 {
			return nil, fmt.Errorf("lay out walk-forward windows: %s of %d sessions: must be at least %d and below 2^31", f.name, f.value, f.min)
		}
	}
	step := w.Step
	if step == 0 {
		step = w.Test
	}
	var folds []Fold
	for at := 0; ; at += step {
		f := w.fold(len(folds), at)
		if f.Test.To > sessions {
			break
		}
		folds = append(folds, f)
	}
	if len(folds) == 0 {
		return nil, fmt.Errorf("lay out walk-forward windows: one fold needs %d sessions and there are %d: take shorter windows or more bars",
			w.fold(0, 0).Test.To, sessions)
	}
	return folds, nil
}

// fold returns the fold whose rolling train window would begin at a session.
func (w Windows) fold(number, at int) Fold {
	f := Fold{Number: number, Train: optimize.Span{From: at, To: at + w.Train}}
	if w.Anchored {
		f.Train.From = 0
	}
	next := f.Train.To + w.Purge
	f.Validation = optimize.Span{From: next, To: next}
	if w.Validation > 0 {
		f.Validation.To += w.Validation
		next = f.Validation.To + w.Purge
	}
	next += w.Embargo
	f.Test = optimize.Span{From: next, To: next + w.Test}
	return f
}
