package bundle

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"
)

// A Change is that a version became the current one.
type Change struct {
	Version Version
	Since   time.Time // UTC
}

const (
	historyFile = "history"
	historyTime = "2006-01-02T15:04:05.000000000Z"

	// historyMost bounds the changes that are kept. When there are more, only the last one of each version that
	// still exists stays: what decides its age.
	historyMost = 1000
)

// History returns which version of a bundle became current when, the last change first. The first element is
// always that of the current version. Of versions that were current before the store had a file of them nothing
// is told, and of a bundle with more than 1,000 changes there may be the last one of each version that it
// still has, and the later ones.
//
// If lines of the file are damaged the error has [ErrCorrupt] in its chain, and all other changes are returned
// beside it. The error of an unknown bundle has [fs.ErrNotExist] in its chain.
func (s *Store) History(name string) ([]Change, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	changes, damage := s.readHistory(name) // before current: a change that comes in between is the last one
	current, err := s.Current(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err == nil {
		changes = s.withCurrent(name, changes, current)
	}
	slices.Reverse(changes)
	return changes, errors.Join(damage, err)
}

// readHistory returns the changes that the file has, the first one first. Beside an error are those that could
// be read.
func (s *Store) readHistory(name string) (changes []Change, err error) {
	path := s.path(name, historyFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		if info, statErr := os.Stat(path); statErr == nil && !info.Mode().IsRegular() {
			err = ErrCorrupt
		}
		return nil, fmt.Errorf("history of bundle %q: %s: %w", name, path, err)
	}
	number, damaged, first := 0, 0, 0
	for line := range strings.Lines(string(text)) {
		number++
		if c, ok := parseChange(line); ok {
			changes = append(changes, c)
		} else if damaged++; damaged == 1 {
			first = number
		}
	}
	if damaged > 0 {
		err = fmt.Errorf("history of bundle %q: %s: %d of %d lines are not as they were written, the first is line %d: %w",
			name, path, damaged, number, first, ErrCorrupt)
	}
	return changes, err
}

// line returns the change as it stands in the file.
func (c Change) line() string {
	text := c.Since.UTC().Format(historyTime) + " " + c.Version.String()
	sum := sha256.Sum256([]byte(text))
	return fmt.Sprintf("%s %x\n", text, sum[:8])
}

// parseChange is the inverse of line, and reports false for everything else.
func parseChange(line string) (c Change, ok bool) {
	since, rest, _ := strings.Cut(line, " ")
	version, _, _ := strings.Cut(rest, " ")
	var err error
	if c.Since, err = time.Parse(historyTime, since); err != nil {
		return Change{}, false
	}
	if c.Version, err = ParseVersion(version); err != nil {
		return Change{}, false
	}
	return c, c.line() == line
}

// withCurrent appends the change to the current version if the file lacks it: it was made before there was such
// a file, its writer died between the two, or its line is damaged. current is the truth, and its file is as
// old as the change.
func (s *Store) withCurrent(name string, changes []Change, current Version) []Change {
	if n := len(changes); n > 0 && changes[n-1].Version == current {
		return changes
	}
	info, err := os.Stat(s.path(name, currentFile))
	if err != nil {
		return changes
	}
	return append(changes, Change{current, info.ModTime().UTC()})
}

// historyWith returns the text of the file once v is current. What of the file is damaged is left out.
func (s *Store) historyWith(name string, v Version) (string, error) {
	changes, _ := s.readHistory(name)
	if current, err := s.Current(name); err == nil {
		changes = s.withCurrent(name, changes, current)
	}
	if n := len(changes); n == 0 || changes[n-1].Version != v {
		changes = append(changes, Change{v, time.Now()})
	}
	if len(changes) > historyMost {
		versions, err := s.versions(name)
		if err != nil {
			return "", err
		}
		changes = lastOfEach(changes, versions)
	}
	var text strings.Builder
	for _, c := range changes {
		text.WriteString(c.line())
	}
	return text.String(), nil
}

// lastOfEach returns the last change of each of the versions, in the order of the changes.
func lastOfEach(changes []Change, versions []Version) (last []Change) {
	left := make(map[Version]bool, len(versions))
	for _, v := range versions {
		left[v] = true
	}
	for _, c := range slices.Backward(changes) {
		if left[c.Version] {
			last = append(last, c)
			delete(left, c.Version)
		}
	}
	slices.Reverse(last)
	return last
}

// A dated is a version and when it became current last.
type dated struct {
	v    Version
	last time.Time
}

// byAge returns the versions of a bundle, the one that was current last first. Those that the changes, the last one
// first, do not tell of have the age of their files.
func (s *Store) byAge(name string, changes []Change) ([]dated, error) {
	versions, err := s.versions(name)
	if err != nil {
		return nil, err
	}
	last := make(map[Version]time.Time)
	var latest time.Time
	for _, c := range slices.Backward(changes) {
		// The order of the lines is the order of the changes, also if the clock was set back.
		if latest = latest.Add(1); c.Since.After(latest) {
			latest = c.Since
		}
		last[c.Version] = latest
	}
	aged := make([]dated, len(versions))
	for i, v := range versions {
		at, told := last[v]
		if !told {
			if info, err := os.Stat(s.versionPath(name, v, manifestFile)); err == nil {
				at = info.ModTime()
			}
		}
		aged[i] = dated{v, at}
	}
	slices.SortStableFunc(aged, func(a, b dated) int { return b.last.Compare(a.last) })
	return aged, nil
}
