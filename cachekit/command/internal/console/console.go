// Package console is what every command works with: streams, log, store and context ([Env]), the progress of long
// work, and errors that know their exit status.
package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/bmadventure/optcache/cachekit/bundle"
)

// Env is what a command works with.
type Env struct {
	Program        string // what this program is called, for hints and examples
	Ctx            context.Context
	Stdout, Stderr io.Writer
	Store          *bundle.Store
	StoreDir       string
	Log            *slog.Logger
	Quiet          bool
	Args           []string // the command line
}

// Level is what is logged.
func (e *Env) Level() slog.Level {
	if e.Quiet {
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

// Exit statuses.
const (
	ExitDone        = 0
	ExitFailed      = 1
	ExitUsage       = 2
	ExitInterrupted = 130
	ExitClosed      = 141 // nobody reads the standard output any more: 128 and the number of SIGPIPE
)

// A usageError is the user's to mend: a bad flag or variable.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// Usage says of an error that it is the user's to mend.
func Usage(err error) error { return usageError{err} }

// IsUsage reports whether an error is the user's to mend.
func IsUsage(err error) bool { return errors.As(err, new(usageError)) }

// ErrFailed says that a command has told what went wrong and only wants the
// exit status.
var ErrFailed = errors.New("failed")

// Fail reports err in the name of the program and returns the exit status that it stands for.
func Fail(stderr io.Writer, program string, err error) int {
	switch {
	case err == nil:
		return ExitDone
	case errors.Is(err, ErrFailed):
		return ExitFailed
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(stderr, program+": interrupted:", Printable(err.Error()))
		return ExitInterrupted
	}
	fmt.Fprintln(stderr, program+":", Printable(err.Error()))
	return ExitUsage
}

// Printable returns a text without what a terminal would obey: names of files may hold escapes. Line breaks and tabs
// stay.
func Printable(text string) string {
	var b strings.Builder
	for i, r := range text {
		switch {
		case r == utf8.RuneError:
			_, size := utf8.DecodeRuneInString(text[i:])
			if size > 1 { // that rune itself
				b.WriteRune(r)
			} else {
				fmt.Fprintf(&b, "\\x%02x", text[i])
			}
		case r == '\n' || r == '\t' || unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
	}
	return b.String()
}

// AtLeast returns an error if the value of a flag is below the least it may have.
func AtLeast(flag string, value, least int) error {
	if value < least {
		return fmt.Errorf("--%s %d: must be at least %d", flag, value, least)
	}
	return nil
}
