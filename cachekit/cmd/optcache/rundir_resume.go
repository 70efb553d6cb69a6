package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/optimize/record"
)

// openJournal opens the journal of a folder, at the run that is to go on or at a
// new one. Lines are what makes the run another one beside its trials.
func openJournal[S tunable[S]](j *job[S], dir string, resume bool, lines ...record.IdentityLine) (*record.Journal, error) {
	id, err := identityOf(j)
	if err != nil {
		return nil, err
	}
	id = append(id, lines...)
	journal, err := record.Open(dir)
	if err != nil {
		return nil, usage(fmt.Errorf("--out: %w", err))
	}
	if n := journal.Torn(); n > 0 {
		j.log.Warn("the end of a record that was not written whole was cut off the journal", "bytes", n)
	}
	if resume {
		if err = journal.Resume(id); err != nil {
			err = fmt.Errorf("%w%s", err, wayBack(j, journal.Last(), id))
		}
	} else {
		err = journal.Begin(id)
	}
	if err != nil {
		return nil, errors.Join(usage(fmt.Errorf("--out %s: %w", dir, err)), journal.Close())
	}
	return journal, nil
}

// identity is what must be the same for a run to go on.
func identityOf[S tunable[S]](j *job[S]) (id record.Identity, err error) {
	d, err := j.open(uncached)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	if id, err = d.view.Identity(); err != nil {
		return nil, err
	}
	order := "largest"
	if j.minimize {
		order = "smallest"
	}
	search := j.search
	if search != "grid" {
		search += fmt.Sprintf(", seed %d", j.seed)
	}
	id = append(id, record.Identity{
		{Name: "strategy", Value: j.strategyName()}, {Name: "cost", Value: plainText(j.costBps) + " basis points"},
	}...)
	for _, a := range j.specs {
		id = append(id, record.IdentityLine{Name: "parameter " + a.Name, Value: a.Spec})
	}
	return append(id, record.Identity{
		{Name: "search", Value: search}, {Name: "trials", Value: fmt.Sprint(j.count)}, {Name: "objective", Value: order + " " + j.objective},
	}...), nil
}

// wayBack tells how to run on the version that the run before had, where the bundle has
// another one now.
func wayBack[S tunable[S]](j *job[S], was, is record.Identity) string {
	before, now := lineOf(was, "version"), lineOf(is, "version")
	if before == "" || before == now || lineOf(was, "bundle") != j.bundle {
		return ""
	}
	if v, err := bundle.ParseVersion(before); err == nil {
		if b, err := j.store.Open(j.bundle, v); err == nil {
			b.Close()
			return fmt.Sprintf("\nto go on with the bars as they were: --resume --bundle %s --at %.12s, in place of what names the bars; to run on those of now: leave out --resume", j.bundle, before)
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

// goOn adds to an error that ended a run what is recorded of it, and how it goes on.
func goOn(err error, dir string, journal *record.Journal) error {
	if err == nil || journal == nil || journal.Len() == 0 || isUsage(err) {
		return err
	}
	when := ""
	if !errors.Is(err, context.Canceled) {
		when = " when that is mended"
	}
	return fmt.Errorf("%w\n%s recorded in %s, and nothing of that is lost: go on with --resume%s", err, areResults(journal.Len()), dir, when)
}

// checkResume refuses --resume where there is nothing to resume from.
func checkResume(resume bool, out string) error {
	if resume && out == "" {
		return errors.New("--resume needs --out DIR, the directory of the run that goes on")
	}
	return nil
}
