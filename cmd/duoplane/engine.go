package main

import (
	"github.com/duoplane/duoplane/internal/diagnose"
	"github.com/duoplane/duoplane/internal/door"
	"github.com/duoplane/duoplane/internal/duo"
	"github.com/duoplane/duoplane/internal/duolink"
	"github.com/duoplane/duoplane/internal/enforce"
	"github.com/duoplane/duoplane/internal/logins"
)

// A guard is the part of a node that decides logins: the engine over the
// stored profiles, the trace it leaves, the door for other login services, and
// what tells an administrator about all of it.
type guard struct {
	engine    *enforce.Engine
	logins    *logins.Table
	door      *door.Door
	explainer *diagnose.Explainer
	tester    *diagnose.Tester
}

// newGuard makes the guard of a node whose services are there. Its door is
// closed with the node.
func (n *node) newGuard(links *duolink.Links) *guard {
	g := &guard{
		logins:    logins.New(n.ledger, n.log),
		explainer: diagnose.NewExplainer(n.ledger, n.svms),
		tester:    diagnose.NewTester(n.profiles, links),
	}
	g.engine = enforce.New(enforce.Config{
		Rule: duo.NewPolicy(n.ledger).Rule,
		Connect: func(p *duo.Profile) (enforce.Client, error) {
			client, err := links.Client(p)
			if err != nil {
				return nil, err
			}
			return client, nil
		},
		Reached: links.Reached, Recent: links.Recent, Record: g.logins.Record,
	})
	g.door = door.New(door.Config{Decide: g.engine.Decide, Refused: g.logins.Refused, Ledger: n.ledger, SVMs: n.svms, Logger: n.log})
	n.open.add(func() error { g.door.Close(); return nil })
	return g
}
