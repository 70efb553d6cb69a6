package flock

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// handles opens a file several times: locks belong to what was opened, not to the process.
func handles(t *testing.T, n int) []*os.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("content"), 0o644); err != nil {
		t.Fatal(err)
	}
	var files []*os.File
	for range n {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		files = append(files, f)
	}
	return files
}

// Many share a lock, one has it alone, and closing gives it up. Where there are no locks nobody is told to be alone.
func TestLocks(t *testing.T) {
	f := handles(t, 4)
	try := func(who string, lock func(*os.File) (bool, error), f *os.File, want bool) {
		t.Helper()
		if got, err := lock(f); err != nil || got != want {
			t.Errorf("%s: %t, %v; want %t", who, got, err, want)
		}
	}
	try("the first who shares", TryShared, f[0], true)
	try("the second", TryShared, f[1], true)
	if got, err := TryAlone(f[2]); errors.Is(err, errors.ErrUnsupported) && !got {
		t.Skip("nobody is alone here:", err)
	}
	try("alone, beside two", TryAlone, f[2], false)
	if err := errors.Join(Close(f[0]), Close(f[1])); err != nil {
		t.Error(err)
	}
	try("alone", TryAlone, f[2], true)
	try("shared, beside one who is alone", TryShared, f[3], false)
	try("alone, beside another", TryAlone, f[3], false)
	content := make([]byte, 7)
	if _, err := f[3].ReadAt(content, 0); err != nil || string(content) != "content" {
		t.Errorf("who has no lock reads %q, %v", content, err)
	}
	if err := Close(f[2]); err != nil {
		t.Error(err)
	}
	try("after it was closed", TryShared, f[3], true)
}

func TestFolders(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "folder")
	if _, err := OpenFolder(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder that is not there: %v", err)
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	var f [2]*os.File
	for i := range f {
		var err error
		if f[i], err = OpenFolder(dir); err != nil {
			t.Fatal(err)
		}
		defer Close(f[i])
	}
	got, err := TryAlone(f[0])
	if errors.Is(err, errors.ErrUnsupported) && !got {
		t.Skip("nobody is alone here:", err)
	}
	if !got || err != nil {
		t.Fatalf("%t, %v", got, err)
	}
	if got, err := TryAlone(f[1]); got || err != nil {
		t.Errorf("the second is alone too: %t, %v", got, err)
	}
}
