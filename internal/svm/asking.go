package svm

import (
	"strings"

	"github.com/duoplane/duoplane/internal/store"
)

// What records can be found by: the owner's UUID and its name.
const (
	lookupUUID = "owner by UUID"
	lookupName = "owner by name"
)

// A Question says what a record must hold to be an answer; a record.Query is
// one.
type Question interface {
	Pinned(lookup string) (text string, ok bool)
}

// Asking returns the caller as one who asks a question. Where that names one
// owner, lists of owned records and of SVMs are read for that owner alone,
// instead of looking at those of a million others.
func (c Caller) Asking(question Question) Caller {
	uuid, _ := question.Pinned(lookupUUID)
	name, _ := question.Pinned(lookupName)
	c.about = Owner{UUID: strings.ToLower(uuid), Name: name}
	return c
}

// Only returns the one owner whose records the caller may read or wants to,
// and false when there is none such. "" is the owner of nothing.
func (c Caller) Only(snap store.Snapshot) (uuid string, ok bool) {
	if uuid, ok = c.Scope.Single(); ok {
		return uuid, true
	}
	switch {
	case c.about.UUID != "":
		return c.about.UUID, true
	case c.about.Name != "":
		named, _ := ByName(snap, c.about.Name) // nobody has no UUID, and no records
		return named.UUID, true
	}
	return "", false
}
