package output

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// A Target is where somebody wants a file: by its name, which [Find] checks before the work begins.
//
// A regular file appears whole or not at all, and keeps the permission bits of the one that it replaces. Of a
// symbolic link, what it leads to is replaced, and the link stays. What is no file is opened and written: a device,
// a FIFO, and by /dev/fd/N, /dev/stdout and the like a descriptor that the process was started with.
type Target struct {
	name   string
	stdout io.Writer // of the name "-", else nil
}

// Find finds out whether a file can be written under a name, and leaves all as it was: nothing is opened that is
// there already. The name "-" is the standard output. The target of no name is nil, which writes nothing. made are
// folders that will be there by then. The error names the file and says what to do.
func Find(name string, stdout io.Writer, made ...string) (*Target, error) {
	switch name {
	case "":
		return nil, nil
	case "-":
		return &Target{name, stdout}, nil
	}
	p, err := resolve(name)
	if err == nil && p.open == nil {
		err = probe(filepath.Dir(p.path))
	}
	if errors.Is(err, errNoFolder) && willBeMade(filepath.Dir(name), made) {
		err = nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &Target{name: name}, nil
}

// willBeMade reports whether a folder is one of those that will be made, or above one of them.
func willBeMade(dir string, made []string) bool {
	for _, m := range made {
		dir, err := filepath.Abs(dir)
		if err != nil {
			return false
		}
		if m, err = filepath.Abs(m); err != nil {
			return false
		}
		if below, err := filepath.Rel(dir, m); err == nil && filepath.IsLocal(below) {
			return true
		}
	}
	return false
}

// Write writes what a function writes. What stands under the name is looked up once more, as the work between may
// have taken hours.
func (t *Target) Write(write func(io.Writer) error) error {
	if t == nil {
		return nil
	}
	if t.stdout != nil {
		return write(t.stdout)
	}
	p, err := resolve(t.name)
	switch {
	case err != nil:
	case p.open != nil:
		err = writeInto(p.open, write)
	default:
		err = replace(p, write)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", t.name, withoutPath(err))
	}
	return nil
}

// WriteJSON writes a value as JSON.
func (t *Target) WriteJSON(v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("write the results as JSON: %w", err)
	}
	return t.Write(func(w io.Writer) error {
		_, err := w.Write(append(text, '\n'))
		return err
	})
}

// A place is what stands under a name.
type place struct {
	path string                   // of the file, links followed
	open func() (*os.File, error) // nil: a file that is replaced, or made
	old  fs.FileInfo              // that is replaced, nil if there is none
}

// mostLinks is how many symbolic links may follow each other, as in Linux.
const mostLinks = 40

// errNoFolder says that a file would be in a folder that is not there.
var errNoFolder = errors.New("make it" + orAnother)

// orAnother ends what can be done otherwise.
const orAnother = ", or name another file"

// resolve follows the links of a name, the last of which may lead nowhere yet.
func resolve(name string) (place, error) {
	at := name
	for range mostLinks {
		if n, is := descriptorOf(at); is {
			return descriptorPlace(n)
		}
		folder, file := filepath.Split(at)
		if file == "" {
			return place{}, errors.New("it is a folder: name a file in it")
		}
		dir, err := filepath.EvalSymlinks(cmp.Or(folder, "."))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return place{}, fmt.Errorf("there is no folder %s: %w", filepath.Clean(folder), errNoFolder)
		case err != nil:
			return place{}, fmt.Errorf("its folder cannot be reached: %w: mend that"+orAnother, withoutPath(err))
		}
		at = filepath.Join(dir, file)
		info, err := os.Lstat(at)
		if err == nil && info.Mode()&fs.ModeSymlink != 0 {
			link, err := os.Readlink(at)
			if err != nil {
				return place{}, fmt.Errorf("its link cannot be read: %w: mend that"+orAnother, withoutPath(err))
			}
			if at = link; !filepath.IsAbs(link) {
				at = dir + string(filepath.Separator) + link // not cleaned: .. is above what a link leads to
			}
			continue
		}
		// The links of /proc/PID/fd lead to what is open, whatever its name was.
		if real, statErr := os.Stat(name); statErr == nil && !os.SameFile(real, info) {
			return placeOf(name, real, true)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return place{path: at}, nil
		}
		if err != nil {
			return place{}, fmt.Errorf("%w: mend that"+orAnother, withoutPath(err))
		}
		return placeOf(at, info, false)
	}
	return place{}, errors.New("its symbolic links lead in a circle: mend them" + orAnother)
}

