package sizing

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
)

// A hoard is a member that sheds at once all it is asked for, unless it is stuck.
type hoard struct {
	share *Share
	stuck bool
	mu    sync.Mutex
	sheds int
}

func (h *hoard) Shed(need int64) int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sheds++
	if h.stuck {
		return 0
	}
	n := min(need, h.share.Held())
	h.share.Yield(n)
	return n
}

func (h *hoard) Spare() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stuck {
		return 0
	}
	return h.share.Held()
}

// take reserves n bytes, collecting from others what is not free.
func (h *hoard) take(n int64) bool {
	if h.share.Reserve(n) {
		return true
	}
	got := h.share.Collect(n)
	if got >= n {
		h.share.Reserve(n - got)
		return true
	}
	h.share.Reserve(-got)
	return false
}

func join(b *Budget) *hoard {
	h := new(hoard)
	h.share = b.Join(h)
	return h
}

func TestBudgetBounds(t *testing.T) {
	b := NewBudget(100)
	h := join(b)
	if h.share.Reserve(101) || !h.share.Reserve(60) || h.share.Reserve(41) || !h.share.Reserve(40) {
		t.Error("reservations do not follow the limit of 100")
	}
	if b.Used() != 100 || h.share.Held() != 100 || h.share.Free() != 0 {
		t.Errorf("Used %d, Held %d, Free %d", b.Used(), h.share.Held(), h.share.Free())
	}
	h.share.Reserve(-30)
	if b.Used() != 70 {
		t.Errorf("Used %d after 30 of 100 were given back", b.Used())
	}
	if NewBudget(-5).Limit() != 0 {
		t.Error("a negative budget has room")
	}
}

func TestNewcomerGetsRoomFromOthers(t *testing.T) {
	b := NewBudget(1000)
	rich, poor := join(b), join(b)
	rich.share.Reserve(1000)
	if !poor.take(300) || poor.share.Held() != 300 || rich.share.Held() != 700 || b.Used() != 1000 {
		t.Errorf("poor holds %d, rich %d, used %d", poor.share.Held(), rich.share.Held(), b.Used())
	}
	if poor.take(701) {
		t.Error("collected more than others hold")
	}
}

func TestTurnsFollowHoldings(t *testing.T) {
	b := NewBudget(1000)
	most, rest := join(b), join(b)
	most.share.Reserve(900)
	rest.share.Reserve(100)
	turns := 0
	for range 1000 {
		if most.share.Turn() {
			turns++
		}
	}
	if turns < 880 || turns > 920 {
		t.Errorf("the holder of 90 %% has the turn %d times of 1000", turns)
	}
	rest.share.Leave()
	if !most.share.Turn() || b.Used() != 900 {
		t.Errorf("after the other left: %d bytes used", b.Used())
	}
}

func TestResize(t *testing.T) {
	b := NewBudget(1 << 20)
	one, two := join(b), join(b)
	one.share.Reserve(1 << 19)
	two.share.Reserve(1 << 19)
	if err := b.Resize(1 << 18); err != nil || b.Limit() != 1<<18 || b.Used() > b.Limit() {
		t.Errorf("Resize: %v; limit %d, used %d", err, b.Limit(), b.Used())
	}
	if one.sheds+two.sheds < 8 {
		t.Errorf("shrunk in %d steps", one.sheds+two.sheds)
	}
	if err := b.Resize(1 << 20); err != nil || b.Limit() != 1<<20 || one.share.Free() != 1<<20-b.Used() {
		t.Errorf("Resize up: %v; limit %d, used %d, free %d", err, b.Limit(), b.Used(), one.share.Free())
	}
	one.stuck, two.stuck = true, true
	held := b.Used()
	if err := b.Resize(held / 2); err == nil || b.Limit() != 1<<20 || b.Used() != held {
		t.Errorf("Resize below what is stuck: %v; limit %d, used %d of %d", err, b.Limit(), b.Used(), held)
	}
}

// TestBudgetHoldsUnderLoad has members take and give back while the limit goes up
// and down, and watches.
func TestBudgetHoldsUnderLoad(t *testing.T) {
	b := NewBudget(100_000)
	var members sync.WaitGroup
	var stop atomic.Bool
	var hoards []*hoard
	for range 3 {
		hoards = append(hoards, join(b))
	}
	for i := range 6 {
		h := hoards[i%3]
		r := rand.New(rand.NewPCG(uint64(i), 9))
		members.Go(func() {
			for range 3000 {
				h.take(r.Int64N(5000))
			}
		})
	}
	var watcher sync.WaitGroup
	watcher.Go(func() {
		for !stop.Load() {
			if free := b.free.Load(); free < 0 {
				t.Errorf("%d bytes over the limit", -free)
				return
			}
		}
	})
	for i := range 200 {
		limit := int64(40_000 + i%7*10_000)
		if err := b.Resize(limit); err != nil {
			t.Error(err)
		}
		if b.Limit() != limit {
			t.Errorf("limit %d after Resize to %d", b.Limit(), limit)
		}
	}
	members.Wait()
	stop.Store(true)
	watcher.Wait()
	var held int64
	for _, h := range hoards {
		held += h.share.Held()
	}
	if held != b.Used() {
		t.Errorf("members hold %d bytes, the budget says %d", held, b.Used())
	}
}

func TestSpare(t *testing.T) {
	b := NewBudget(100)
	small, other := join(b), join(b)
	small.take(30)
	other.take(60)
	if got := small.share.Spare(); got != 90 {
		t.Errorf("two members of 30 and 60 bytes could give up %d", got)
	}
	other.stuck = true
	if got := small.share.Spare(); got != 30 {
		t.Errorf("with 60 bytes stuck they could give up %d", got)
	}
}
