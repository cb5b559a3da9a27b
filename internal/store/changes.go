package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/duoplane/duoplane/internal/fault"
)

// Tables are the declared tables of one store by name.
type Tables map[string]Codec

// NewTables indexes codecs; a name that is malformed or given twice is a
// programmer's mistake and refused.
func NewTables(codecs ...Codec) (Tables, error) {
	tables := make(Tables, len(codecs))
	for _, c := range codecs {
		name := c.TableName()
		if name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_") != "" {
			return nil, fmt.Errorf("store: table name %q is not made of lower-case letters and underscores", name)
		}
		if _, twice := tables[name]; twice {
			return nil, fmt.Errorf("store: table %s is declared twice", name)
		}
		tables[name] = c
	}
	return tables, nil
}

type place struct{ table, key string }

// Check reports the first change that no backend may apply: an undeclared
// table, an empty key, a record written twice in one Commit, or a record
// written under a prefix that the same Commit removes. Such a Commit has no
// meaning that every backend could agree on.
func (t Tables) Check(changes []Change) error {
	written := make(map[place]bool, len(changes))
	for i := range changes {
		c := &changes[i]
		if _, ok := t[c.Table]; !ok {
			return fmt.Errorf("store: table %q was not declared when the store was opened", c.Table)
		}
		switch c.Op {
		case DeleteUnder:
			continue
		case Put, Delete, Require:
			if c.Key == "" {
				return fmt.Errorf("store: a change in table %s has no key", c.Table)
			}
		default:
			return fmt.Errorf("store: a change in table %s has no operation", c.Table)
		}
		if c.Op == Require {
			continue
		}
		if written[place{c.Table, c.Key}] {
			return fmt.Errorf("store: one commit changes %s/%s twice", c.Table, c.Key)
		}
		written[place{c.Table, c.Key}] = true
	}
	return checkUnder(changes)
}

func checkUnder(changes []Change) error {
	for i := range changes {
		under := &changes[i]
		if under.Op != DeleteUnder {
			continue
		}
		for j := range changes {
			c := &changes[j]
			if c.Op == Put && c.Table == under.Table && strings.HasPrefix(c.Key, under.Key) {
				return fmt.Errorf("store: one commit writes %s/%s and removes all under %q", c.Table, c.Key, under.Key)
			}
		}
	}
	return nil
}

// Raced is the refusal of a Commit with an expectation that did not hold;
// nothing was changed.
func Raced() error {
	return fault.New(fault.Raced, "", "The record was changed by someone else at the same moment; try again.")
}

// Outdated is the answer to a reader when the store has been out of reach for
// longer than what is known of it may be used.
func Outdated(limit time.Duration) error {
	return fault.New(fault.Outdated, "",
		"This server has not reached its configuration store for more than %s and refuses logins until it does; tell its administrator.", limit)
}

// Unreached is the answer when the store cannot be reached or did not answer
// in time; after a Commit it means "perhaps". A caller that gave up itself
// gets Timeout, everything else is Unavailable.
func Unreached(cause error) error {
	if errors.Is(cause, context.Canceled) {
		return fault.Wrap(cause, fault.Timeout, "", "The request was given up before the configuration store answered.")
	}
	return fault.Wrap(cause, fault.Unavailable, "", "The configuration store cannot be reached at the moment; try again later.")
}
