package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/bmadventure/optcache/cachekit/bundle"
)

// env is what a command works with.
type env struct {
	ctx            context.Context
	stdout, stderr io.Writer
	store          *bundle.Store
	storeDir       string
	log            *slog.Logger
	quiet          bool
	args           []string // the command line
}

func (e *env) level() slog.Level {
	if e.quiet {
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

// Exit statuses.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

// A usageError is the user's to mend: a bad flag or variable.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// usage says of an error that it is the user's to mend.
func usage(err error) error { return usageError{err} }

// isUsage reports whether an error is the user's to mend.
func isUsage(err error) bool { return errors.As(err, new(usageError)) }

// errFailed says that a command has told what went wrong and only wants the
// exit status.
var errFailed = errors.New("failed")

// fail reports err and returns the exit status that it stands for.
func fail(stderr io.Writer, err error) int {
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errFailed):
		return exitFailed
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(stderr, "optcache: interrupted:", err)
		return exitInterrupted
	}
	fmt.Fprintln(stderr, "optcache:", err)
	return exitUsage
}

// atLeast returns an error if the value of a flag is below the least it may have.
func atLeast(flag string, value, least int) error {
	if value < least {
		return fmt.Errorf("--%s %d: must be at least %d", flag, value, least)
	}
	return nil
}
