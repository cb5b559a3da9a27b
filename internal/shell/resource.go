package shell

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/svm"
)

// A Reader is what the domain offers of a readable resource. Every method
// applies the caller's scope itself.
type Reader[T any] interface {
	// Rows yields the records in ascending order of key, starting with the
	// first key that is not less than from (nil: with the first of all). A
	// record is good until the next one is asked for and is not changed here.
	Rows(ctx context.Context, caller svm.Caller, from []string) iter.Seq2[*T, error]
	// Fill brings the Computed fields of private copies up to date.
	Fill(ctx context.Context, rows []*T) error
}

// A Modifier is what the domain offers of a resource whose records come and go
// with something else and can be changed.
type Modifier[T any] interface {
	Reader[T]
	// Modify changes the record under a key and returns what takes that back.
	Modify(ctx context.Context, caller svm.Caller, key []string, in record.Input[T]) (svm.Undo[T], error)
}

// A Service is what the domain offers of a resource whose records can be made,
// changed and removed.
type Service[T any] interface {
	Modifier[T]
	// Create makes a record and returns it.
	Create(ctx context.Context, caller svm.Caller, in record.Input[T]) (svm.Made[T], error)
	// Delete removes the record under a key.
	Delete(ctx context.Context, caller svm.Caller, key []string) error
}

// A Resource gives a kind of record the verbs create, modify, show and delete.
type Resource[T any] struct {
	// Name is the directory of the verbs: "security login duo". Noun is what
	// help calls the records by ("Duo configuration", "Duo configurations").
	Name        string
	Noun, Nouns string
	// Path is the REST path below /api that the role must allow: GET for
	// show, POST for create, PATCH for modify, DELETE for delete.
	Path string
	// Schema declares the fields; those with a Flag are parameters.
	Schema *record.Schema[T]
	// One of the three answers: Reader, for a resource that can only be read,
	// Modifier or Service. It takes the place of those above it.
	Reader   Reader[T]
	Modifier Modifier[T]
	Service  Service[T]
	// Verbs are the verbs there are, nil for all that these three give.
	// ShowAs is another name for show ("history").
	Verbs  []string
	ShowAs string
	// Keys are the parameters that name a record, in the order lists are
	// sorted by; nil stands for the fields that are Key or Shown. KeepOrder
	// leaves lists in the order of Rows.
	Keys      []string
	KeepOrder bool
	// Order is the order of parameters and fields, by name, where it is not
	// that of the schema; those not in it follow.
	Order []string
	// Positional are the keys that may be given without their names. Hidden
	// are parameters of the schema that the command line does not have.
	Positional, Hidden []string
	// Vserver says that help shows -vserver as required on create, though it
	// defaults to the session's own.
	Vserver bool
	// Owners returns the names that -vserver is completed with.
	Owners func(ctx context.Context, caller svm.Caller) []string
	// Block is the layout of show, Columns another one, below a heading for
	// each value of the parameter By if that is set. Without either, show
	// prints a table of the keys.
	Block   []Line
	Columns []Column
	By      string
	// Needs is a parameter without whose value a record is left out of show,
	// unless the parameter is given; "*" for its value leaves nothing out.
	Needs string
	// DeleteWarning, if any, is shown with the question whether to go on
	// before anything is deleted.
	DeleteWarning string
	// Compose, if any, asks a person for the new values of a record when a
	// modification names none.
	Compose func(c *Call, t *T) (record.Input[T], error)
	// Complete, if any, adds to what was given for a new record, for example
	// by asking for a password.
	Complete func(ctx context.Context, c *Call, in record.Input[T]) (record.Input[T], error)
}

// The verbs.
const (
	verbCreate = "create"
	verbDelete = "delete"
	verbModify = "modify"
	verbShow   = "show"
)

// Parameters that every show has.
const (
	fieldsParam   = "fields"
	instanceParam = "instance"
)

const ownerName, ownerUUID = "owner.name", "owner.uuid"

// mounted is a Resource compiled for running.
type mounted[T any] struct {
	Resource[T]
	rows map[string]*record.Field[T] // by parameter
	keys []string                    // parameters that name a record
	all  []string                    // readable parameters, keys first
}

func (r Resource[T]) mount(t *tree) error {
	if r.Service != nil {
		r.Modifier = r.Service
	}
	if r.Modifier != nil {
		r.Reader = r.Modifier
	}
	m := &mounted[T]{Resource: r, rows: make(map[string]*record.Field[T])}
	if err := m.compile(); err != nil {
		return fmt.Errorf("shell: %q: %w", r.Name, err)
	}
	for _, c := range m.commands() {
		if err := t.add(c); err != nil {
			return err
		}
	}
	return nil
}

func (m *mounted[T]) compile() error {
	var rest []string
	for _, f := range m.ordered() {
		if f.Flag == "" || slices.Contains(m.Hidden, f.Flag) {
			continue
		}
		m.rows[f.Flag] = f
		key := m.Keys == nil && (f.Use.Has(record.Key) || f.Use.Has(record.Shown))
		switch {
		case key:
			m.keys = append(m.keys, f.Flag)
		case !f.Use.Has(record.WriteOnly) && !slices.Contains(m.Keys, f.Flag):
			rest = append(rest, f.Flag)
		}
	}
	if m.Keys != nil {
		m.keys = m.Keys
	}
	m.all = append(slices.Clone(m.keys), rest...)
	for _, flag := range slices.Concat(m.keys, m.Positional, m.columnFlags()) {
		if m.rows[flag] == nil {
			return fmt.Errorf("no field has the flag %q", flag)
		}
	}
	return nil
}

