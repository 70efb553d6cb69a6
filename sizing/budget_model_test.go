package sizing

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// A vault is a member that sheds exactly what it is asked for, or all it has, and notes what it was
// asked for.
type vault struct {
	share *Share
	needs []int64 // of all calls of Shed
	then  func()  // done in the middle of Shed, if not nil
	over  int64   // by how much more it sheds than it is asked for, if it has it
}

func (v *vault) Shed(need int64) int64 {
	v.needs = append(v.needs, need)
	if v.then != nil {
		v.then()
	}
	n := min(need+v.over, v.share.Held())
	v.share.Yield(n)
	return n
}

func (v *vault) Spare() int64 { return v.share.Held() }

// vaults returns members that hold these bytes.
func vaults(b *Budget, held ...int64) []*vault {
	all := make([]*vault, len(held))
	for i, n := range held {
		all[i] = new(vault)
		all[i].share = b.Join(all[i])
		all[i].share.Reserve(n)
	}
	return all
}

// sum returns what the vaults hold together, but for one.
func sum(all []*vault, except *vault) (held int64) {
	for _, v := range all {
		if v != except {
			held += v.share.Held()
		}
	}
	return held
}

// TestBudgetModel compares a budget of a few bytes, where every byte shows, with a model that is two
// numbers: the limit, and what all hold.
func TestBudgetModel(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 2))
		limit := r.Int64N(12)
		b := NewBudget(limit)
		all := vaults(b, make([]int64, 1+r.IntN(4))...)
		var left []*vault
		for step := range 60 {
			v := all[r.IntN(len(all))]
			held, before, others := v.share.Held(), sum(all, nil), sum(all, v)
			for _, o := range slices.Concat(all, left) {
				o.needs = nil
			}
			n := r.Int64N(8)
			what, want, got := "", int64(0), int64(0)
			switch r.IntN(6) {
			case 0, 1:
				what = fmt.Sprintf("Reserve(%d)", n)
				if want = n; before+n > limit {
					want = 0
				}
				if ok := v.share.Reserve(n); ok != (want == n) {
					t.Fatalf("seed %d, step %d: %s of %d free bytes says %v", seed, step, what, limit-before, ok)
				}
				got = v.share.Held() - held
			case 2:
				n = -min(n, held)
				what, want = fmt.Sprintf("Reserve(%d)", n), n
				if !v.share.Reserve(n) {
					t.Fatalf("seed %d, step %d: %s fails", seed, step, what)
				}
				got = v.share.Held() - held
			case 3:
				what, want = fmt.Sprintf("Collect(%d)", n+1), min(n+1, others)
				got = v.share.Collect(n + 1)
				if v.share.Held()-held != got || others-sum(all, v) != got {
					t.Fatalf("seed %d, step %d: %s collects %d bytes, others give %d", seed, step, what, got, others-sum(all, v))
				}
			case 4:
				limit = r.Int64N(12)
				what, want = fmt.Sprintf("Resize(%d)", limit), min(before, limit)
				if err := b.Resize(limit); err != nil {
					t.Fatalf("seed %d, step %d: %s: %v", seed, step, what, err)
				}
				got = sum(all, nil)
			case 5:
				what, want = "Leave", before-held
				v.share.Leave()
				left = append(left, v)
				all = slices.DeleteFunc(all, func(o *vault) bool { return o == v })
				all = append(all, vaults(b, 0)...)
				v = all[0]
				got = sum(all, nil)
			}
			if got != want {
				t.Fatalf("seed %d, step %d: %s: %d bytes, want %d", seed, step, what, got, want)
			}
			used := sum(all, nil)
			if v.share.Budget() != b || b.Limit() != limit || b.Used() != used || v.share.Free() != limit-used || v.share.Spare() != used {
				t.Fatalf("seed %d, step %d: after %s limit %d, used %d, free %d, spare %d; want %d, %d, %d, %[8]d",
					seed, step, what, b.Limit(), b.Used(), v.share.Free(), v.share.Spare(), limit, used, limit-used)
			}
			for _, o := range all {
				for _, need := range o.needs {
					if need <= 0 {
						t.Fatalf("seed %d, step %d: %s asks for %d bytes", seed, step, what, need)
					}
				}
			}
			for _, o := range left {
				if len(o.needs) > 0 {
					t.Fatalf("seed %d, step %d: %s asks one that left", seed, step, what)
				}
			}
		}
		for _, v := range all {
			v.share.Leave()
		}
		if b.Used() != 0 {
			t.Fatalf("seed %d: after all left %d bytes are used", seed, b.Used())
		}
	}
}

