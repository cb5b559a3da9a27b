package cluster

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"
)

const (
	longCalls = 10_000 // of an experiment at least, in the long form
	longLasts = 10 * time.Second
	// longTrouble is how many of them are made meanwhile, where every call may
	// take a second.
	longTrouble = 1500
	shortLast   = time.Second
)

// A world is the cluster with its nodes, and what is done to it at the moment.
type world struct {
	*etcd

	nodes []*node
}

// An experiment does something to the world while clients work.
type experiment struct {
	name string
	do   func(w *world) (undo func())
	// working are the nodes that have to go on reading and writing meanwhile.
	working []int
}

func experiments() []experiment {
	everyone := []int{0, 1, 2}
	return []experiment{
		{"the leader is killed", func(w *world) func() { return w.killed(w.leader()) }, everyone},
		{"a member is killed", func(w *world) func() { return w.killed((w.leader() + 1) % size) }, everyone},
		{"a member is cut off", func(w *world) func() { return w.cutOff((w.leader() + 1) % size) }, everyone},
		{"the leader is cut off", func(w *world) func() { return w.cutOff(w.leader()) }, everyone},
		{"the majority is lost", func(w *world) func() {
			leader := w.leader()
			first, second := w.killed(leader), w.killed((leader+1)%size)
			return func() { first(); second() }
		}, nil},
		{"the links of the leader are slow", func(w *world) func() { return w.slowed(w.leader(), 40*time.Millisecond) }, everyone},
		{"the leader stalls, as with a slow disk", func(w *world) func() { return w.stuttering(w.leader()) }, everyone},
		{"a node is killed", func(w *world) func() { return w.nodeKilled(0) }, []int{1, 2}},
	}
}

func (w *world) killed(i int) (undo func()) {
	w.members[i].kill()
	return func() { w.members[i].start(w.t) }
}

func (w *world) cutOff(i int) (undo func()) {
	w.split(i)
	return w.join
}

func (w *world) nodeKilled(i int) (undo func()) {
	w.nodes[i].kill()
	return func() {
		w.nodes[i].start(w.t)
		w.nodes[i].connect(w.t)
	}
}

// slowed makes late what a member says and is told, by whomever.
func (w *world) slowed(one int, by time.Duration) (undo func()) {
	for i, p := range w.peers {
		p.delay(w.of(i, one), by)
	}
	for _, n := range w.nodes {
		n.wires[one].delay(all, by)
	}
	return func() {
		for _, p := range w.peers {
			p.delay(nil, 0)
		}
		for _, n := range w.nodes {
			n.wires[one].delay(nil, 0)
		}
	}
}

// stuttering freezes a member for longer than an election takes, again and
// again.
func (w *world) stuttering(i int) (undo func()) {
	stop, done := make(chan struct{}), make(chan struct{})
	m := w.members[i]
	go func() {
		defer close(done)
		defer m.thaw()
		for {
			m.freeze()
			if !lasting(700*time.Millisecond, stop) {
				return
			}
			m.thaw()
			if !lasting(300*time.Millisecond, stop) {
				return
			}
		}
	}()
	return func() {
		close(stop)
		<-done
	}
}

// lasting waits, and reports false when it was stopped.
func lasting(d time.Duration, stop <-chan struct{}) bool {
	select {
	case <-time.After(d):
		return true
	case <-stop:
		return false
	}
}

