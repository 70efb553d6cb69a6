package optimize_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/bmadventure/optcache/cachekit/optimize"
)

// counts is the plan of n trials whose parameter is their number.
type counts int

func (n counts) Len() int         { return int(n) }
func (n counts) At(trial int) int { return trial }

func every(f optimize.Worker[int, int]) func() optimize.Worker[int, int] {
	return func() optimize.Worker[int, int] { return f }
}

// outcomes that can be compared: errors as their first line.
type plain struct {
	Params, Result int
	Err            string
}

func simplify(out []optimize.Outcome[int, int]) []plain {
	var p []plain
	for _, o := range out {
		s := ""
		if o.Err != nil {
			s, _, _ = strings.Cut(o.Err.Error(), "\n")
		}
		p = append(p, plain{o.Params, o.Result, s})
	}
	return p
}

// What a trial does follows from its number alone; the outcomes must then be
// the same for any number of workers, in virtual time and with a deadline.
func TestRunIsTheSameForAnyNumberOfWorkers(t *testing.T) {
	type run struct {
		Trials, Workers int
		Seed            uint64
	}
	behave := func(seed uint64) optimize.Worker[int, int] {
		return func(ctx context.Context, p int) (int, error) {
			rng := rand.New(rand.NewPCG(seed, uint64(p)))
			time.Sleep(time.Duration(rng.IntN(5)) * time.Millisecond)
			switch rng.IntN(12) {
			case 0:
				return p, fmt.Errorf("no luck with %d", p)
			case 1:
				panic(fmt.Sprint("panic of ", p))
			case 2:
				runtime.Goexit()
			case 3:
				time.Sleep(time.Hour) // deaf to its context
			case 4:
				<-ctx.Done()
				return 0, ctx.Err()
			}
			return p * p, nil
		}
	}
	params := gopter.DefaultTestParametersWithSeed(1)
	params.MinSuccessfulTests = 200
	properties := gopter.NewProperties(params)
	properties.Property("outcomes", prop.ForAll(func(trials, workers int, seed uint64) (diff string) {
		synctest.Test(t, func(t *testing.T) {
			r := run{trials, workers, seed}
			do := func(workers int) []plain {
				out, err := optimize.Run(t.Context(), counts(r.Trials), every(behave(r.Seed)), optimize.Options{Workers: workers, TrialTimeout: time.Second})
				if err != nil {
					diff = err.Error()
				}
				return simplify(out)
			}
			one, many := do(1), do(r.Workers)
			if diff == "" {
				diff = cmp.Diff(deadlineAlike(one), deadlineAlike(many))
			}
			for i, o := range many {
				if o.Params != i || o.Err == "" && o.Result != i*i {
					diff = fmt.Sprintf("trial %d: %+v", i, o)
				}
			}
			time.Sleep(2 * time.Hour) // the deaf ones return
		})
		return diff
	}, gen.IntRange(0, 40), gen.IntRange(1, 16), gen.UInt64()))
	properties.TestingRun(t)
}

// deadlineAlike drops who noticed the deadline first, the trial or the run.
func deadlineAlike(out []plain) []plain {
	for i := range out {
		if strings.Contains(out[i].Err, context.DeadlineExceeded.Error()) {
			out[i].Err = "deadline"
		}
	}
	return out
}

func TestRunErrorsTellTheTrial(t *testing.T) {
	type params struct{ Fast, Slow int }
	cell := optimize.Worker[params, int](func(context.Context, params) (int, error) { panic("division by zero bars") })
	out, err := optimize.Run(t.Context(), one[params]{params{3, 9}}, func() optimize.Worker[params, int] { return cell }, optimize.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var p *optimize.PanicError
	if !errors.As(out[0].Err, &p) || p.Value != "division by zero bars" {
		t.Fatalf("got %v", out[0].Err)
	}
	for _, want := range []string{"trial 0", "Fast:3 Slow:9", "parallel_test.go"} {
		if !strings.Contains(out[0].Err.Error(), want) {
			t.Errorf("the error does not mention %q: %v", want, out[0].Err)
		}
	}
}

type one[P any] struct{ p P }

func (o one[P]) Len() int { return 1 }
func (o one[P]) At(int) P { return o.p }

func TestRunStopsWithinASecond(t *testing.T) {
	for name, worker := range map[string]optimize.Worker[int, int]{
		"trials that hear": func(ctx context.Context, p int) (int, error) {
			if p < 10 {
				return p, nil
			}
			<-ctx.Done()
			return 0, ctx.Err()
		},
		"trials that are deaf": func(ctx context.Context, p int) (int, error) {
			if p < 10 {
				return p, nil
			}
			time.Sleep(time.Hour)
			return p, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				start := time.Now()
				out, err := optimize.Run(ctx, counts(1000), every(worker), optimize.Options{Workers: 4})
				if took := time.Since(start); took > time.Minute+time.Second {
					t.Errorf("stopped after %s", took)
				}
				if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "stopped after 10 of 1000 trials") {
					t.Errorf("error %v", err)
				}
				for i, o := range out {
					if o.Params != i || (o.Err == nil) != (i < 10) {
						t.Fatalf("trial %d: %+v", i, o)
					}
				}
				time.Sleep(2 * time.Hour)
			})
		})
	}
}

func TestRunMakesAWorkerForEachGoroutine(t *testing.T) {
	var made atomic.Int64
	_, err := optimize.Run(t.Context(), counts(100), func() optimize.Worker[int, int] {
		made.Add(1)
		busy := false
		return func(context.Context, int) (int, error) {
			if busy {
				t.Error("two trials at once in one worker")
			}
			busy = true
			runtime.Gosched()
			busy = false
			return 0, nil
		}
	}, optimize.Options{Workers: 7})
	if err != nil || made.Load() > 7 {
		t.Errorf("%d workers, %v", made.Load(), err)
	}
}

func TestRunReportsProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen []int
		_, err := optimize.Run(t.Context(), counts(10), every(func(context.Context, int) (int, error) {
			time.Sleep(73 * time.Millisecond)
			return 0, nil
		}), optimize.Options{Workers: 1, Progress: func(done, total int) {
			if total != 10 {
				t.Errorf("total %d", total)
			}
			seen = append(seen, done)
		}})
		if err != nil {
			t.Fatal(err)
		}
		if want := []int{1, 2, 4, 5, 6, 8, 9, 10}; !cmp.Equal(seen, want) {
			t.Errorf("progress %v, want %v", seen, want)
		}
	})
}

func BenchmarkRun(b *testing.B) {
	b.ReportAllocs()
	_, err := optimize.Run(b.Context(), counts(b.N), every(func(_ context.Context, p int) (int, error) { return p, nil }), optimize.Options{Workers: 1})
	if err != nil {
		b.Fatal(err)
	}
}
