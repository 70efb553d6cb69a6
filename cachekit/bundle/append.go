package bundle

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/bmadventure/optcache/internal/flock"
)

// AppendOptions say how [Store.Append] joins bars. The zero value changes no bar that is there.
type AppendOptions struct {
	// Replace lets new bars replace those of the current version that have the same time and other values.
	Replace bool
}

// Append makes a version of the bars of the current one and of new ones, as [Store.WriteRows] would of both in one
// piece, and makes it the current one. Where there is no current version, the new bars are all. Assets without new
// bars stay as they are. A column that only one side has is filled for the other: no dividend, a split of one for one,
// a volume that is not known.
//
// A bar that both have is one if its values are equal; if they are not the new ones are refused with an
// [*InputError] that names both values, unless Replace is set. Frequency, time zone and session are those of
// the current version: facts may leave them at the zero value, and others are refused. Notes are added up.
//
// Time and memory go with the new bars: parts of the current version that get none are not read.
func (s *Store) Append(ctx context.Context, name string, facts Facts, rows []Rows, o AppendOptions) (*Report, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	lock, err := s.lockBundle(ctx, name)
	if err == nil {
		if lock != nil {
			defer flock.Close(lock)
			defer s.removeEmpty(name)
		}
		var r *Report
		if r, err = s.appendLocked(ctx, name, facts, rows, o); err == nil {
			return r, nil
		}
	}
	if input := (*InputError)(nil); errors.As(err, &input) {
		return nil, err
	}
	return nil, fmt.Errorf("append to bundle %q: %w", name, err)
}

func (s *Store) appendLocked(ctx context.Context, name string, facts Facts, rows []Rows,
	o AppendOptions) (*Report, error) {
	base, err := s.currentBase(ctx, name)
	if err != nil {
		return nil, err
	}
	if base != nil {
		defer base.release()
		if facts, err = joinFacts(base.manifest.facts(), facts); err != nil {
			return nil, err
		}
	}
	d, err := gather(ctx, facts, rows, base, o.Replace)
	if err != nil {
		return nil, err
	}
	return s.publishLocked(ctx, name, d, base)
}

// currentBase opens the current version; nil if there is none. Unlike for a write, a damaged one is an error: its bars
// would be lost.
func (s *Store) currentBase(ctx context.Context, name string) (*content, error) {
	v, err := s.Current(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	c, err := s.openContent(ctx, name, v)
	if err != nil {
		return nil, err
	}
	c.refs.Store(1)
	return c, nil
}

// joinFacts returns the facts of a version and new bars together.
func joinFacts(old, new Facts) (Facts, error) {
	var p problems
	refuse := func(what, was, is string) {
		p.Add(Problem{Column: what, Value: is,
			Message: fmt.Sprintf("the bundle has %q: give bars that agree, or write another bundle", was)})
	}
	if new.Frequency != 0 && new.Frequency != old.Frequency {
		refuse("frequency", old.Frequency.String(), new.Frequency.String())
	}
	if new.TimeZone == "UTC" && old.TimeZone == "" {
		new.TimeZone = ""
	}
	if new.TimeZone != "" && new.TimeZone != old.TimeZone {
		refuse("timezone", old.TimeZone, new.TimeZone)
	}
	if new.Session != "" && new.Session != old.Session {
		refuse("session", old.Session, new.Session)
	}
	notes := append(append([]Note(nil), old.Notes...), new.Notes...)
	old.Notes = notes
	return old, p.err()
}
