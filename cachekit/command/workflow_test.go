package command

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/command/internal/console"
	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/policy"
	propertytest "github.com/bmadventure/optcache/property_test"
)

// barsOf makes daily bars of a few assets of unequal lengths, with gaps.
func barsOf(r *rand.Rand, assets, days int) []bundle.Series {
	var all []bundle.Series
	for a := range assets {
		s := bundle.Series{Symbol: fmt.Sprintf("S%02d", a)}
		price := 50 + float64(50*r.Float64())
		from := r.IntN(1 + days/4)
		for d := from; d < days; d++ {
			open := price * (0.98 + float64(0.04*r.Float64()))
			price = open * (0.97 + float64(0.061*r.Float64()))
			if d > from && r.IntN(8) == 0 {
				continue
			}
			s.Times = append(s.Times, time.Date(2019, 12, 1+d, 0, 0, 0, 0, time.UTC).UnixNano())
			s.Open, s.Close = append(s.Open, open), append(s.Close, price)
			s.High, s.Low = append(s.High, max(open, price)), append(s.Low, min(open, price))
			s.Volume = append(s.Volume, 10)
		}
		all = append(all, s)
	}
	return all
}

// TestCommandsAreWorkflows: what a command prints as JSON is the same with caches and
// without, in any room, with any policy and number of workers, but for what it says
// of these and of the time that it took.
func TestCommandsAreWorkflows(t *testing.T) {
	_, err := policy.ByName("?")
	_, policies, _ := strings.Cut(err.Error(), "use one of ")
	for name, args := range map[string][]string{
		"sweep":       {"sweep", "--no-compare", "--verify=none", "--trials=30", "--top=30"},
		"bayes":       {"sweep", "--no-compare", "--verify=none", "--search=bayes", "--trials=20", "--top=20", "--seed=3"},
		"genetic":     {"sweep", "--no-compare", "--verify=none", "--search=genetic", "--trials=25", "--top=25", "--minimize", "--objective=max_drawdown"},
		"random":      {"sweep", "--no-compare", "--verify=none", "--search=random", "--trials=20", "--top=20", "--cost-bps=7"},
		"anchored":    {"walkforward", "--anchored", "--train=12", "--validate=0", "--test=7", "--step=5", "--trials=8", "--search=bayes"},
		"walkforward": {"walkforward", "--train=12", "--validate=5", "--test=5", "--purge=1", "--embargo=1", "--trials=8"},
		"montecarlo":  {"montecarlo", "--trials=12", "--samples=50", "--blocks=4"},
	} {
		t.Run(name, func(t *testing.T) {
			cases := 20
			if testing.Short() {
				cases = 6
			}
			propertytest.Workflow(t, propertytest.Flow[string, map[string]any]{
				Policies: strings.Split(policies, ", "), Cases: cases,
				Bundle: func(r *rand.Rand, size int) (string, error) {
					dir := t.TempDir()
					store, err := bundle.OpenStore(dir)
					if err != nil {
						return "", err
					}
					_, err = store.Write(t.Context(), "b", market.Daily, barsOf(r, 1+r.IntN(3), 40+size))
					return dir, err
				},
				Run: func(ctx context.Context, store string, c propertytest.Config) (map[string]any, error) {
					gb := c.CacheSizeGB
					if gb == 0 {
						gb = 2
					}
					for variable, value := range map[string]string{
						"ENABLE_CACHING":        strconv.FormatBool(!c.DisableCaching),
						"ENABLE_BUNDLE_POOLING": strconv.FormatBool(!c.DisableBundlePooling),
						"CACHE_SIZE_GB":         strconv.FormatFloat(gb, 'f', -1, 64),
						"LRU_MAXSIZE":           strconv.Itoa(c.AssetLists()),
						"MAX_BUNDLE_POOL_SIZE":  strconv.Itoa(max(1, c.MaxBundlePoolSize)),
						"POLICY":                c.Policy,
					} {
						t.Setenv("OPTCACHE_"+variable, value)
					}
					return printed(ctx, store, append(args, "--bundle=b", "--fast=1:5:1", "--slow=6:16:2", fmt.Sprint("--workers=", c.Workers)))
				},
			})
		})
	}
}

// printed runs a command and returns its JSON without what may differ.
func printed(ctx context.Context, store string, args []string) (map[string]any, error) {
	var stdout, stderr bytes.Buffer
	status := run(ctx, append(args, "--store="+store, "--json=-", "--quiet"), &stdout, &stderr)
	if status != console.ExitDone && status != console.ExitFailed {
		return nil, fmt.Errorf("optcache %s: exit status %d: %s", strings.Join(args, " "), status, &stderr)
	}
	var report map[string]any
	if err := json.Unmarshal(stdout.Bytes(), &report); err != nil {
		return nil, fmt.Errorf("%w in %q", err, &stdout)
	}
	best, _ := report["best"].([]any)
	folds, _ := report["folds"].([]any)
	if len(best) == 0 && len(folds) == 0 && report["bootstrap"] == nil {
		return nil, fmt.Errorf("a report without results: %v", report)
	}
	for _, told := range []string{"workers", "seconds", "speedup", "caches", "demand", "peak_bytes", "asset_list", "grouping"} {
		delete(report, told)
	}
	report["status"] = status
	return report, nil
}
