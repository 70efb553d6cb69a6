// Package console is what every command works with: streams, log, store and context ([Env]), the progress of long
// work, and errors that know their exit status.
package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/bmadventure/optcache/cachekit/bundle"
)

// Env is what a command works with.
type Env struct {
	Ctx            context.Context
	Stdout, Stderr io.Writer
	Store          *bundle.Store
	StoreDir       string
	Log            *slog.Logger
	Quiet          bool
	Args           []string // the command line
}

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

// Fail reports err and returns the exit status that it stands for.
func Fail(stderr io.Writer, err error) int {
	switch {
	case err == nil:
		return ExitDone
	case errors.Is(err, ErrFailed):
		return ExitFailed
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(stderr, "optcache: interrupted:", err)
		return ExitInterrupted
	}
	fmt.Fprintln(stderr, "optcache:", err)
	return ExitUsage
}

// AtLeast returns an error if the value of a flag is below the least it may have.
func AtLeast(flag string, value, least int) error {
	if value < least {
		return fmt.Errorf("--%s %d: must be at least %d", flag, value, least)
	}
	return nil
}
