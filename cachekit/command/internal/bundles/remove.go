package bundles

import (
	"fmt"

	"github.com/bmadventure/optcache/cachekit/command/internal/console"
	"github.com/bmadventure/optcache/cachekit/command/internal/output"
)

type rmCmd struct {
	Name string `arg:"" help:"Name of the bundle."`
}

// Run runs the command.
func (c *rmCmd) Run(e *console.Env) error {
	r, err := e.Store.Remove(e.Ctx, c.Name)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.Stdout, "removed %s: %s, %s\n", c.Name, output.Count(r.Versions, "version"), output.Bytes(float64(r.Bytes)))
	return nil
}

type gcCmd struct {
	Name string `arg:"" optional:"" help:"Name of the bundle; all bundles if left out."`
	Keep int    `help:"How many old versions of each bundle to keep beside the current one: those that were current last (${default})." default:"0" placeholder:"N"`
}

// Run runs the command.
func (c *gcCmd) Run(e *console.Env) error {
	r, err := e.Store.GC(e.Ctx, c.Name, c.Keep)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.Stdout, "removed %s and %s, %s\n", output.Count(r.Versions, "old version"), output.Count(r.Leftovers, "leftover"), output.Bytes(float64(r.Bytes)))
	if r.InUse > 0 {
		fmt.Fprintf(e.Stdout, "left %s in use\n", output.Count(r.InUse, "version"))
	}
	return nil
}
