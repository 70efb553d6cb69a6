//go:build unix

package output

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// writerVariable has this program write a file that never gets ready, until it is killed.
const writerVariable = "OPTCACHE_TEST_WRITER"

func TestMain(m *testing.M) {
	if name := os.Getenv(writerVariable); name != "" {
		_ = ReplaceFile(name, func(w io.Writer) error {
			w.Write(make([]byte, 1<<17))
			os.Stdout.WriteString("writing\n")
			select {}
		})
	}
	os.Exit(m.Run())
}

// find finds a target that must be sound.
func find(t *testing.T, name string) *Target {
	t.Helper()
	target, err := Find(name, nil)
	if err != nil {
		t.Fatal(err)
	}
	return target
}

func writeText(text string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	}
}

// tree tells of all that is in a folder: names, modes, content, and where links lead.
func tree(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		var content string
		if info.Mode().IsRegular() {
			raw, _ := os.ReadFile(path)
			content = string(raw)
		} else {
			content, _ = os.Readlink(path)
		}
		name, _ := filepath.Rel(dir, path)
		b.WriteString(name + " " + info.Mode().String() + " " + content + "\n")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func check(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// Files are replaced whole, with the permission bits that they had; links stay and what they lead to is replaced,
// be it there or not. Finding changes nothing.
func TestTargetFiles(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	check(t, os.Mkdir(at("real"), 0o755), os.Mkdir(at("real/deep"), 0o755),
		os.WriteFile(at("private"), []byte("old"), 0o600),
		os.WriteFile(at("group"), []byte("old"), 0o600), os.Chmod(at("group"), 0o664),
		os.WriteFile(at("real/file"), []byte("old"), 0o640),
		os.Symlink("real/file", at("link")), os.Symlink(at("link"), at("second")),
		os.Symlink("real/none", at("dangling")),
		os.Symlink("real/deep", at("folder")),
		os.Symlink("folder/../up", at("above"))) // above what folder leads to: real/up
	before := tree(t, dir)
	targets := make(map[string]*Target)
	for _, name := range []string{"new", "private", "group", "second", "dangling", "above"} {
		targets[name] = find(t, at(name))
	}
	if after := tree(t, dir); after != before {
		t.Errorf("finding left\n%s\nof\n%s", after, before)
	}
	for name, target := range targets {
		err := target.Write(func(io.Writer) error { return fs.ErrInvalid })
		if !errors.Is(err, fs.ErrInvalid) || !strings.Contains(err.Error(), at(name)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if after := tree(t, dir); after != before {
		t.Errorf("what failed left\n%s\nof\n%s", after, before)
	}
	for name, target := range targets {
		check(t, target.Write(writeText("new")))
		if raw, err := os.ReadFile(at(name)); err != nil || string(raw) != "new" {
			t.Errorf("%s: %q, %v", name, raw, err)
		}
	}
	after := tree(t, dir)
	for _, want := range []string{
		"above Lrwxrwxrwx folder/../up\n", "dangling Lrwxrwxrwx real/none\n", "link Lrwxrwxrwx real/file\n",
		"second Lrwxrwxrwx ", "private -rw------- new\n", "group -rw-rw-r-- new\n", "real/file -rw-r----- new\n",
		"new -rw-r--r-- new\n", "real/none -rw-r--r-- new\n", "real/up -rw-r--r-- new\n",
	} {
		if !strings.Contains(after, want) {
			t.Errorf("%q is not in\n%s", want, after)
		}
	}
	if strings.Contains(after, tempPrefix) {
		t.Error(after)
	}
}

// What cannot be written is told by Find, with what to do, and nothing is changed.
func TestFindRefuses(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	socket, err := net.Listen("unix", at("socket"))
	check(t, err, os.Mkdir(at("sub"), 0o755), os.Symlink("sub", at("tosub")),
		os.Symlink("b", at("a")), os.Symlink("a", at("b")),
		os.Symlink("none/x", at("nowhere")), os.WriteFile(at("file"), nil, 0o644))
	defer socket.Close()
	before := tree(t, dir)
	for name, want := range map[string]string{
		at("no/r.json"):    "there is no folder " + at("no") + ": make it, or name another file",
		at("nowhere"):      "there is no folder " + at("none"),
		at("file/r.json"):  "not a directory: mend that, or name another file",
		at("sub"):          "it is a folder: name a file in it",
		at("sub") + "/":    "it is a folder: name a file in it",
		at("tosub"):        "it is a folder: name a file in it",
		at("a"):            "lead in a circle: mend them, or name another file",
		at("socket"):       "it is a socket",
		"/dev/fd/987":      "without that descriptor: open it in the shell, such as by 3> FILE, or name another file",
		"/proc/self/fd/-1": "started without that descriptor",
		"/dev/fd/1x":       "started without that descriptor",
	} {
		_, err := Find(name, nil)
		if err == nil || !strings.HasPrefix(err.Error(), name+": ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	for name, want := range map[string]string{
		at("file"):      at("file") + " is no folder: move it away, or name another folder",
		at("file/x/y"):  at("file") + " is no folder",
		at("a/x"):       "too many levels of symbolic links: mend that, or name another folder",
		at("nowhere/x"): "leads to no folder: make that folder, or name another",
	} {
		err := CheckFolder(name)
		if err == nil || !strings.HasPrefix(err.Error(), name+": ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	check(t, CheckFolder(at("tosub")), CheckFolder(at("sub/x/y/z")))
	if _, err := Find(at("sub/x/y/r.json"), nil, at("sub/x/y/z")); err != nil {
		t.Errorf("in a folder that will be made: %v", err)
	}
	if _, err := Find(at("sub/x/other/r.json"), nil, at("sub/x/y/z")); err == nil {
		t.Error("in a folder that nobody makes")
	}
	if after := tree(t, dir); after != before {
		t.Errorf("left\n%s\nof\n%s", after, before)
	}
	// A descriptor of this process is none that it was started with: a name must not reach the journal.
	own, err := os.Create(at("own"))
	check(t, err)
	defer own.Close()
	if _, err := Find(fmt.Sprint("/dev/fd/", own.Fd()), nil); err == nil {
		t.Error("a descriptor of the process itself is taken for one that it was handed")
	}
	if target, err := Find("", nil); target != nil || err != nil || target.Write(nil) != nil {
		t.Errorf("no name: %v, %v", target, err)
	}
	var b bytes.Buffer
	target, err := Find("-", &b)
	check(t, err, target.Write(writeText("x")))
	if b.String() != "x" {
		t.Errorf("%q on the standard output", b.String())
	}
}

// A FIFO and a device are written and stay what they are. Finding neither waits for the reader of a FIFO nor takes
// anything from the one that is there.
func TestTargetSpecialFiles(t *testing.T) {
	dir := t.TempDir()
	fifo, link := filepath.Join(dir, "fifo"), filepath.Join(dir, "link")
	check(t, syscall.Mkfifo(fifo, 0o600), os.Symlink("fifo", link))
	for _, name := range []string{fifo, link} {
		found := find(t, name)
		got := make(chan string)
		go func() {
			f, err := os.Open(fifo)
			if err != nil {
				got <- err.Error()
				return
			}
			raw, _ := io.ReadAll(f)
			f.Close()
			got <- string(raw)
		}()
		find(t, name)
		if info, err := os.Stat(fifo); err != nil || info.Mode()&fs.ModeNamedPipe == 0 {
			t.Fatal(info, err)
		}
		check(t, found.Write(writeText("text")))
		if info, err := os.Stat(fifo); err != nil || info.Mode()&fs.ModeNamedPipe == 0 {
			t.Fatalf("the FIFO was replaced: %v, %v", info, err) // and a device would be, so none is tried
		}
		if text := <-got; text != "text" {
			t.Errorf("%s: the reader got %q", name, text)
		}
	}
	for name, want := range map[string]error{os.DevNull: nil, "/dev/full": syscall.ENOSPC} {
		before, err := os.Stat(name)
		if err != nil {
			continue // there is no such device
		}
		err = find(t, name).Write(writeText("text"))
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
		if after, err := os.Stat(name); err != nil || !os.SameFile(before, after) || after.Mode()&fs.ModeDevice == 0 {
			t.Fatalf("%s became %v, %v", name, after, err)
		}
	}
}

// A temporary file stays while its writer lives, and is removed when that was killed; what only looks like one stays.
func TestRemoveLeft(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "file")
	at := func(name string) string { return filepath.Join(dir, name) }
	check(t, os.Mkdir(at(tempPrefix+"folder"), 0o755), syscall.Mkfifo(at(tempPrefix+"fifo"), 0o600),
		os.WriteFile(at("optcache-notes"), nil, 0o644), os.WriteFile(at(tempPrefix+"old"), nil, 0o600))
	left := func() (names []string) {
		RemoveLeft(dir)
		entries, err := os.ReadDir(dir)
		check(t, err)
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return names
	}
	writer := exec.Command(os.Args[0])
	writer.Env = append(os.Environ(), writerVariable+"="+name)
	out, err := writer.StdoutPipe()
	check(t, err, writer.Start())
	if _, err := io.ReadFull(out, make([]byte, len("writing\n"))); err != nil {
		t.Error(err)
	}
	if names := left(); len(names) != 4 {
		t.Errorf("beside a writer there are %v", names)
	}
	check(t, writer.Process.Kill())
	_ = writer.Wait()
	if names := left(); len(names) != 3 {
		t.Errorf("after a writer was killed there are %v", names)
	}
}

// Files are written and removed as left at the same time, and none that is being written is lost.
func TestRemoveLeftBesideWriters(t *testing.T) {
	dir := t.TempDir()
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				RemoveLeft(dir)
			}
		}
	}()
	for start := time.Now(); time.Since(start) < 300*time.Millisecond; {
		if err := ReplaceFile(filepath.Join(dir, "file"), writeText("text")); err != nil {
			t.Error(err)
			break
		}
	}
	close(stop)
	<-done
	if raw, err := os.ReadFile(filepath.Join(dir, "file")); err != nil || string(raw) != "text" {
		t.Errorf("%q, %v", raw, err)
	}
}
