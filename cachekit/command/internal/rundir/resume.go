package rundir

import (
	"context"
	"errors"
	"fmt"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/command/internal/console"
	"github.com/bmadventure/optcache/cachekit/command/internal/output"
	"github.com/bmadventure/optcache/cachekit/command/internal/trials"
	"github.com/bmadventure/optcache/cachekit/optimize/record"
)

// OpenJournal opens the journal of a folder, at the run that is to go on or at a
// new one. Lines are what makes the run another one beside its trials.
func OpenJournal[S trials.Tunable[S]](j *trials.Job[S], dir string, resume bool, lines ...record.IdentityLine) (*record.Journal, error) {
	id, err := identityOf(j)
	if err != nil {
		return nil, err
	}
	id = append(id, lines...)
	journal, err := record.Open(dir)
	if err != nil {
		return nil, console.Usage(fmt.Errorf("--out: %w", err))
	}
	if n := journal.Torn(); n > 0 {
		j.Log.Warn("the end of a record that was not written whole was cut off the journal", "bytes", n)
	}
	if resume {
		if err = journal.Resume(id); err != nil {
			err = fmt.Errorf("%w%s", err, wayBack(j, journal.Last(), id))
		}
	} else {
		err = journal.Begin(id)
	}
	if err != nil {
		return nil, errors.Join(console.Usage(fmt.Errorf("--out %s: %w", dir, err)), journal.Close())
	}
	return journal, nil
}

// identity is what must be the same for a run to go on.
func identityOf[S trials.Tunable[S]](j *trials.Job[S]) (id record.Identity, err error) {
	d, err := j.Open(trials.Uncached)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	if id, err = d.View.Identity(); err != nil {
		return nil, err
	}
	order := "largest"
	if j.Minimize {
		order = "smallest"
	}
	search := j.Search
	if search != "grid" {
		search += fmt.Sprintf(", seed %d", j.Seed)
	}
	id = append(id, record.Identity{
		{Name: "strategy", Value: j.StrategyName()}, {Name: "cost", Value: output.Plain(j.CostBps) + " basis points"},
	}...)
	for _, a := range j.Specs {
		id = append(id, record.IdentityLine{Name: "parameter " + a.Name, Value: a.Spec})
	}
	return append(id, record.Identity{
		{Name: "search", Value: search}, {Name: "trials", Value: fmt.Sprint(j.Count)}, {Name: "objective", Value: order + " " + j.Objective},
	}...), nil
}

// wayBack tells how to run on the version that the run before had, where the bundle has
// another one now.
func wayBack[S trials.Tunable[S]](j *trials.Job[S], was, is record.Identity) string {
	before, now := lineOf(was, "version"), lineOf(is, "version")
	if before == "" || before == now || lineOf(was, "bundle") != j.Bundle {
		return ""
	}
	if v, err := bundle.ParseVersion(before); err == nil {
		if b, err := j.Store.Open(j.Bundle, v); err == nil {
			b.Close()
			return fmt.Sprintf("\nto go on with the bars as they were: --resume --bundle %s --bundle-version %.12s, in place of what names the bars; to run on those of now: leave out --resume", j.Bundle, before)
		}
	}
	return fmt.Sprintf("\nthe store does not have version %.12s any more: leave out --resume to run on the bars of now", before)
}

// lineOf returns the value of a line, empty if there is none.
func lineOf(id record.Identity, name string) string {
	for _, line := range id {
		if line.Name == name {
			return line.Value
		}
	}
	return ""
}

// GoOn adds to an error that ended a run what is recorded of it, and how it goes on.
func GoOn(err error, dir string, journal *record.Journal) error {
	if err == nil || journal == nil || journal.Len() == 0 || console.IsUsage(err) {
		return err
	}
	when := ""
	if !errors.Is(err, context.Canceled) {
		when = " when that is mended"
	}
	return fmt.Errorf("%w\n%s recorded in %s, and nothing of that is lost: go on with --resume%s", err, output.AreResults(journal.Len()), dir, when)
}

// CheckResume refuses --resume where there is nothing to resume from.
func CheckResume(resume bool, out string) error {
	if resume && out == "" {
		return errors.New("--resume needs --out DIR, the directory of the run that goes on")
	}
	return nil
}
