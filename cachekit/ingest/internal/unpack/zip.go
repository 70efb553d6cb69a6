package unpack

import (
	"archive/zip"
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync"
	"unicode"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// maxMembers is how many members an archive may have.
const maxMembers = 100_000

// methods are the ways of compression in a zip that are read, by their numbers in the format.
var methods = map[uint16]zip.Decompressor{
	zip.Store:   nil, // these two by the library itself
	zip.Deflate: nil,
	12:          func(r io.Reader) io.ReadCloser { return io.NopCloser(bzip2.NewReader(r)) },
	93:          func(r io.Reader) io.ReadCloser { return openZstd(r) },
	95:          func(r io.Reader) io.ReadCloser { return io.NopCloser(openXZ(r)) },
}

// zipMembers lists the members of an archive that are files.
func zipMembers(file string, limits Limits) ([]Member, error) {
	a := &archive{path: file}
	if err := a.use(); err != nil {
		return nil, err
	}
	defer a.leave()
	directory := &directory{r: a}
	z, err := zip.NewReader(directory, a.info.Size())
	if err != nil {
		return nil, damaged(err)
	}
	directory.done = true
	if err := checkZip(z, a.info.Size()); err != nil {
		return nil, err
	}
	for method, d := range methods {
		if d != nil {
			z.RegisterDecompressor(method, d)
		}
	}
	limits.sharers = int64(len(z.File))
	var members []Member
	for _, f := range z.File {
		if strings.HasPrefix(f.Name, "xl/") {
			return nil, &Error{Message: Excel.Advice(file)}
		}
		if !f.Mode().IsRegular() {
			continue
		}
		members = append(members, Member{Name: shown(f.Name), limits: limits, size: int64(f.CompressedSize64),
			open: func() (io.ReadCloser, error) { return a.open(f) }})
	}
	return members, nil
}

// checkZip says what an archive has that is not read.
func checkZip(z *zip.Reader, size int64) error {
	if len(z.File) > maxMembers {
		return tooManyMembers()
	}
	left := uint64(size)
	for _, f := range z.File {
		if f.CompressedSize64 > left {
			return &Error{Message: "its members are larger together than the archive, so they overlap or it is cut off: " +
				"copy it again"}
		}
		left -= f.CompressedSize64
		if f.Flags&1 != 0 {
			return &Error{Message: "the archive is encrypted: unpack it with its password into a folder, and give that"}
		}
		if _, ok := methods[f.Method]; !ok {
			return &Error{Message: fmt.Sprintf("%s is compressed by a method that is not read (number %d): unpack the "+
				"archive into a folder, and give the folder", shown(f.Name), f.Method)}
		}
	}
	return nil
}

func tooManyMembers() error {
	return &Error{Message: fmt.Sprintf("the archive has more than %d members: unpack it into a folder, and give that",
		maxMembers)}
}

// An archive is a file that is open while any of its members is, so that a folder of a thousand archives needs few
// files at a time.
type archive struct {
	path string

	mu    sync.Mutex
	file  *os.File    // guarded by mu
	users int         // guarded by mu
	info  fs.FileInfo // of the first time that it was opened
}

// use opens the file if it is not open. Each use must be followed by a leave.
func (a *archive) use() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.users > 0 {
		a.users++
		return nil
	}
	f, info, err := open(a.path)
	if err != nil {
		return err
	}
	if a.info == nil {
		a.info = info
	}
	if !os.SameFile(a.info, info) || a.info.Size() != info.Size() || !a.info.ModTime().Equal(info.ModTime()) {
		f.Close()
		return &Error{Message: "the archive was replaced while it was read: start again"}
	}
	a.file, a.users = f, 1
	return nil
}

func (a *archive) leave() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.users--; a.users == 0 {
		a.file.Close()
		a.file = nil
	}
}

// ReadAt reads the file, which must be in use. A place before its beginning comes from a damaged directory.
func (a *archive) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, zip.ErrFormat
	}
	a.mu.Lock()
	f := a.file
	a.mu.Unlock()
	if f == nil {
		return 0, fs.ErrClosed
	}
	return f.ReadAt(p, off)
}

func (a *archive) open(f *zip.File) (io.ReadCloser, error) {
	if err := a.use(); err != nil {
		return nil, err
	}
	r, err := f.Open()
	if err != nil {
		a.leave()
		return nil, damaged(err)
	}
	return &closing{r, sync.OnceValue(func() error { defer a.leave(); return r.Close() })}, nil
}

// A directory counts the headers of members while the library reads them, since it keeps all that it finds, whatever
// number the archive declares. A header that lies across two reads may be missed: one in 4 KiB.
type directory struct {
	r     io.ReaderAt
	done  bool
	found int
}

func (d *directory) ReadAt(p []byte, off int64) (int, error) {
	n, err := d.r.ReadAt(p, off)
	if d.done {
		return n, err
	}
	if d.found += bytes.Count(p[:n], []byte("PK\x01\x02")); d.found > maxMembers+maxMembers/10 {
		return 0, tooManyMembers()
	}
	return n, err
}

// shown returns the name of a member as messages show it: with slashes, without control characters, and without what
// would lead out of a folder, though nothing is ever written there.
func shown(name string) string {
	name = strings.ReplaceAll(strings.ToValidUTF8(name, "\ufffd"), `\`, "/")
	name = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '\ufffd'
		}
		return r
	}, name)
	return strings.TrimPrefix(path.Clean("/"+name), "/")
}

// openZstd reads zstd with a bounded window, one block after the other.
func openZstd(r io.Reader) io.ReadCloser {
	d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return io.NopCloser(failing{err})
	}
	return &closing{zstdErrors{d}, func() error { d.Close(); return nil }}
}

// zstdErrors says what a window that is too large is.
type zstdErrors struct{ d *zstd.Decoder }

func (z zstdErrors) Read(p []byte) (int, error) {
	n, err := z.d.Read(p)
	if errors.Is(err, zstd.ErrWindowSizeExceeded) || errors.Is(err, zstd.ErrDecoderSizeExceeded) {
		err = &Error{Message: fmt.Sprintf("its zstd window is larger than the %d MiB that are read: compress it again "+
			"without --long, at level 21 or less", maxWindow>>20), Cause: err}
	}
	return n, err
}

func openXZ(r io.Reader) io.Reader {
	d, err := xz.NewReader(newXZGuard(r))
	if err != nil {
		return failing{err}
	}
	return d
}

// failing is what could not be opened.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// closing is a reader with a way to close it.
type closing struct {
	io.Reader
	close func() error
}

func (c *closing) Close() error { return c.close() }