// TestWhateverBecomesOfTheClusterNobodyIsToldWhatIsNotSo has clients of three
// nodes read and change records while members of the cluster fail.
func TestWhateverBecomesOfTheClusterNobodyIsToldWhatIsNotSo(t *testing.T) {
	e, dir := startEtcd(t), t.TempDir()
	w := &world{etcd: e, nodes: startNodes(t, e, dir)}
	spare := makeRegisters(t, w.nodes[0], 240)
	for _, x := range experiments() {
		t.Run(x.name, func(t *testing.T) {
			w.t = t
			began := time.Now()
			c, all := newCrowd(t, w.nodes, spare), spare
			defer func() { spare = c.rest() }() // each experiment has fresh ones
			w.run(t, c, x)
			spare = c.rest()
			c.look(all[:len(all)-len(spare)])
			c.check()
			calls, written, read := c.state()
			t.Logf("%d calls in %v; acknowledged by the nodes: %v writes, %v reads; %d unknown; %d registers left",
				calls, time.Since(began).Round(time.Millisecond), written, read, c.unknown(), len(spare))
		})
	}
	t.Run("a node that asks nobody is found out", func(t *testing.T) {
		local := startNode(t, e, dir, "local", "--reads=local")
		local.connect(t)
		foundOut(t, w.nodes[0], local, spare[0])
	})
}

// run goes through an experiment: a calm beginning, the trouble, and the calm
// after it.
func (w *world) run(t *testing.T, c *crowd, x experiment) {
	t.Helper()
	defer c.rest()
	everyone, lasts, third := []int{0, 1, 2}, shortLast, 0
	if *long {
		lasts, third = longLasts, longCalls/3
	}
	c.goesOn(t, everyone, "before")
	c.makes(t, third)
	undo := sync.OnceFunc(x.do(w))
	defer undo()
	trouble := time.After(lasts)
	if len(x.working) > 0 {
		c.goesOn(t, x.working, "meanwhile")
		c.makes(t, min(third, longTrouble))
	}
	<-trouble
	undo()
	c.goesOn(t, everyone, "afterwards")
	if calls, _, _ := c.state(); *long {
		c.makes(t, longCalls-calls)
	}
}

// goesOn waits until nodes have acknowledged writes and reads again.
func (c *crowd) goesOn(t *testing.T, nodes []int, when string) {
	t.Helper()
	began := time.Now()
	_, written, read := c.state()
	eventually(t, when+" they read and write", func() error {
		_, nowWritten, nowRead := c.state()
		for _, i := range nodes {
			if nowWritten[i] < written[i]+5 || nowRead[i] < read[i]+5 {
				return fmt.Errorf("node %d: %d writes, %d reads", i, nowWritten[i]-written[i], nowRead[i]-read[i])
			}
		}
		return nil
	})
	t.Logf("%s they read and write after %v", when, time.Since(began).Round(time.Millisecond))
}

// makes waits until clients have made so many more calls.
func (c *crowd) makes(t *testing.T, more int) {
	t.Helper()
	calls, _, _ := c.state()
	eventually(t, "calls", func() error {
		if now, _, _ := c.state(); now < calls+more {
			return fmt.Errorf("%d of %d", now-calls, more)
		}
		return nil
	})
}

// makeRegisters makes SVMs, each with a profile whose comment is a register.
func makeRegisters(t *testing.T, n *node, many int) []*register {
	t.Helper()
	var svms, profiles []map[string]any
	for i := range many {
		name := fmt.Sprintf("register%d", i)
		svms = append(svms, map[string]any{"name": name})
		profiles = append(profiles, map[string]any{
			"owner.name": name, "api_host": "127.0.0.1:1", "integration_key": "DIAAAAAAAAAAAAAAAAAA",
			"secret_key": "0123456789012345678901234567890123456789",
		})
	}
	post := func(path string, records []map[string]any) {
		for some := range slices.Chunk(records, 60) {
			if err := n.call(context.Background(), http.MethodPost, path+"?return_timeout=60", map[string]any{"records": some}, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	post("/svm/svms", svms)
	post(pathProfiles, profiles)
	var page struct {
		Records []struct{ Owner struct{ UUID string } }
	}
	if err := n.call(context.Background(), http.MethodGet, pathProfiles+"?max_records=1000", nil, &page); err != nil {
		t.Fatal(err)
	}
	var registers []*register
	for _, r := range page.Records {
		registers = append(registers, &register{path: pathProfiles + "/" + r.Owner.UUID})
	}
	if len(registers) != many {
		t.Fatalf("%d registers", len(registers))
	}
	return registers
}

const pathProfiles = "/security/authentication/duo/profiles"
