//go:build unix

package files

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A pipe that nobody writes to would block whoever opens it.
func TestSpecialFilesAreToldAndNotOpened(t *testing.T) {
	root := tree(t, "A.csv")
	if err := syscall.Mkfifo(filepath.Join(root, "B.csv"), 0o644); err != nil {
		t.Skip(err)
	}
	if err := syscall.Mkfifo(filepath.Join(root, "control"), 0o644); err != nil {
		t.Skip(err)
	}
	if err := os.Symlink("B.csv", filepath.Join(root, "C.csv")); err != nil {
		t.Fatal(err)
	}
	want := lines("A.csv = A", "ignored control", "problem B.csv", "problem C.csv")
	l := find(t, root, Options{})
	if got := described(root, l); got != want || !strings.Contains(l.Problems[0].Message, "named pipe") {
		t.Errorf("got\n%s%+v", got, l.Problems)
	}
	if l := find(t, filepath.Join(root, "B.csv"), Options{}); len(l.Problems) != 1 || len(l.Files) > 0 {
		t.Errorf("by itself: %+v", l)
	}
}

func TestASocketIsTold(t *testing.T) {
	root := tree(t, "A.csv")
	t.Chdir(root) // the path of a socket is short
	s, err := net.Listen("unix", "S.csv")
	if err != nil {
		t.Skip(err)
	}
	defer s.Close()
	if l := find(t, root, Options{}); len(l.Problems) != 1 || !strings.Contains(l.Problems[0].Message, "a socket") {
		t.Errorf("got %+v", l)
	}
}

func TestAFolderThatCannotBeReadIsTold(t *testing.T) {
	root := tree(t, "A.csv", "closed/B.csv")
	closed := filepath.Join(root, "closed")
	if err := os.Chmod(closed, 0); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(closed, 0o755)
	if _, err := os.ReadDir(closed); err == nil {
		t.Skip("this user reads everything")
	}
	if l := find(t, root, Options{}); len(l.Problems) != 1 || l.Problems[0].Path != closed {
		t.Errorf("got %+v", l)
	}
}
