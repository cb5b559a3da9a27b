package cluster

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

const size = 3

// An etcd is a cluster of three members. Every member is reached by the others
// through a wire of its own.
type etcd struct {
	t       *testing.T
	members [size]*member
	peers   [size]*wire
	ids     map[string]int // by the id that a member tells the others
}

func startEtcd(t *testing.T) *etcd {
	t.Helper()
	e := &etcd{t: t}
	var cluster []string
	for i := range e.members {
		dir, err := os.MkdirTemp("", "etcd") //nolint:usetesting // a test's own is too long for a socket's name
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
		m := &member{Name: fmt.Sprint("m", i), Dir: dir}
		e.peers[i] = newWire(t, m.socket("peer"), true)
		m.Peer = "http://" + e.peers[i].addr
		cluster = append(cluster, m.Name+"="+m.Peer)
		e.members[i] = m
	}
	for _, m := range e.members {
		m.Cluster = strings.Join(cluster, ",")
		m.start(t)
		t.Cleanup(m.kill)
		m.dial(t)
		t.Cleanup(func() { _ = m.client.Close() }) // reports only that its context ended
	}
	e.learn()
	return e
}

// learn waits for the cluster to be up and notes the members' ids.
func (e *etcd) learn() {
	e.t.Helper()
	eventually(e.t, "three members", func() error {
		list, err := e.members[0].client.MemberList(e.t.Context())
		if err != nil {
			return err
		}
		e.ids = make(map[string]int)
		for _, m := range list.Members {
			for i := range e.members {
				if m.Name == e.members[i].Name {
					e.ids[fmt.Sprintf("%x", m.ID)] = i
				}
			}
		}
		if len(e.ids) != size {
			return fmt.Errorf("%d members are known", len(e.ids))
		}
		return nil
	})
}

// leader returns the place of the member that leads.
func (e *etcd) leader() int {
	e.t.Helper()
	found := 0
	eventually(e.t, "a leader", func() error {
		var all []string
		for i, m := range e.members {
			leads, err := m.leads(e.t.Context())
			if leads {
				found = i
				return nil
			}
			all = append(all, fmt.Sprint(err))
		}
		return fmt.Errorf("nobody leads: %s", strings.Join(all, "; "))
	})
	return found
}

// split cuts a member off from the two others, which keep each other. Nodes
// reach all three.
func (e *etcd) split(alone int) {
	for i, w := range e.peers {
		w.sever(e.of(i, alone))
	}
}

// of returns which connections on the wire to a member some one is part of.
func (e *etcd) of(to, one int) func(from string) bool {
	return func(from string) bool {
		who, known := e.ids[from]
		return to == one || known && who == one
	}
}

// join undoes split.
func (e *etcd) join() {
	for _, w := range e.peers {
		w.sever(nil)
	}
}
