package wal

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

const magic = "test of a log 01"

// open opens the log and returns the payloads of its records, as text.
func open(t testing.TB, path string) (*Log, []string, error) {
	t.Helper()
	var got []string
	l, err := Open(path, magic, func(at int64, kind byte, payload []byte) error {
		got = append(got, fmt.Sprintf("%d:%s", kind, payload))
		return nil
	})
	return l, got, err
}

// filled returns the bytes of a log of five records, and where each ends.
func filled(t testing.TB) (whole []byte, ends []int64) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "log")
	l, _, err := open(t, path)
	if err != nil {
		t.Fatal(err)
	}
	ends = []int64{l.Size()}
	for i := range 5 {
		payload := bytes.Repeat([]byte{'a' + byte(i)}, 3*i)
		at, err := l.Append(Record{byte(i), payload})
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, l.Size())
		if got, err := l.ReadAt(at, len(payload)); err != nil || !bytes.Equal(got, payload) {
			t.Fatalf("record %d reads %q, %v", i, got, err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err = os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return whole, ends
}

// TestTruncatedAnywhere: of a file that was cut off at any byte the whole records are
// read, and what is appended then is read with them.
func TestTruncatedAnywhere(t *testing.T) {
	whole, ends := filled(t)
	path := filepath.Join(t.TempDir(), "log")
	for n := range len(whole) + 1 {
		if err := os.WriteFile(path, whole[:n], 0o644); err != nil {
			t.Fatal(err)
		}
		want := 0
		for want < 5 && int64(n) >= ends[want+1] {
			want++
		}
		l, got, err := open(t, path)
		if err != nil || len(got) != want {
			t.Fatalf("cut at %d: %d records, %v; want %d", n, len(got), err, want)
		}
		if n >= magicBytes && l.Torn() != int64(n)-ends[want] {
			t.Errorf("cut at %d: %d bytes torn, want %d", n, l.Torn(), int64(n)-ends[want])
		}
		if _, err := l.Append(Record{9, []byte("more")}); err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		l, again, err := open(t, path)
		if err != nil || strings.Join(again, " ") != strings.Join(append(got, "9:more"), " ") {
			t.Fatalf("cut at %d: then %v, %v", n, again, err)
		}
		l.Close()
	}
}

// TestDamagedAnywhere: a file with any byte changed is an error, and stays as it is. Only where the last
// record's content is changed is that record cut off.
func TestDamagedAnywhere(t *testing.T) {
	whole, ends := filled(t)
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, whole, 0o644); err != nil {
		t.Fatal(err)
	}
	l, all, err := open(t, path)
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	last := int(ends[len(ends)-2])
	for at := range whole {
		for _, flip := range []byte{1, 0x80, 0xff} {
			damaged := bytes.Clone(whole)
			damaged[at] ^= flip
			if err := os.WriteFile(path, damaged, 0o644); err != nil {
				t.Fatal(err)
			}
			l, got, err := open(t, path)
			if at < last+headBytes {
				if err == nil || !strings.Contains(err.Error(), path) {
					t.Errorf("byte %d ^ %#x: %d records, %v: want an error that names the file", at, flip, len(got), err)
				}
				if now, _ := os.ReadFile(path); !bytes.Equal(now, damaged) {
					t.Errorf("byte %d ^ %#x: the file was changed", at, flip)
				}
			}
			if err != nil {
				continue
			}
			l.Close()
			if strings.Join(got, " ") != strings.Join(all[:len(all)-1], " ") {
				t.Errorf("byte %d ^ %#x: read %v", at, flip, got)
			}
		}
	}
}

// TestALengthIsNotBelieved: a length that was changed so that the file seems to end too early
// does not cost the records behind it.
func TestALengthIsNotBelieved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l, _, err := open(t, path)
	if err != nil {
		t.Fatal(err)
	}
	var places []int64
	for range 100 {
		at, err := l.Append(Record{1, make([]byte, 100)})
		if err != nil {
			t.Fatal(err)
		}
		places = append(places, at)
	}
	l.Close()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range places[:99] {
		damaged := bytes.Clone(whole)
		damaged[at+2] ^= 0x01 // 64 KiB longer
		if err := os.WriteFile(path, damaged, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, got, err := open(t, path); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("byte %d,", at)) {
			t.Fatalf("length at %d: %d records, %v", at, len(got), err)
		}
	}
}

// TestZerosAtTheEnd: room that was made and not written to is cut off.
func TestZerosAtTheEnd(t *testing.T) {
	whole, _ := filled(t)
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, append(whole, make([]byte, 1<<18)...), 0o644); err != nil {
		t.Fatal(err)
	}
	l, got, err := open(t, path)
	if err != nil || len(got) != 5 || l.Torn() != 1<<18 {
		t.Fatalf("%d records, %v", len(got), err)
	}
	l.Close()
	// The same when the first bytes of a record, up to any of them, were written.
	whole, ends := filled(t)
	for n := ends[4]; n < ends[5]; n++ {
		if err := os.WriteFile(path, append(bytes.Clone(whole[:n]), make([]byte, 5000)...), 0o644); err != nil {
			t.Fatal(err)
		}
		l, got, err := open(t, path)
		if err != nil || len(got) != 4 {
			t.Fatalf("%d bytes and zeros: %d records, %v", n, len(got), err)
		}
		l.Close()
	}
}

func TestOneWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l, _, err := open(t, path)
	if err != nil {
		t.Fatal(err)
	}
	if !l.Alone() {
		t.Skip("there are no locks here")
	}
	if _, _, err := open(t, path); err == nil || !strings.Contains(err.Error(), "process "+strconv.Itoa(os.Getpid())) {
		t.Errorf("a second writer: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l, _, err = open(t, path)
	if err != nil {
		t.Fatalf("after the first closed: %v", err)
	}
	l.Close()
}

// Where there are no locks a log is written and read, and says that nobody is kept out.
func TestWithoutLocks(t *testing.T) {
	defer func(was func(*os.File) (bool, error)) { tryAlone = was }(tryAlone)
	tryAlone = func(*os.File) (bool, error) { return false, fmt.Errorf("none here: %w", errors.ErrUnsupported) }
	path := filepath.Join(t.TempDir(), "log")
	l, _, err := open(t, path)
	if err != nil || l.Alone() {
		t.Fatal(l.Alone(), err)
	}
	if _, err := l.Append(Record{1, []byte("x")}); err != nil {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	l, got, err := open(t, path)
	if err != nil || strings.Join(got, " ") != "1:x" {
		t.Errorf("%v, %v", got, err)
	}
	l.Close()
	failed := errors.New("no")
	tryAlone = func(*os.File) (bool, error) { return false, failed }
	if _, _, err := open(t, path); !errors.Is(err, failed) {
		t.Errorf("a lock that fails otherwise: %v", err)
	}
}

func TestRewrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l, _, err := open(t, path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		if _, err := l.Append(Record{1, []byte(strconv.Itoa(i))}); err != nil {
			t.Fatal(err)
		}
	}
	failed := errors.New("no")
	if err := l.Rewrite(func(func(Record) (int64, error)) error { return failed }); !errors.Is(err, failed) {
		t.Fatalf("a rewriting that fails: %v", err)
	}
	var places []int64
	err = l.Rewrite(func(add func(Record) (int64, error)) error {
		for _, s := range []string{"3", "7"} {
			at, err := add(Record{2, []byte(s)})
			if err != nil {
				return err
			}
			places = append(places, at)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := l.ReadAt(places[1], 1); err != nil || string(got) != "7" {
		t.Errorf("reads %q, %v", got, err)
	}
	if _, err := l.Append(Record{3, []byte("x")}); err != nil {
		t.Fatal(err)
	}
	l.Close()
	l, got, err := open(t, path)
	if err != nil || strings.Join(got, " ") != "2:3 2:7 3:x" {
		t.Errorf("read %v, %v", got, err)
	}
	l.Close()
}

// Who may read a log does not change when it is rewritten.
func TestRewriteKeepsTheMode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l, _, err := open(t, path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := l.Rewrite(func(func(Record) (int64, error)) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm()&^0o600 != 0 && runtime.GOOS != "windows" {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// scan reads content as a file, in memory: what a disk takes to sync would leave a fuzz target
// a few inputs a second.
func scan(content []byte) (whole int64, records []Record, err error) {
	l := &Log{path: "log", magic: magic}
	whole, err = l.read(bytes.NewReader(content), int64(len(content)), func(at int64, kind byte, payload []byte) error {
		records = append(records, Record{kind, bytes.Clone(payload)})
		return nil
	})
	return whole, records, err
}

// written returns the file of some records.
func written(records []Record) []byte {
	b := []byte(magic)
	for _, r := range records {
		b = appendRecord(b, r)
	}
	return b
}

// FuzzRead reads files of any content: what is kept of one is, byte for byte, what writing the records that
// were read makes.
func FuzzRead(f *testing.F) {
	whole, ends := filled(f)
	for _, end := range append(ends, int64(len(whole)-1), 3) {
		f.Add(whole[:end])
	}
	f.Add(append([]byte(magic), 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4, 5, 6, 7, 8, 9))
	f.Add(append(bytes.Clone(whole), make([]byte, 99)...))
	f.Fuzz(func(t *testing.T, content []byte) {
		kept, records, err := scan(content)
		switch {
		case err != nil:
			if kept != 0 {
				t.Errorf("%d bytes are kept beside %v", kept, err)
			}
		case kept == 0:
			if len(records) > 0 || !strings.HasPrefix(magic, string(content)) {
				t.Errorf("nothing is kept of %d records", len(records))
			}
		case !bytes.Equal(written(records), content[:kept]):
			t.Errorf("%d bytes are kept, and %d records do not make them", kept, len(records))
		}
	})
}

// FuzzDamage cuts files and changes bytes in them: what is read is a beginning of what was
// written, and unless there is an error it lacks nothing that stood whole before the damage.
func FuzzDamage(f *testing.F) {
	f.Add([]byte("one\x00two\x00three"), uint16(30), uint16(20), byte(1))
	f.Add([]byte("\x00\x00\x00"), uint16(1000), uint16(17), byte(0x80))
	f.Add([]byte("a\x00b"), uint16(22), uint16(1000), byte(0))
	f.Fuzz(func(t *testing.T, texts []byte, cut, at uint16, flip byte) {
		var records []Record
		for i, text := range bytes.Split(texts, []byte{0}) {
			records = append(records, Record{byte(i), text})
		}
		content := written(records)
		content = content[:min(int(cut), len(content))]
		changed := flip != 0 && int(at) < len(content)
		if changed {
			content[at] ^= flip
		}
		_, got, err := scan(content)
		if err != nil {
			if !changed {
				t.Errorf("a file that was only cut: %v", err)
			}
			return
		}
		sound := 0 // records that stand whole
		for next := magicBytes; sound < len(records); sound++ {
			from := next
			next += int(Length(len(records[sound].Payload)))
			if next > len(content) || changed && int(at) >= from && int(at) < next {
				break
			}
		}
		if changed && at < magicBytes {
			t.Error("another magic is read")
		}
		if len(got) != sound {
			t.Errorf("%d records are read, %d stand whole", len(got), sound)
		}
		for i, r := range got {
			if r.Kind != records[i].Kind || !bytes.Equal(r.Payload, records[i].Payload) {
				t.Errorf("record %d is %v", i, r)
			}
		}
	})
}
