package wal

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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

// TestDamagedAnywhere: a file with any byte changed is an error, or what is read of it is a beginning of
// what was written.
func TestDamagedAnywhere(t *testing.T) {
	whole, _ := filled(t)
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, whole, 0o644); err != nil {
		t.Fatal(err)
	}
	l, all, err := open(t, path)
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	errs := 0
	for at := range whole {
		for _, flip := range []byte{1, 0x80, 0xff} {
			damaged := bytes.Clone(whole)
			damaged[at] ^= flip
			if err := os.WriteFile(path, damaged, 0o644); err != nil {
				t.Fatal(err)
			}
			l, got, err := open(t, path)
			if err != nil {
				errs++
				if !strings.Contains(err.Error(), path) {
					t.Errorf("byte %d: %v does not name the file", at, err)
				}
				continue
			}
			l.Close()
			if len(got) > len(all) || strings.Join(got, " ") != strings.Join(all[:len(got)], " ") || len(got) == len(all) {
				t.Errorf("byte %d ^ %#x: read %v", at, flip, got)
			}
		}
	}
	if errs == 0 {
		t.Error("no damage is an error")
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
}

func TestOneWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l, _, err := open(t, path)
	if err != nil {
		t.Fatal(err)
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

// FuzzOpen opens files of any content: it never reads records that a second look does not
// find again, and what is appended is found behind them.
func FuzzOpen(f *testing.F) {
	whole, ends := filled(f)
	for _, end := range append(ends, int64(len(whole)-1), 3) {
		f.Add(whole[:end])
	}
	f.Add(append([]byte(magic), 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4))
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(t.TempDir(), "log")
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		l, got, err := open(t, path)
		if err != nil {
			if now, _ := os.ReadFile(path); !bytes.Equal(now, content) {
				t.Fatal("a file that cannot be read was changed")
			}
			return
		}
		if _, err := l.Append(Record{7, []byte("tail")}); err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		l, again, err := open(t, path)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		if strings.Join(again, "\x00") != strings.Join(append(got, "7:tail"), "\x00") {
			t.Errorf("first %q, then %q", got, again)
		}
	})
}