// TestOnlyWhoMustSheds checks that a member is asked only while something lacks, and only if it holds
// something.
func TestOnlyWhoMustSheds(t *testing.T) {
	b := NewBudget(1000)
	all := vaults(b, 0, 100, 0, 300, 0)
	if got := all[0].share.Collect(350); got != 350 {
		t.Fatalf("collected %d bytes of 350", got)
	}
	for i, v := range all {
		if asked := len(v.needs); asked != i%2 {
			t.Errorf("member %d was asked %d times", i, asked)
		}
	}
	for _, v := range all {
		v.needs = nil
	}
	if got := all[0].share.Collect(1); got != 1 {
		t.Fatalf("collected %d bytes of 1", got)
	}
	if asked := len(all[1].needs) + len(all[3].needs); asked != 1 {
		t.Errorf("%d members were asked for one byte", asked)
	}
}

// TestTurnsOfEveryByte checks that turns are as fair where members hold a byte or two.
func TestTurnsOfEveryByte(t *testing.T) {
	for _, held := range [][]int64{{1, 1}, {0, 1}, {1, 0}, {3, 1}, {1, 2, 3}, {0, 0, 5, 0}} {
		b := NewBudget(100)
		all := vaults(b, held...)
		const rounds = 600
		for i, v := range all {
			turns := 0
			for range rounds {
				if v.share.Turn() {
					turns++
				}
			}
			if want := rounds * int(held[i]) / int(sum(all, nil)); turns < want-6 || turns > want+6 || want == 0 && turns > 0 {
				t.Errorf("members hold %v: number %d has the turn %d times, want about %d", held, i, turns, want)
			}
		}
	}
}

// TestCollectFromEachInTurn checks that who collects begins with others as often as their part of what is
// held, and never with itself.
func TestCollectFromEachInTurn(t *testing.T) {
	for self := range 3 {
		held := []int64{400, 400, 400}
		b := NewBudget(1200)
		all := vaults(b, held...)
		for range 300 {
			all[self].share.Collect(1)
			for i, v := range all { // each gets back what it gave
				v.share.Reserve(min(0, held[i]-v.share.Held()))
			}
			for i, v := range all {
				v.share.Reserve(held[i] - v.share.Held())
			}
		}
		for i, v := range all {
			if asked := len(v.needs); i == self && asked != 0 || i != self && (asked < 145 || asked > 155) {
				t.Errorf("member %d collects: number %d was asked %d times of 300", self, i, asked)
			}
		}
	}
}

func TestNothingIsNothing(t *testing.T) {
	for _, bytes := range []int64{math.MinInt64, -1, 0} {
		for name, b := range map[string]*Budget{"NewBudget": NewBudget(bytes), "Resize": NewBudget(3)} {
			s := vaults(b, 0)[0].share
			if name == "Resize" {
				s.Reserve(2)
				if err := b.Resize(bytes); err != nil {
					t.Fatal(err)
				}
			}
			if b.Limit() != 0 || b.Used() != 0 || s.Free() != 0 || s.Reserve(1) || !s.Reserve(0) {
				t.Errorf("%s(%d): limit %d, used %d, free %d", name, bytes, b.Limit(), b.Used(), s.Free())
			}
		}
	}
}

// TestResizeSteps checks that a budget shrinks in about a hundred steps if it is large, and if it
// is small in steps worth the trouble.
func TestResizeSteps(t *testing.T) {
	for _, c := range []struct{ from, to, least, most int64 }{
		{64 << 20, 0, 64 << 20 / 200, 64 << 20 / 50},
		{128 << 10, 0, 8 << 10, 32 << 10},
		{10, 3, 7, 7},
	} {
		b := NewBudget(c.from)
		v := vaults(b, c.from)[0]
		if err := b.Resize(c.to); err != nil {
			t.Fatal(err)
		}
		for i, need := range v.needs {
			if need < c.least && i+1 < len(v.needs) || need > c.most {
				t.Errorf("from %d to %d bytes: step %d of %d is %d bytes, want %d to %d", c.from, c.to, i, len(v.needs), need, c.least, c.most)
			}
		}
	}
}

