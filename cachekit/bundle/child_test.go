//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package bundle

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
)

// childVariable is set in a copy of this test's process that plays another
// program at the same store: it names what to do.
const childVariable = "OPTCACHE_BUNDLE_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		os.Exit(childMain(os.Getenv(childVariable), os.Args[1:]))
	}
	os.Exit(m.Run())
}

// children are what a child process can do; each gets the folder of the store.
var children = map[string]func(dir string, arguments []string) error{
	"hold":  childHold,
	"write": childWrite,
	"twice": childTwice,
}

func childMain(what string, arguments []string) int {
	if err := children[what](arguments[0], arguments[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func child(what string, arguments ...string) *exec.Cmd {
	c := exec.Command(os.Args[0], arguments...)
	c.Env = append(os.Environ(), childVariable+"="+what)
	return c
}

// childHold opens the current version of "b", says so, and keeps it open until
// its input ends.
func childHold(dir string, _ []string) error {
	s, err := OpenStore(dir)
	if err != nil {
		return err
	}
	v, err := s.Current("b")
	if err != nil {
		return err
	}
	b, err := s.Open("b", v)
	if err != nil {
		return err
	}
	fmt.Println("open")
	_, err = io.Copy(io.Discard, os.Stdin)
	return errors.Join(err, b.Close())
}

// holder starts a process that has the current version of "b" open, and returns
// a function that ends it.
func holder(t *testing.T, s *Store) (end func()) {
	t.Helper()
	c := child("hold", s.Dir())
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "open\n" {
		t.Fatal(line, err)
	}
	return func() {
		in.Close()
		if err := c.Wait(); err != nil {
			t.Error(err)
		}
	}
}
