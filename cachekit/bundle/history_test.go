package bundle

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// inOrder returns the versions of a history, the first change first.
func inOrder(changes []Change) (versions []Version) {
	for _, c := range slices.Backward(changes) {
		versions = append(versions, c.Version)
	}
	return versions
}

// gc is skipped where it refuses to delete.
func gc(t *testing.T, s *Store, keep int) {
	t.Helper()
	_, err := s.GC(t.Context(), "b", keep)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// existing returns the versions that the store has, by age.
func existing(t *testing.T, s *Store) (versions []Version) {
	t.Helper()
	infos, err := s.Versions("b")
	if err != nil {
		t.Fatal(err)
	}
	for _, info := range infos {
		versions = append(versions, info.Version)
	}
	return versions
}

// A version that became current again is younger than one whose files were written later.
func TestGCKeepsWhatWasCurrentLast(t *testing.T) {
	s := emptyStore(t)
	v := becomes(t, s, 1, 2, 1, 3)
	if got, want := existing(t, s), []Version{v[3], v[0], v[1]}; !slices.Equal(got, want) {
		t.Errorf("the order is %v, want %v", got, want)
	}
	gc(t, s, 1)
	if got, want := existing(t, s), []Version{v[3], v[0]}; !slices.Equal(got, want) {
		t.Errorf("gc leaves %v, want %v", got, want)
	}
}

// A store without the file has the order of its files, and the current version in front; the next change tells
// of the current version too.
func TestHistoryOfAnOldStore(t *testing.T) {
	s := emptyStore(t)
	v := becomes(t, s, 1, 2, 3)
	at := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	for i, version := range v {
		date(t, s.versionPath("b", version, manifestFile), at.AddDate(0, 0, i))
	}
	become(t, s, 1)
	date(t, s.path("b", currentFile), at.AddDate(0, 0, 9))
	if err := os.Remove(s.path("b", historyFile)); err != nil {
		t.Fatal(err)
	}
	changes, err := s.History("b")
	if err != nil || len(changes) != 1 || changes[0] != (Change{v[0], at.AddDate(0, 0, 9)}) {
		t.Errorf("%v, %v", changes, err)
	}
	if got, want := existing(t, s), []Version{v[0], v[2], v[1]}; !slices.Equal(got, want) {
		t.Errorf("the order is %v, want %v", got, want)
	}
	fourth := become(t, s, 4)
	changes, err = s.History("b")
	seeded := Change{v[0], at.AddDate(0, 0, 9)}
	if err != nil || len(changes) != 2 || changes[1] != seeded || changes[0].Version != fourth {
		t.Errorf("after a change: %v, %v", changes, err)
	}
	if got, want := existing(t, s), []Version{fourth, v[0], v[2], v[1]}; !slices.Equal(got, want) {
		t.Errorf("after a change the order is %v, want %v", got, want)
	}
}

// date sets the time of a file.
func date(t *testing.T, path string, at time.Time) {
	t.Helper()
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}

// A line is what FORMAT.md says.
func TestHistoryLine(t *testing.T) {
	c := Change{Version{1}, time.Date(2026, 3, 2, 18, 4, 5, 7, time.UTC)}
	const line = "2026-03-02T18:04:05.000000007Z 0100000000000000000000000000000000000000000000000000000000000000" +
		" a5dc97c471ca179a\n"
	if got := c.line(); got != line {
		t.Errorf("%q", got)
	}
	if got, ok := parseChange(line); got != c || !ok {
		t.Errorf("%v, %t", got, ok)
	}
	later, upper := strings.Replace(line, "7Z", "8Z", 1), strings.ToUpper(line)
	for _, other := range []string{"", "\n", line[:len(line)-1], line + "\n", " " + line, later, upper} {
		if got, ok := parseChange(other); ok {
			t.Errorf("%q is %v", other, got)
		}
	}
}

// Every cut and every changed byte of the file is told of, costs only its line, and hinders nobody; ingesting
// mends it.
func TestDamagedHistory(t *testing.T) {
	s := emptyStore(t)
	v := becomes(t, s, 1, 2, 1, 3)
	path := s.path("b", historyFile)
	whole := readFile(t, path)
	lines := slices.Collect(strings.Lines(string(whole)))
	if len(lines) != 4 {
		t.Fatalf("%d lines: %q", len(lines), whole)
	}
	for at := 0; at < len(whole); at += 7 {
		broken := bytes.Clone(whole)
		broken[at] ^= 0x01
		hit := bytes.Count(whole[:at], []byte{'\n'}) // the line
		end := hit + 1
		if whole[at] == '\n' {
			end = min(hit+2, len(v)) // two lines became one
		}
		damagedHistory(t, s, broken, slices.Delete(slices.Clone(v), hit, end), at)
		damagedHistory(t, s, whole[:at], v[:hit], at)
	}
	damagedHistory(t, s, append(bytes.Clone(whole), make([]byte, 512)...), v, len(whole))
	v = append(v, become(t, s, 0))
	if changes, err := s.History("b"); err != nil || !slices.Equal(inOrder(changes), v) {
		t.Errorf("after another ingest: %v, %v", changes, err)
	}
	// A folder in its place is damage too; an ingest of what is current mends it.
	alter(t, path, []byte("no history\n"))
	mend := func() {
		t.Helper()
		become(t, s, 0)
		if changes, err := s.History("b"); err != nil || len(changes) != 1 {
			t.Errorf("after an ingest of what is current: %v, %v", changes, err)
		}
	}
	mend()
	if err := errors.Join(os.Remove(path), os.Mkdir(path, 0o755)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.History("b"); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a folder: %v", err)
	}
	mend()
}

// damagedHistory puts text into the file: the changes to those versions, and to the current one, must be left.
func damagedHistory(t *testing.T, s *Store, text []byte, left []Version, at int) {
	t.Helper()
	current, err := s.Current("b")
	if err != nil {
		t.Fatal(err)
	}
	alter(t, s.path("b", historyFile), text)
	want := left
	if len(left) == 0 || left[len(left)-1] != current {
		want = append(slices.Clone(left), current)
	}
	changes, err := s.History("b")
	if got := inOrder(changes); !slices.Equal(got, want) {
		t.Errorf("byte %d: the changes are %v, want %v", at, got, want)
	}
	torn := len(text) > 0 && text[len(text)-1] != '\n'
	if damaged := errors.Is(err, ErrCorrupt); (err != nil) != damaged || torn && !damaged {
		t.Errorf("byte %d: %v", at, err)
	}
	infos, err := s.Versions("b")
	if err != nil || len(infos) != 3 || !infos[0].Current {
		t.Errorf("byte %d: %v, %v", at, infos, err)
	}
}

// The lines are the order, whatever the clock said: it was set back between the two.
func TestHistoryAndAClockThatWasSetBack(t *testing.T) {
	s := emptyStore(t)
	v := becomes(t, s, 1, 2, 3)
	at := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	var text string
	for i, version := range []Version{v[1], v[0], v[2]} {
		text += Change{version, at.AddDate(0, 0, -i)}.line()
	}
	alter(t, s.path("b", historyFile), []byte(text))
	if got, want := existing(t, s), []Version{v[2], v[0], v[1]}; !slices.Equal(got, want) {
		t.Errorf("the order is %v, want %v", got, want)
	}
}

// The file has at most 1,000 lines; what is left out does not change the age of a version that is there.
func TestHistoryIsBounded(t *testing.T) {
	s := emptyStore(t)
	v := becomes(t, s, 1, 2, 3)
	at := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	var text strings.Builder
	for i := range historyMost {
		c := Change{Version{1, byte(i), byte(i >> 8)}, at.Add(time.Duration(i))} // of a version that was removed
		if i == 500 {
			c.Version = v[1]
		}
		if i%400 == 200 { // 200 and 600
			c.Version = v[0]
		}
		if i == historyMost-1 {
			c.Version = v[2]
		}
		text.WriteString(c.line())
	}
	alter(t, s.path("b", historyFile), []byte(text.String()))
	if changes, err := s.History("b"); err != nil || len(changes) != historyMost {
		t.Fatalf("%d changes, %v", len(changes), err)
	}
	fourth := become(t, s, 4)
	changes, err := s.History("b")
	want := []Version{v[1], v[0], v[2], fourth}
	if got := inOrder(changes); err != nil || !slices.Equal(got, want) || changes[2].Since != at.Add(600) {
		t.Errorf("%v, %v; want %v", changes, err, want)
	}
	slices.Reverse(want)
	if got := existing(t, s); !slices.Equal(got, want) {
		t.Errorf("the order is %v, want %v", got, want)
	}
}

// A bundle that was removed has no history, also if it is made again.
func TestHistoryGoesWithItsBundle(t *testing.T) {
	s := emptyStore(t)
	becomes(t, s, 1, 2)
	if _, err := s.Remove(t.Context(), "b"); errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	if _, err := s.History("b"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("removed: %v", err)
	}
	become(t, s, 1)
	if changes, err := s.History("b"); err != nil || len(changes) != 1 {
		t.Errorf("made again: %v, %v", changes, err)
	}
	// What is left of a removal that was broken off is gone after gc.
	if err := errors.Join(os.Remove(s.path("b", currentFile)), os.RemoveAll(s.path("b", versionsDir))); err != nil {
		t.Fatal(err)
	}
	if _, err := s.GC(t.Context(), "", 0); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(s.Dir()); err != nil || len(entries) != 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}
