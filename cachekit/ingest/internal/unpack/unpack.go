package unpack

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A Member is one file in a file: the file itself if it is plain, what it unpacks to, or a file in an archive. It may
// be opened as often as one likes, by several goroutines at once.
type Member struct {
	// Name is the file's own name, less the ending of its compression, or the path in its archive, with slashes. It is
	// for messages and for symbols: no path to open.
	Name string
	// Plain reports whether the file is neither compressed nor an archive, so that it can be read at any place.
	Plain bool

	limits Limits
	size   int64 // bytes before they are unpacked
	open   func() (io.ReadCloser, error)
}

// A Reader reads a member. Its errors are [Error]s where the data is wrong.
type Reader struct {
	// Kind is what the member holds, never one of the compressions.
	Kind Kind

	r       io.Reader
	closers []io.Closer // the innermost first
}

// Read reads what is unpacked.
func (r *Reader) Read(p []byte) (int, error) { return r.r.Read(p) }

// Close ends the reading.
func (r *Reader) Close() error {
	var errs []error
	for i := len(r.closers) - 1; i >= 0; i-- {
		errs = append(errs, r.closers[i].Close())
	}
	return errors.Join(errs...)
}

// endings are what names end in for a compression, which is not part of a member's name.
var endings = []string{".gz", ".gzip", ".bz2", ".bzip2", ".xz", ".zst", ".zstd", ".z"}

// maxLayers is how often one member may be compressed: a server may compress what is compressed already.
const maxLayers = 3

// Members lists what is in the file at path: one member, or those of an archive in the archive's order, without
// folders. It reads the first bytes, and an archive's directory. The error is an [Error] where the content is wrong.
func Members(path string, limits Limits) ([]Member, error) {
	f, info, err := open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	head, err := peek(f)
	if err != nil {
		return nil, err
	}
	switch kind := Sniff(head); kind {
	case Zip:
		return zipMembers(path, limits)
	case Tar, SevenZip, RAR:
		return nil, &Error{Message: kind.Advice(path)}
	default:
		m := Member{Name: filepath.Base(path), Plain: !isCompression(kind), limits: limits, size: info.Size(),
			open: func() (io.ReadCloser, error) {
				f, _, err := open(path)
				return f, err
			}}
		if !m.Plain {
			m.Name = lessEnding(m.Name)
		}
		return []Member{m}, nil
	}
}

// Open reads the member from its beginning, through all that compresses it.
func (m Member) Open() (*Reader, error) {
	source, err := m.open()
	if err != nil {
		return nil, err
	}
	r := &Reader{closers: []io.Closer{source}}
	var in io.Reader = source
	if !m.Plain {
		in = m.limits.bound(source, m.size)
	}
	for layer := 0; ; layer++ {
		buffered := bufio.NewReaderSize(in, 64<<10)
		head, err := buffered.Peek(SniffLen)
		if err != nil && err != io.EOF {
			return nil, errors.Join(err, r.Close())
		}
		r.Kind, r.r = Sniff(head), buffered
		switch {
		case isArchive(r.Kind), isCompression(r.Kind) && layer == maxLayers:
			return nil, errors.Join(&Error{Message: nested(r.Kind, m.Name)}, r.Close())
		case !isCompression(r.Kind):
			return r, nil
		}
		inner, err := decompress(r.Kind, buffered)
		if err != nil {
			return nil, errors.Join(damaged(err), r.Close())
		}
		r.closers = append(r.closers, inner)
		in = m.limits.bound(inner, m.size)
	}
}

func nested(k Kind, name string) string {
	if k == Zip {
		return "this is an archive in an archive: unpack the outer one into a folder, and give the folder"
	}
	if isCompression(k) {
		return "this is compressed more than three times over: unpack it"
	}
	return k.Advice(name)
}

// decompress reads through one compression.
func decompress(k Kind, r io.Reader) (io.ReadCloser, error) {
	switch k {
	case Gzip:
		return gzip.NewReader(r)
	case Bzip2:
		return io.NopCloser(bzip2.NewReader(r)), nil
	case XZ:
		return io.NopCloser(openXZ(r)), nil
	}
	return openZstd(r), nil
}

func isArchive(k Kind) bool     { return k == Zip || k == Tar || k == SevenZip || k == RAR }
func isCompression(k Kind) bool { return k == Gzip || k == Bzip2 || k == XZ || k == Zstd }

// lessEnding returns a name without the ending of a compression.
func lessEnding(name string) string {
	lower := strings.ToLower(name)
	for _, e := range endings {
		if strings.HasSuffix(lower, e) && len(name) > len(e) {
			return name[:len(name)-len(e)]
		}
	}
	return name
}

// open opens a regular file. A pipe would be waited for, so it is not opened.
func open(path string) (*os.File, fs.FileInfo, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		return nil, nil, &Error{Message: "this is no regular file: write the bars to a file"}
	}
	f, err := os.Open(path)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return nil, nil, &Error{"the file may not be read: make it readable, or move it away", err}
	case err != nil:
		return nil, nil, err
	}
	if info, err = f.Stat(); err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

// peek returns the first bytes of a file.
func peek(f *os.File) ([]byte, error) {
	var head bytes.Buffer
	_, err := io.CopyN(&head, f, SniffLen)
	if err != nil && err != io.EOF {
		return nil, err
	}
	return head.Bytes(), nil
}
