package optimize_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/cachekit/optimize"
	"github.com/bmadventure/optcache/cachekit/optimize/record"
	"github.com/bmadventure/optcache/cachekit/search"
)

// A sweep with a journal: run once more, it makes no backtest; and it does not go on
// with bars that are not those of the run.
func ExampleJournal() {
	dir, err := os.MkdirTemp("", "journal")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	store, err := bundle.OpenStore(dir + "/bundles")
	if err != nil {
		log.Fatal(err)
	}
	workspace, err := optimize.NewWorkspace(cachekit.Config{}, store)
	if err != nil {
		log.Fatal(err)
	}
	defer workspace.Close()

	// sweep runs 81 trials on the current version of the bundle.
	sweep := func(resume bool) (taken int, err error) {
		pin, err := workspace.Pin("waves")
		if err != nil {
			return 0, err
		}
		defer pin.Close()
		view, err := pin.View(bundle.Query{Fields: bundle.Open | bundle.Close})
		if err != nil {
			return 0, err
		}
		id, err := view.Identity() // the bars; what follows is the rest of what makes the run what it is
		if err != nil {
			return 0, err
		}
		id = append(id, record.IdentityLine{Name: "strategy", Value: backtest.Crossover{}.Name()}, record.IdentityLine{Name: "space", Value: "fast 1:9, slow 10:18"})

		journal, err := record.Open(dir + "/run")
		if err != nil {
			return 0, err
		}
		defer journal.Close()
		begin := journal.Begin
		if resume {
			begin = journal.Resume
		}
		if err := begin(id); err != nil {
			return 0, err
		}
		space, err := search.NewSpace(
			search.Int("fast", 1, 9, 1, func(c *backtest.Crossover) *int { return &c.Fast }),
			search.Int("slow", 10, 18, 1, func(c *backtest.Crossover) *int { return &c.Slow }),
		)
		if err != nil {
			return 0, err
		}
		grid, err := search.NewGrid(space, 0)
		if err != nil {
			return 0, err
		}
		_, err = optimize.Sweep(context.Background(), view, grid, func(c backtest.Crossover) backtest.Strategy { return c }, optimize.Options{Journal: journal})
		return journal.Taken(), err
	}

	ingest := func(series ...bundle.Series) {
		if _, err := store.Write(context.Background(), "waves", market.Daily, series); err != nil {
			log.Fatal(err)
		}
	}
	ingest(wave("A", 40), wave("B", 60))
	fmt.Println(sweep(false))
	fmt.Println(sweep(true))

	ingest(wave("A", 40), wave("B", 61), wave("C", 30))
	_, err = sweep(true)
	_, says, _ := strings.Cut(err.Error(), "; ")
	says, _, _ = strings.Cut(says, "\n")
	fmt.Println(says)
	// Output:
	// 0 <nil>
	// 81 <nil>
	// assets: 1 new (C), 1 changed (B), 1 the same
}
