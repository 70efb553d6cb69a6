package console

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// A Stdout is the standard output of a command. A write never fails, so that no line of a report has to be looked
// at: the first error is remembered, nothing is written after it, and [Stdout.End] tells of it.
type Stdout struct {
	To  io.Writer
	err error // the first one
}

// Write returns no error.
func (s *Stdout) Write(p []byte) (int, error) {
	if s.err == nil {
		_, err := s.To.Write(p)
		s.Note(err)
	}
	return len(p), nil
}

// Note notes how a write to [Stdout.To] went that others made.
func (s *Stdout) Note(err error) {
	if s.err != nil || err == nil {
		return
	}
	if path := new(fs.PathError); errors.As(err, &path) {
		err = path.Err
	}
	s.err = err
}

// End reports the error of a command that has ended, as [Fail] does, and that of its output, and returns the
// exit status: that of the command unless it is [ExitDone] and the output is not whole.
//
// Who closed the pipe, as head does, has read enough, and is told nothing. A command of another make would have been
// ended by SIGPIPE, so that the status is what a shell tells of that.
func (s *Stdout) End(stderr io.Writer, program string, err error) int {
	status := Fail(stderr, program, err)
	if s.err == nil {
		return status
	}
	failed := ExitClosed
	if !isClosedPipe(s.err) {
		failed = Fail(stderr, program, fmt.Errorf("write to the standard output: %w", s.err))
	}
	if status == ExitDone {
		return failed
	}
	return status
}
