package output

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// asNobody runs a function without the rights of root, which may write everywhere: its thread alone has them taken
// away.
func asNobody(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocks: the thread ends with the goroutine
		unix.Setfsuid(65534)
		f()
	}()
	<-done
}

// A folder that may not be written to is told before anything is done.
func TestFindRefusesReadOnlyFolders(t *testing.T) {
	dir := t.TempDir()
	locked := filepath.Join(dir, "locked")
	check(t, os.Chmod(filepath.Dir(dir), 0o755), os.Mkdir(locked, 0o555))
	asNobody(func() {
		_, inFile := Find(filepath.Join(locked, "r.json"), nil)
		want := "no file can be made in " + locked + ": permission denied: make the folder writable, or choose another"
		for what, err := range map[string]error{
			"file": inFile, "folder": CheckFolder(locked), "new folder": CheckFolder(filepath.Join(locked, "a", "b")),
		} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
	// /sys takes no files, whoever asks.
	_, err := Find("/sys/r.json", nil)
	if err == nil || !strings.Contains(err.Error(), "/sys/r.json: no file can be made in /sys: ") {
		t.Error(err)
	}
}

// Descriptors by the names of another process, or of a file that has no name any more, are not taken for files to
// be made.
func TestTargetOfANamelessFile(t *testing.T) {
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "file"))
	check(t, err, os.Remove(f.Name()))
	defer f.Close()
	name := fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), f.Fd())
	check(t, find(t, name).Write(writeText("text")))
	raw := make([]byte, 10)
	if n, _ := f.ReadAt(raw, 0); string(raw[:n]) != "text" {
		t.Errorf("%q", raw[:n])
	}
	if _, err := os.Lstat(f.Name()); err == nil {
		t.Error("the file came back")
	}
}