// TestResizeToTheLast sets limits at the ends of what can be said in 64 bits.
func TestResizeToTheLast(t *testing.T) {
	b := NewBudget(1000)
	s := vaults(b, 10)[0].share
	if err := b.Resize(math.MaxInt64); err != nil || b.Limit() != math.MaxInt64 || s.Free() != math.MaxInt64-10 {
		t.Errorf("Resize to the largest: %v; limit %d, free %d", err, b.Limit(), s.Free())
	}
}

// TestShedMoreThanAsked has a member that cannot give less than a hundred bytes: what is too much is free.
func TestShedMoreThanAsked(t *testing.T) {
	b := NewBudget(1000)
	v := vaults(b, 1000)[0]
	v.over = 100
	if err := b.Resize(999); err != nil || b.Limit() != 999 || b.Used() != v.share.Held() || v.share.Held() != 899 {
		t.Errorf("Resize: %v; limit %d, used %d, held %d", err, b.Limit(), b.Used(), v.share.Held())
	}
}

// TestLaterResizeWins begins another Resize while one shrinks the budget: the one that began later has the
// last word, and what the first took is free again.
func TestLaterResizeWins(t *testing.T) {
	for _, later := range []int64{0, 2000, 500_000, 1 << 20, 2 << 20} {
		b := NewBudget(1 << 20)
		v := vaults(b, 1<<20)[0]
		v.then = func() {
			if len(v.needs) == 2 { // in the middle of the first
				v.then = nil
				if err := b.Resize(later); err != nil {
					t.Errorf("the later one, to %d: %v", later, err)
				}
			}
		}
		if err := b.Resize(1000); err != nil {
			t.Errorf("the first one: %v", err)
		}
		if b.Limit() != later || b.Used() != v.share.Held() || v.share.Free() != later-v.share.Held() {
			t.Errorf("limit %d, want %d; used %d, held %d, free %d", b.Limit(), later, b.Used(), v.share.Held(), v.share.Free())
		}
	}
}

// TestFailedResize checks what a Resize says that cannot be done, that it leaves all as it was, and that the
// budget can be resized afterwards.
func TestFailedResize(t *testing.T) {
	b := NewBudget(300_000)
	v, stuck := vaults(b, 100_000)[0], new(hoard)
	stuck.stuck, stuck.share = true, b.Join(stuck)
	stuck.share.Reserve(150_000)
	err := b.Resize(120_000)
	if err == nil {
		t.Fatal("150,000 bytes cannot be evicted and fit into 120,000")
	}
	if want := "from 300000 to 120000 bytes: 150000 bytes cannot be evicted"; !strings.Contains(err.Error(), want) {
		t.Errorf("the error is %q, want something with %q", err, want)
	}
	if b.Limit() != 300_000 || b.Used() != 150_000 || v.share.Held() != 0 || v.share.Free() != 150_000 {
		t.Errorf("limit %d, used %d, held %d, free %d", b.Limit(), b.Used(), v.share.Held(), v.share.Free())
	}
	if err := b.Resize(150_000); err != nil || b.Limit() != 150_000 || b.Used() != 150_000 {
		t.Errorf("a Resize to what is held: %v; limit %d, used %d", err, b.Limit(), b.Used())
	}
}

// TestLateFailureChangesNothing has a Resize fail after a later one succeeded.
func TestLateFailureChangesNothing(t *testing.T) {
	b := NewBudget(1000)
	stuck := new(wall)
	stuck.share = b.Join(stuck)
	stuck.share.Reserve(600)
	stuck.then = func() {
		if err := b.Resize(800); err != nil {
			t.Errorf("the later one: %v", err)
		}
	}
	if err := b.Resize(500); err != nil {
		t.Errorf("one that a later one has changed again: %v", err)
	}
	if b.Limit() != 800 || b.Used() != 600 {
		t.Errorf("limit %d, used %d", b.Limit(), b.Used())
	}
}

// A wall is a member that sheds nothing.
type wall struct {
	share *Share
	then  func()
}

func (w *wall) Shed(int64) int64 {
	if then := w.then; then != nil {
		w.then = nil
		then()
	}
	return 0
}

func (w *wall) Spare() int64 { return 0 }