// placeOf returns the place of what is there; a file whose name is unknown is written where it is.
func placeOf(path string, info fs.FileInfo, nameless bool) (place, error) {
	mode := info.Mode()
	switch {
	case mode.IsDir():
		return place{}, errors.New("it is a folder: name a file in it")
	case mode&fs.ModeSocket != 0:
		return place{}, errors.New("it is a socket, which cannot be written as a file is: name a file or a FIFO")
	case mode.IsRegular() && !nameless:
		return place{path: path, old: info}, mayReplace(path, info)
	}
	open := func() (*os.File, error) { return os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0) }
	return place{path: path, open: open}, mayWrite(path)
}

// writeInto writes to what is no file.
func writeInto(open func() (*os.File, error), write func(io.Writer) error) error {
	f, err := open()
	if err != nil {
		return err
	}
	return errors.Join(buffered(f, write), f.Close())
}

func buffered(f *os.File, write func(io.Writer) error) error {
	b := bufio.NewWriterSize(f, 1<<16)
	if err := write(b); err != nil {
		return err
	}
	return b.Flush()
}

// replace writes a file that appears whole or not at all, and stays when the machine stops right after.
func replace(p place, write func(io.Writer) error) (err error) {
	mode := fs.FileMode(0o644) // of which the umask takes its part
	if p.old != nil {
		mode = p.old.Mode().Perm()
	}
	f, err := createTemp(filepath.Dir(p.path), mode)
	if err != nil {
		return err
	}
	if p.old != nil {
		keepOwner(f, p.old)
		err = f.Chmod(mode)
	}
	if err == nil {
		err = buffered(f, write)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = settle(f, p.path, err); err != nil {
		os.Remove(f.Name())
		return err
	}
	return syncFolder(filepath.Dir(p.path))
}

// settle gives a temporary file its name, if nothing failed before, and closes it. Its lock goes last, so that
// nobody takes it for one that was left; Windows renames nothing that is open.
func settle(f *os.File, path string, before error) error {
	if runtime.GOOS == "windows" {
		if err := errors.Join(before, f.Close()); err != nil {
			return err
		}
		return os.Rename(f.Name(), path)
	}
	if before == nil {
		before = os.Rename(f.Name(), path)
	}
	return errors.Join(before, f.Close())
}

// CheckFolder finds out whether files can be written in a folder or, if it is not there, whether it can be made. It
// leaves nothing behind. The error names the folder and says what to do.
func CheckFolder(dir string) error {
	for at := filepath.Clean(dir); ; at = filepath.Dir(at) {
		info, err := os.Stat(at)
		switch {
		case err == nil && info.IsDir():
			err = probe(at)
		case err == nil:
			err = fmt.Errorf("%s is no folder: move it away, or name another folder", at)
		case isLink(at):
			err = fmt.Errorf("%s is a symbolic link that leads to no folder: make that folder, or name another", at)
		case isMissing(err) && filepath.Dir(at) != at:
			continue
		default:
			err = fmt.Errorf("%s cannot be reached: %w: mend that, or name another folder", at, withoutPath(err))
		}
		if err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
		return nil
	}
}

func isLink(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode()&fs.ModeSymlink != 0
}

// isMissing reports whether a path is not there, be it that what would be a folder above it is a file.
func isMissing(err error) bool { return errors.Is(err, fs.ErrNotExist) || isNoFolder(err) }

// probe makes a file in a folder and removes it: permissions, lists of access and read-only file systems have it
// fail as the file itself would.
func probe(dir string) error {
	f, err := createTemp(dir, 0o600)
	if err != nil {
		err = withoutPath(err)
		return fmt.Errorf("no file can be made in %s: %w: make the folder writable, or choose another", dir, err)
	}
	f.Close()
	os.Remove(f.Name())
	return nil
}

// withoutPath returns what the system says, without the name of a file that nobody asked for.
func withoutPath(err error) error {
	if path := new(fs.PathError); errors.As(err, &path) {
		return path.Err
	}
	if link := new(os.LinkError); errors.As(err, &link) {
		return link.Err
	}
	return err
}
