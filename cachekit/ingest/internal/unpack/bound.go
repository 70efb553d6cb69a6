package unpack

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
)

const (
	// DefaultExpansion is how many bytes a file may become for each of its own. Bars as text become 3 to 30 times
	// as many, minutes of a market that stands still 113 times (xz) or 42 times (bzip2), 300,000 rows that are equal
	// to the byte 411 times (gzip). No gzip or zip with deflate becomes more than 1,032 times as many, so that this
	// limit is one for the others: 49 bytes of bzip2 become 40 MiB.
	DefaultExpansion = 1000

	// freeBytes is what any file may become: a small one that repeats itself does no harm.
	freeBytes = 16 << 20

	// maxWindow is how many bytes of window or dictionary a decoder may be asked for: what xz -9 and zstd -21 ask for
	// is within it, what zstd -22 and --long=27 ask for is not.
	maxWindow = 64 << 20
)

// Limits bound what a file may become. The zero value has the defaults.
type Limits struct {
	// MaxExpansion is how many bytes a file may become for each of its own, above 16 MiB that are free, which the
	// members of an archive share; 0 stands for [DefaultExpansion].
	MaxExpansion int64

	sharers int64 // members that share what is free; 0: the file is alone
}

func (l Limits) ratio() int64 {
	if l.MaxExpansion <= 0 {
		return DefaultExpansion
	}
	return l.MaxExpansion
}

// allowed returns how many bytes may become of so many.
func (l Limits) allowed(size int64) int64 {
	ratio := l.ratio()
	free := freeBytes / max(1, l.sharers)
	if size > (math.MaxInt64-free)/ratio {
		return math.MaxInt64
	}
	return free + ratio*size
}

// An Error says what is wrong with the content of a file, and what to do. Faults of the machine, such as a disk that
// cannot be read, are no Errors.
type Error struct {
	Message string
	Cause   error // what the decoder said, or nil
}

func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// damaged says that a decoder could not go on. Errors that say more, and those of the machine, stay as they are.
func damaged(err error) error {
	var own *Error
	var fault *fs.PathError
	if errors.As(err, &own) || errors.As(err, &fault) {
		return err
	}
	return &Error{"the data is cut off or damaged (" + err.Error() + "): copy or compress it again", err}
}

// A bounded reader ends in an error where its source gives more than is allowed.
type bounded struct {
	r         io.Reader
	size      int64 // of what is unpacked
	ratio     int64
	remaining int64
}

func (l Limits) bound(r io.Reader, size int64) *bounded {
	return &bounded{r: r, size: size, ratio: l.ratio(), remaining: l.allowed(size)}
}

// Read gives what the source gives, and turns its errors into Errors.
func (b *bounded) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	n, err := b.r.Read(p)
	if int64(n) > b.remaining {
		return 0, &Error{Message: fmt.Sprintf("its %d bytes become more than %d times as many when they are unpacked, "+
			"as no bars do: if you trust the file, raise the limit with --max-expansion", b.size, b.ratio)}
	}
	b.remaining -= int64(n)
	if err != nil && err != io.EOF {
		err = damaged(err)
	}
	return n, err
}
