package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

const (
	registers  = 8               // under way at a time
	perNode    = 4               // clients of each node
	maxUnknown = 4               // writes of one register whose outcome nobody knows; the checker tries all their places
	callTime   = 2 * time.Second // for one call
)

// A register is the comment of one profile.
type register struct {
	path    string
	unknown int // the crowd's mu guards it
}

// An operation is one call on a register. Unknown is a write that may have
// happened at any time since, or never.
type operation struct {
	path    string
	write   bool
	value   string // written or read
	unknown bool
}

// model is what a register does: reads return what was written last. A write
// that nobody knows the outcome of has no end, so that its place may be after
// everything, where it changes nothing that was read.
var model = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		of := make(map[string][]porcupine.Operation)
		for _, o := range history {
			path := o.Input.(operation).path
			of[path] = append(of[path], o)
		}
		var parts [][]porcupine.Operation
		for _, part := range of {
			parts = append(parts, part)
		}
		return parts
	},
	Init: func() any { return "" },
	Step: func(state, input, _ any) (bool, any) {
		o := input.(operation)
		if o.write {
			return true, o.value
		}
		return state == o.value, state
	},
	DescribeOperation: func(input, _ any) string {
		o := input.(operation)
		return fmt.Sprintf("%s write=%t %q unknown=%t", o.path, o.write, o.value, o.unknown)
	},
}

// A crowd is the clients of all nodes at work, and the history of what they
// were told.
type crowd struct {
	t     *testing.T
	nodes []*node
	began time.Time
	work  sync.WaitGroup
	stop  chan struct{}
	once  sync.Once // ends the work

	mu      sync.Mutex // guards what follows
	fresh   []*register
	active  []*register
	history []porcupine.Operation
	calls   int
	written []int // acknowledged, by node
	read    []int
}

// newCrowd sets clients to work. fresh are registers that nobody has used; one
// takes the place of each that has too many unknown writes.
func newCrowd(t *testing.T, nodes []*node, fresh []*register) *crowd {
	t.Helper()
	c := &crowd{
		t: t, nodes: nodes, began: time.Now(), stop: make(chan struct{}),
		fresh: fresh[registers:], active: slices.Clone(fresh[:registers]),
		written: make([]int, len(nodes)), read: make([]int, len(nodes)),
	}
	for i := range nodes {
		for j := range perNode {
			c.work.Go(func() { c.client(i, i*perNode+j) })
		}
	}
	return c
}

// rest waits for the clients to end and returns the registers left.
func (c *crowd) rest() []*register {
	c.once.Do(func() { close(c.stop) })
	c.work.Wait()
	return c.fresh
}

// unknown returns how many writes there are whose outcome nobody knows.
func (c *crowd) unknown() int {
	n := 0
	for _, o := range c.history {
		if o.Return == math.MaxInt64 {
			n++
		}
	}
	return n
}

// client makes one call after the other.
func (c *crowd) client(at, id int) {
	random := rand.New(rand.NewPCG(uint64(id), uint64(c.began.UnixNano())))
	for n := 0; ; n++ {
		select {
		case <-c.stop:
			return
		default:
		}
		r := c.pick(random)
		o := operation{path: r.path, write: random.IntN(2) == 0, value: fmt.Sprintf("%d/%d", id, n)}
		if !c.call(at, id, r, o) {
			<-time.After(10 * time.Millisecond) // nobody asks a node that is in trouble without a pause
		}
	}
}

// look reads registers on every node once more.
func (c *crowd) look(used []*register) {
	c.t.Helper()
	for _, r := range used {
		for i, n := range c.nodes {
			eventually(c.t, n.name+" is read", func() error {
				if !c.call(i, i, r, operation{path: r.path}) {
					return errors.New("it does not answer")
				}
				return nil
			})
		}
	}
}

func (c *crowd) pick(random *rand.Rand) *register {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.active[random.IntN(len(c.active))]
}

// call makes one call and keeps what is known of it: false when it failed.
func (c *crowd) call(at, id int, r *register, o operation) bool {
	ctx, cancel := context.WithTimeout(context.Background(), callTime)
	defer cancel()
	began := time.Since(c.began)
	var err error
	if o.write {
		err = c.nodes[at].call(ctx, http.MethodPatch, r.path, map[string]string{"comment": o.value}, nil)
	} else {
		var answer struct{ Comment string }
		err = c.nodes[at].call(ctx, http.MethodGet, r.path+"?fields=comment", nil, &answer)
		o.value = answer.Comment
	}
	ended := int64(time.Since(c.began))
	if no, ok := errors.AsType[*refusal](err); ok && no.status != http.StatusServiceUnavailable && no.status != http.StatusConflict {
		c.t.Errorf("node %d: %v", at, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	switch {
	case err == nil && o.write:
		c.written[at]++
	case err == nil:
		c.read[at]++
	case !o.write || didNotHappen(err):
		return false
	default:
		o.unknown, ended = true, math.MaxInt64
		c.lose(r)
	}
	c.history = append(c.history, porcupine.Operation{ClientId: id, Input: o, Call: int64(began), Return: ended})
	return err == nil
}

// didNotHappen reports whether the error of a write says that nothing was
// written: somebody else was first, or the node was not there to be asked.
func didNotHappen(err error) bool {
	if no, ok := errors.AsType[*refusal](err); ok {
		return no.status == http.StatusConflict
	}
	network, ok := errors.AsType[*net.OpError](err)
	return ok && network.Op == "dial"
}

// lose counts an unknown write; a register with too many is used no more. It is
// called with mu held.
func (c *crowd) lose(r *register) {
	r.unknown++
	i := slices.Index(c.active, r)
	if r.unknown < maxUnknown || i < 0 || len(c.fresh) == 0 {
		return
	}
	c.active[i], c.fresh = c.fresh[0], c.fresh[1:]
}

// state returns how many calls were made, and how many acknowledged by each
// node.
func (c *crowd) state() (calls int, written, read []int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.calls, slices.Clone(c.written), slices.Clone(c.read)
}

// check reports whether one machine could have told the clients all that they
// were told.
func (c *crowd) check() {
	c.t.Helper()
	result, info := check(c.history)
	if result == porcupine.Ok {
		return
	}
	c.t.Errorf("the history of %d calls is %s", len(c.history), result)
	file := filepath.Join(c.t.ArtifactDir(), "history.html")
	if err := porcupine.VisualizePath(model, info, file); err != nil {
		c.t.Error(err)
	} else {
		c.t.Logf("see %s", file)
	}
}

func check(history []porcupine.Operation) (porcupine.CheckResult, porcupine.LinearizationInfo) {
	slices.SortFunc(history, func(a, b porcupine.Operation) int { return cmp.Compare(a.Call, b.Call) })
	next := 0
	for _, o := range history {
		next = max(next, o.ClientId+1)
	}
	for i := range history { // a client goes on after a call without an end: that one is somebody else's
		if history[i].Return == math.MaxInt64 {
			history[i].ClientId = next
			next++
		}
	}
	return porcupine.CheckOperationsVerbose(model, history, limit)
}
