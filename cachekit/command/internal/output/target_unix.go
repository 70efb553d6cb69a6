//go:build unix

package output

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// descriptorOf returns the number of the descriptor that a name stands for, -1 if that is no number, and whether it
// stands for one.
func descriptorOf(name string) (n int, is bool) {
	name = filepath.Clean(name)
	if n := slices.Index([]string{"/dev/stdin", "/dev/stdout", "/dev/stderr"}, name); n >= 0 {
		return n, true
	}
	for _, folder := range []string{"/dev/fd/", "/proc/self/fd/", "/proc/thread-self/fd/"} {
		if number, ok := strings.CutPrefix(name, folder); ok {
			n, err := strconv.Atoi(number)
			if err != nil || n < 0 {
				n = -1
			}
			return n, true
		}
	}
	return 0, false
}

// descriptorPlace is that of a descriptor. A duplicate is written, which shares its offset with who else writes
// there; opening the name would begin at the start of the file, and fails for sockets.
func descriptorPlace(n int) (place, error) {
	flags, err := unix.FcntlInt(uintptr(max(n, 0)), unix.F_GETFD, 0)
	// What this process opened itself is closed on exec; what it was started with was not.
	if n < 0 || err != nil || flags&unix.FD_CLOEXEC != 0 {
		return place{}, errors.New("the process was started without that descriptor: " + openIt)
	}
	if flags, err = unix.FcntlInt(uintptr(n), unix.F_GETFL, 0); err != nil || flags&unix.O_ACCMODE == unix.O_RDONLY {
		return place{}, errors.New("that descriptor is not open for writing: " + openIt)
	}
	return place{open: func() (*os.File, error) {
		d, err := unix.Dup(n)
		if err != nil {
			return nil, err
		}
		unix.CloseOnExec(d)
		return os.NewFile(uintptr(d), fmt.Sprint("descriptor ", n)), nil
	}}, nil
}

// openIt is what to do about a descriptor.
const openIt = "open it in the shell, such as by 3> FILE" + orAnother

// mayWrite asks the system without opening: a FIFO would wait for its reader, and a device may do something.
func mayWrite(path string) error {
	if err := unix.Access(path, unix.W_OK); err != nil {
		return fmt.Errorf("it cannot be written: %w: get the permission"+orAnother, err)
	}
	return nil
}

// mayReplace refuses a file in a folder such as /tmp, where only those replace a file whose it is.
func mayReplace(path string, file fs.FileInfo) error {
	dir, err := os.Stat(filepath.Dir(path))
	if err != nil || dir.Mode()&fs.ModeSticky == 0 || os.Geteuid() == 0 {
		return nil // another error comes when a file is made in the folder
	}
	for _, info := range []fs.FileInfo{file, dir} {
		if s, ok := info.Sys().(*syscall.Stat_t); !ok || int(s.Uid) == os.Geteuid() {
			return nil
		}
	}
	return errors.New("it is somebody else's, who alone may replace it in that folder: have it removed" + orAnother)
}

// keepOwner gives a file the owner and the group of the one that it will replace, if this user may.
func keepOwner(f *os.File, old fs.FileInfo) {
	if s, ok := old.Sys().(*syscall.Stat_t); ok {
		f.Chown(int(s.Uid), int(s.Gid))
	}
}

func isNoFolder(err error) bool { return errors.Is(err, syscall.ENOTDIR) }