// ordered returns the fields in the order of the command line.
func (m *mounted[T]) ordered() []*record.Field[T] {
	fields := m.Schema.Fields()
	list := make([]*record.Field[T], len(fields))
	for i := range fields {
		list[i] = &fields[i]
	}
	place := func(f *record.Field[T]) int {
		if i := slices.Index(m.Order, f.Flag); i >= 0 {
			return i
		}
		return len(m.Order)
	}
	slices.SortStableFunc(list, func(a, b *record.Field[T]) int { return place(a) - place(b) })
	return list
}

func (m *mounted[T]) columnFlags() []string {
	var flags []string
	for _, c := range m.Columns {
		flags = append(flags, c.Param)
	}
	for _, l := range m.Block {
		flags = append(flags, l.Param)
	}
	if m.By != "" {
		flags = append(flags, m.By)
	}
	return flags
}

// commands returns the verbs there are.
func (m *mounted[T]) commands() []*command {
	verbs := m.Verbs
	if verbs == nil {
		switch {
		case m.Service != nil:
			verbs = []string{verbCreate, verbDelete, verbModify, verbShow}
		case m.Modifier != nil:
			verbs = []string{verbModify, verbShow}
		default:
			verbs = []string{verbShow}
		}
	}
	names := make(map[string]string)
	for flag, f := range m.rows {
		names[f.Path] = flag
	}
	var commands []*command
	for _, verb := range verbs {
		c := &command{words: append(strings.Fields(m.Name), verb), path: m.Path, names: names, params: m.params(verb)}
		switch verb {
		case verbCreate:
			c.doc, c.method, c.run = "Create a "+m.Noun, methodPost, m.create
		case verbModify:
			c.doc, c.method, c.run = "Modify a "+m.Noun, methodPatch, m.modify
			c.filters = m.params(verbShow)[2:]
		case verbDelete:
			c.doc, c.method, c.run = "Delete a "+m.Noun, methodDelete, m.remove
			c.filters = m.params(verbShow)[2:]
		case verbShow:
			c.doc, c.method, c.run, c.show = "Display "+m.Nouns, methodGet, m.show, true
			c.filters = c.params[2:]
			if m.ShowAs != "" {
				c.words[len(c.words)-1] = m.ShowAs
			}
		}
		commands = append(commands, c)
	}
	return commands
}

// params returns the parameters of a verb: the keys, then the other fields in
// declared order; of show, -fields and -instance before them.
func (m *mounted[T]) params(verb string) []*Param {
	var params []*Param
	if verb == verbShow {
		params = append(params,
			&Param{Name: fieldsParam, Syntax: "<fieldname>, ...", Words: append([]string{"*"}, m.all...), List: true},
			&Param{Name: instanceParam, Switch: true})
	}
	for _, flag := range m.keys {
		if verb != verbCreate || !m.rows[flag].Use.Has(record.ReadOnly) {
			params = append(params, m.param(verb, flag))
		}
	}
	if verb == verbDelete {
		return params
	}
	for _, f := range m.ordered() {
		if m.rows[f.Flag] == nil || slices.Contains(m.keys, f.Flag) {
			continue
		}
		fixed := f.Use.Has(record.ReadOnly) || verb == verbModify && f.Use.Has(record.CreateOnly)
		if (verb == verbShow && !f.Use.Has(record.WriteOnly)) || (verb != verbShow && !fixed) {
			params = append(params, m.param(verb, f.Flag))
		}
	}
	return params
}

func (m *mounted[T]) param(verb, flag string) *Param {
	f := m.rows[flag]
	key := slices.Contains(m.keys, flag)
	p := &Param{
		Name: flag, Aliases: f.Aliases, Label: f.Label, Syntax: syntaxOf(f), Words: wordsOf(f),
		Positional: slices.Contains(m.Positional, flag),
		List:       f.Kind == record.Strings,
		Secret:     f.Kind == record.Secret,
		query:      verb == verbShow || key && verb != verbCreate,
	}
	owner := f.Path == ownerName
	switch {
	case verb == verbCreate:
		p.Required = f.Use.Has(record.Required) || owner && m.Vserver
		p.implied = owner || p.Secret
		p.Default = f.Default.String()
	case verb != verbShow:
		p.Required = key
		p.implied = true // by the session's owner, or by an extended query
	}
	switch {
	case owner && m.Owners != nil:
		p.Names = func(ctx context.Context, c *Call) []string { return m.Owners(ctx, c.Caller) }
	case key && verb != verbCreate:
		p.Names = m.names(flag)
	}
	return p
}

// wordsOf returns the values of a field that has few.
func wordsOf[T any](f *record.Field[T]) []string {
	switch {
	case f.Kind == record.Bool:
		return []string{"true", "false"}
	case f.Kind == record.Int && f.Max > 0 && f.Max-f.Min < 10:
		var words []string
		for n := f.Min; n <= f.Max; n++ {
			words = append(words, strconv.FormatInt(n, 10))
		}
		return words
	default:
		return f.SaidWords()
	}
}

func syntaxOf[T any](f *record.Field[T]) string {
	switch {
	case f.Flag == "vserver":
		return "<vserver name>"
	case f.Kind == record.Int:
		return "<integer>"
	case f.Kind == record.Time:
		return "<YYYY-MM-DDThh:mm:ssZ>"
	default:
		return ""
	}
}
