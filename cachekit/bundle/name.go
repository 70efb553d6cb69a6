package bundle

import (
	"github.com/bmadventure/optcache/cachekit/internal/bar"
)

// checkName refuses what cannot be the name of a bundle.
func checkName(name string) error {
	if wrong := bar.CheckName(name); wrong != "" {
		return inputProblem(Problem{Value: bar.Clip(name), Message: wrong})
	}
	return nil
}
