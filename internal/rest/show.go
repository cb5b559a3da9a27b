package rest

import "github.com/duoplane/duoplane/internal/record"

// appendRecord writes one record of a response, with its links if they are
// wanted.
func (m *mounted[T]) appendRecord(e *encoder, t *T, sel record.Selection, hal bool) {
	e.open('{')
	if hal {
		m.Schema.Show(t, sel, &linker[T]{fields{e}, m.Links, t, 0})
		e.self(m.href(t))
	} else {
		m.Schema.Show(t, sel, fields{e})
	}
	e.close('}')
}

// fields writes the members of an object.
type fields struct{ *encoder }

func (f fields) Open(name string) {
	f.name(name)
	f.open('{')
}

func (f fields) Close(string) { f.close('}') }

func (f fields) Member(name string, v record.Value) {
	f.name(name)
	f.value(v)
}

// A linker writes the members of a record and links its objects to what they
// refer to.
type linker[T any] struct {
	fields

	links map[string]func(*T) string
	t     *T
	depth int
}

func (l *linker[T]) Open(name string) {
	l.fields.Open(name)
	l.depth++
}

func (l *linker[T]) Close(name string) {
	l.depth--
	if link := l.links[name]; link != nil && l.depth == 0 {
		if href := link(l.t); href != "" {
			l.self(href)
		}
	}
	l.fields.Close(name)
}
