package ingest

import (
	"errors"
	"io/fs"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/internal/bar"
	"github.com/bmadventure/optcache/internal/few"
)

// problems are what is wrong with some input.
type problems struct{ few.List[bundle.Problem] }

// err returns nil if there are no problems.
func (p *problems) err() error {
	if !p.Any() {
		return nil
	}
	return &bundle.InputError{Problems: p.First, More: p.More}
}

func inputProblem(p bundle.Problem) error { return &bundle.InputError{Problems: []bundle.Problem{p}} }

// checkName refuses what cannot be the name of a bundle before a file is read.
func checkName(name string) error {
	if wrong := bar.CheckName(name); wrong != "" {
		return inputProblem(bundle.Problem{Value: bar.Clip(name), Message: wrong})
	}
	return nil
}

// cause returns what went wrong with a file, without its name.
func cause(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}
