package shell

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
)

// The methods by which roles tell apart what may be done to a REST path.
const (
	methodGet    = "GET"
	methodPost   = "POST"
	methodPatch  = "PATCH"
	methodDelete = "DELETE"
)

// A node is a word of the command tree: a directory, or a command.
type node struct {
	name     string
	doc      string
	parent   *node
	children []*node  // by name
	command  *command // nil for a directory
}

// A command is what a mounted declaration comes down to.
type command struct {
	words []string // "security", "login", "duo", "show"
	doc   string
	// The role must allow the method on the path below /api; a command
	// without a path is open to everyone.
	method, path string
	params       []*Param
	names        map[string]string // parameters by the REST path of their field
	filters      []*Param          // of an extended query; nil where there is none
	show         bool              // errors say "show failed"
	run          func(ctx context.Context, c *Call) error
}

// Mounted is what New builds the tree from: a [Resource] of any type, a
// [Command] or a [Directory].
type Mounted interface {
	mount(t *tree) error
}

// A Directory gives a word of the tree its line of help.
type Directory struct{ Name, Doc string }

func (d Directory) mount(t *tree) error {
	n, err := t.directory(strings.Fields(d.Name))
	if err == nil {
		n.doc = d.Doc
	}
	return err
}

type tree struct{ root node }

// directory returns the directory of that name and makes what is missing of it.
func (t *tree) directory(words []string) (*node, error) {
	at := &t.root
	for _, word := range words {
		if at = at.child(word); at.command != nil {
			return nil, fmt.Errorf("shell: %q is a command, not a directory", at.path())
		}
	}
	return at, nil
}

// child returns the child with the name and makes it if there is none.
func (n *node) child(name string) *node {
	i, found := slices.BinarySearchFunc(n.children, name, func(c *node, name string) int { return cmp.Compare(c.name, name) })
	if !found {
		n.children = slices.Insert(n.children, i, &node{name: name, parent: n})
	}
	return n.children[i]
}

func (t *tree) add(c *command) error {
	last := len(c.words) - 1
	dir, err := t.directory(c.words[:last])
	if err != nil {
		return err
	}
	n := dir.child(c.words[last])
	if n.command != nil || len(n.children) > 0 {
		return fmt.Errorf("shell: %q is declared twice", strings.Join(c.words, " "))
	}
	for i, p := range c.params {
		if slices.ContainsFunc(c.params[:i], func(o *Param) bool { return o.called(p.Name) }) {
			return fmt.Errorf("shell: %q has parameter %q twice", strings.Join(c.words, " "), p.Name)
		}
	}
	n.doc, n.command = c.doc, c
	return nil
}

// path returns the words from the root to the node, with spaces between.
func (n *node) path() string {
	if n.parent == nil {
		return ""
	}
	return strings.TrimPrefix(n.parent.path()+" "+n.name, " ")
}

// match returns the child of a name or of its shortest unique beginning among
// those that the session may see; it falls back to all, so that what is
// forbidden can be refused by name.
func (n *node) match(word string, visible func(*node) bool) (*node, error) {
	var seen, all []*node
	for _, c := range n.children {
		switch {
		case strings.EqualFold(c.name, word):
			return c, nil
		case !hasPrefixFold(c.name, word):
			continue
		case visible(c):
			seen = append(seen, c)
		}
		all = append(all, c)
	}
	if len(seen) > 0 {
		all = seen
	}
	switch len(all) {
	case 0:
		return nil, unknownCommand(word)
	case 1:
		return all[0], nil
	}
	names := make([]string, len(all))
	for i, c := range all {
		names[i] = c.path()
	}
	return nil, usagef("%q is ambiguous; it may be %s", word, strings.Join(names, ", "))
}

type unknownCommand string

func (e unknownCommand) Error() string {
	return fmt.Sprintf("%q is not a recognized command", string(e))
}

// resolve follows words as far as they lead: to a command and what is behind
// it, or to a directory. What the directory dir does not have is looked for
// from the root.
func (t *tree) resolve(dir *node, tokens []token, visible func(*node) bool) (*node, []token, error) {
	at := dir
	for i, tok := range tokens {
		if at.command != nil {
			return at, tokens[i:], nil
		}
		if !tok.bare() {
			return at, tokens[i:], unknownCommand(tok.text())
		}
		next, err := at.match(tok.text(), visible)
		if i == 0 && isUnknown(err) && dir != &t.root {
			next, err = t.root.match(tok.text(), visible)
		}
		if err != nil {
			return at, tokens[i:], err
		}
		at = next
	}
	return at, nil, nil
}

func isUnknown(err error) bool {
	_, ok := err.(unknownCommand) //nolint:errorlint // match returns it unwrapped
	return ok
}
