// Package wal is an append-only file of checksummed records, for one writer at a
// time.
//
// # Format
//
// The file begins with 16 bytes that name its format. A record is a head of three numbers of four
// bytes, little-endian, then one byte for its kind and the payload. The numbers are the length
// of kind and payload, their CRC-32C, and the CRC-32C of the first two numbers: a length is
// followed only if it is the one that was written, so that no damage is taken for an end.
//
// # What a crash leaves
//
// Every [Log.Append] is one write. A process that is killed loses nothing that was
// appended; a machine that stops may lose what the system had not written to the disk yet: what was
// appended since the last [Log.Sync]. What is left of a record that was not written whole is cut off
// by [Open]: the file ends before the record does, or holds nothing but zeros from somewhere
// within it, or it is the last one and its checksum is wrong. Any other damage is
// an error that names the place, and nothing is cut off.
package wal

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/bmadventure/optcache/internal/flock"
)

const (
	magicBytes  = 16
	headBytes   = 12 // length, its checksum and that of the rest
	maxPayload  = 1 << 26
	lockSuffix  = ".lock"
	otherSuffix = ".new"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// A Log is an open file of records. It must not be used concurrently, but for ReadAt.
type Log struct {
	path  string
	magic string
	file  *os.File
	lock  *os.File // nil where there are no locks
	size  int64    // of the whole records
	torn  int64
	err   error // of a write: nothing is appended any more
}

// Open opens the file, makes it if there is none, and calls visit for each
// record in the file: with its place, for [Log.ReadAt], its kind, and its payload,
// which is valid during the call. magic, of 16 bytes, names format and version. An error of visit is returned.
//
// While the log is open, nobody else can open it: they get an error that says which
// process has it, at once. The lock ends with the process. Where a system or a file system has no file
// locks the log opens all the same, and [Log.Alone] reports false.
func Open(path, magic string, visit func(at int64, kind byte, payload []byte) error) (*Log, error) {
	if len(magic) != magicBytes {
		return nil, fmt.Errorf("open %s: the name of its format has %d bytes instead of %d", path, len(magic), magicBytes)
	}
	l := &Log{path: path, magic: magic}
	if err := l.open(visit); err != nil {
		return nil, errors.Join(err, l.release())
	}
	return l, nil
}

func (l *Log) open(visit func(at int64, kind byte, payload []byte) error) (err error) {
	if err := l.alone(); err != nil {
		return err
	}
	if l.file, err = os.OpenFile(l.path, os.O_RDWR|os.O_CREATE, 0o644); err != nil {
		return err
	}
	info, err := l.file.Stat()
	if err != nil {
		return err
	}
	if l.size, err = l.read(l.file, info.Size(), visit); err != nil {
		return err
	}
	if l.torn = info.Size() - l.size; l.torn > 0 {
		if err := l.file.Truncate(l.size); err != nil {
			return fmt.Errorf("cut off what is left of a record that was not written whole: %w", err)
		}
	}
	if l.size == 0 {
		return l.begin()
	}
	return nil
}

// begin writes the name of the format into an empty file.
func (l *Log) begin() error {
	if _, err := l.file.WriteAt([]byte(l.magic), 0); err != nil {
		return errors.Join(err, l.file.Truncate(0))
	}
	l.size = magicBytes
	return l.file.Sync()
}

// tryAlone is a variable so that tests can have no locks.
var tryAlone = flock.TryAlone

// alone takes the lock.
func (l *Log) alone() error {
	f, err := os.OpenFile(l.path+lockSuffix, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	got, err := tryAlone(f)
	if errors.Is(err, errors.ErrUnsupported) {
		return flock.Close(f)
	}
	if !got || err != nil {
		holder := make([]byte, 20)
		n, _ := f.ReadAt(holder, 0)
		f.Close()
		if err != nil {
			return fmt.Errorf("lock %s: %w", f.Name(), err)
		}
		return fmt.Errorf("%s: process %s writes to it: wait until it ends, or choose another folder", l.path, strings.TrimSpace(string(holder[:n])))
	}
	l.lock = f
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

// read visits the records of a file of that size and returns how many bytes of it
// are whole.
func (l *Log) read(file io.ReaderAt, size int64, visit func(at int64, kind byte, payload []byte) error) (whole int64, err error) {
	r := bufio.NewReaderSize(io.NewSectionReader(file, 0, size), 1<<18)
	head := make([]byte, magicBytes)
	switch n, err := io.ReadFull(r, head); {
	case err == nil && string(head) == l.magic:
	case err != nil && l.magic[:n] == string(head[:n]):
		return 0, nil // not even the name was written whole
	default:
		return 0, fmt.Errorf("%s does not begin with %q: it is no such file, or of another version: move it away", l.path, l.magic)
	}
	var payload []byte
	for at := int64(magicBytes); ; {
		if _, err := io.ReadFull(r, head[:headBytes]); err != nil {
			return at, noEnd(err)
		}
		n, sum, ok := parseHead(head)
		next := at + headBytes + n
		switch {
		case !ok && isZero(file, at+headBytes, size):
			return at, nil // the system had made room for it and written its beginning at most
		case !ok:
			return 0, l.damaged(at)
		case next > size:
			return at, nil // not written whole
		}
		payload = slices.Grow(payload[:0], int(n))[:n]
		if _, err := io.ReadFull(r, payload); err != nil {
			return 0, err
		}
		if crc32.Checksum(payload, castagnoli) != sum {
			if isZero(file, next, size) {
				return at, nil // the last one, whose blocks were not all written
			}
			return 0, l.damaged(at)
		}
		if err := visit(at, payload[0], payload[1:]); err != nil {
			return 0, fmt.Errorf("%s, byte %d: %w", l.path, at, err)
		}
		at = next
	}
}

// parseHead returns the length of a record's kind and payload and their checksum. It
// reports false for what is no head.
func parseHead(head []byte) (n int64, sum uint32, ok bool) {
	n, sum = int64(binary.LittleEndian.Uint32(head)), binary.LittleEndian.Uint32(head[4:])
	return n, sum, crc32.Checksum(head[:8], castagnoli) == binary.LittleEndian.Uint32(head[8:]) && n > 0 && n <= maxPayload
}

// isZero reports whether a part of the file is nothing but zeros.
func isZero(file io.ReaderAt, from, to int64) bool {
	r := bufio.NewReader(io.NewSectionReader(file, from, to-from))
	for {
		switch b, err := r.ReadByte(); {
		case err != nil:
			return errors.Is(err, io.EOF)
		case b != 0:
			return false
		}
	}
}

// noEnd returns err unless it says that the file ends.
func noEnd(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

func (l *Log) damaged(at int64) error {
	return fmt.Errorf("%s is damaged at byte %d, and that is not its end: restore it from a copy, or delete it to begin anew", l.path, at)
}

// Torn returns how many bytes of a record that was not written whole were cut off
// when the log was opened.
func (l *Log) Torn() int64 { return l.torn }

// Alone reports whether the log is locked. If it is not, because there are no locks, nothing keeps another
// process from writing to it, which would damage it.
func (l *Log) Alone() bool { return l.lock != nil }

// Path returns the name of the file.
func (l *Log) Path() string { return l.path }

// Size returns the bytes of the file.
func (l *Log) Size() int64 { return l.size }

// A Record is what [Log.Append] appends.
type Record struct {
	Kind    byte
	Payload []byte
}

// Append appends records in one write, and returns where the first is; the others
// follow, [Length] apart. If the write fails what was written of it is taken back, and
// the log takes no more.
func (l *Log) Append(records ...Record) (at int64, err error) {
	if l.err != nil {
		return 0, l.err
	}
	at = l.size
	next, err := write(l.file, at, records)
	if err != nil {
		l.err = fmt.Errorf("append to %s: %w: what was recorded before is kept", l.path, withoutPath(err))
		return 0, errors.Join(l.err, l.file.Truncate(at))
	}
	l.size = next
	return at, nil
}

// withoutPath returns what the system says, without the name of the file, which those who
// call this tell themselves.
func withoutPath(err error) error {
	if path := new(os.PathError); errors.As(err, &path) {
		return path.Err
	}
	return err
}

// Length returns the bytes that a record takes.
func Length(payload int) int64 { return headBytes + 1 + int64(payload) }

func write(f *os.File, at int64, records []Record) (next int64, err error) {
	var b []byte
	for _, r := range records {
		if len(r.Payload) >= maxPayload {
			return 0, fmt.Errorf("a record of %d bytes: at most %d", len(r.Payload), maxPayload-1)
		}
		b = appendRecord(b, r)
	}
	_, err = f.WriteAt(b, at)
	return at + int64(len(b)), err
}

// appendRecord appends a record as it stands in the file.
func appendRecord(b []byte, r Record) []byte {
	from := len(b)
	b = append(b, make([]byte, headBytes)...)
	b = append(b, r.Kind)
	b = append(b, r.Payload...)
	body := b[from+headBytes:]
	binary.LittleEndian.PutUint32(b[from:], uint32(len(body)))
	binary.LittleEndian.PutUint32(b[from+4:], crc32.Checksum(body, castagnoli))
	binary.LittleEndian.PutUint32(b[from+8:], crc32.Checksum(b[from:from+8], castagnoli))
	return b
}

// ReadAt returns the payload of the record at a place that Open or Append told of. It may
// be called concurrently.
func (l *Log) ReadAt(at int64, payload int) ([]byte, error) {
	b := make([]byte, Length(payload))
	if _, err := l.file.ReadAt(b, at); err != nil {
		return nil, fmt.Errorf("read %s at byte %d: %w", l.path, at, err)
	}
	body := b[headBytes:]
	if n, sum, ok := parseHead(b); !ok || n != int64(len(body)) || crc32.Checksum(body, castagnoli) != sum {
		return nil, l.damaged(at)
	}
	return body[1:], nil
}

// Sync returns when all that was appended is on the disk.
func (l *Log) Sync() error { return l.file.Sync() }

// Rewrite replaces the records by those that fill adds, in one step: a crash leaves the old
// file or the new one. Places that were told of before are void.
func (l *Log) Rewrite(fill func(add func(Record) (at int64, err error)) error) error {
	if l.err != nil {
		return l.err
	}
	f, err := os.OpenFile(l.path+otherSuffix, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	err = keepMode(f, l.file)
	size := int64(magicBytes)
	if err == nil {
		_, err = f.WriteAt([]byte(l.magic), 0)
	}
	if err == nil {
		err = fill(func(r Record) (int64, error) {
			at := size
			next, err := write(f, at, []Record{r})
			if err == nil {
				size = next
			}
			return at, err
		})
	}
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = os.Rename(f.Name(), l.path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s anew: %w", l.path, err), f.Close(), os.Remove(l.path+otherSuffix))
	}
	old := l.file
	l.file, l.size = f, size
	return errors.Join(old.Close(), syncDir(filepath.Dir(l.path)))
}

// keepMode gives a file the permission bits of the one that it will replace: who may read a log does not change.
func keepMode(f, old *os.File) error {
	info, err := old.Stat()
	if err != nil {
		return err
	}
	return f.Chmod(info.Mode().Perm())
}

// syncDir makes a renaming last.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Close makes all last and gives the lock up.
func (l *Log) Close() error {
	err := l.Sync()
	return errors.Join(err, l.release())
}

func (l *Log) release() error {
	var errs [2]error
	if l.file != nil {
		errs[0] = l.file.Close()
	}
	if l.lock != nil {
		errs[1] = flock.Close(l.lock)
	}
	return errors.Join(errs[:]...)
}
