package record

// Use says when a field may be given and shown. The zero Use is an ordinary
// optional field that may be read, created with and modified.
type Use uint16

// The restrictions on a field; they may be combined.
const (
	Key        Use = 1 << iota // part of the record's key: always shown in lists
	Required                   // must be given on create
	CreateOnly                 // may be given on create, not in a modification
	ReadOnly                   // computed or fixed: never given
	WriteOnly                  // never shown, filtered or sorted by
	Computed                   // costs I/O to know: filled by Fill, only when asked for
	Clearable                  // null, "" and [] take the value away
	Unsorted                   // has no order: order_by refuses it
	Shown                      // in lists by default, though not part of the key
	Sensitive                  // what is given may hold a secret: no message repeats it (what Get returns may be shown)
	Guessable                  // a secret that people choose: the audit log has not even its fingerprint
)

// Has reports whether u includes all of other.
func (u Use) Has(other Use) bool { return u&other == other }

// A Field is one row of a resource's declaration: everything any face of
// Duoplane knows of the field. T is the domain type of one record.
type Field[T any] struct {
	// Path is the REST name, dotted where nested: "owner.uuid". Rows are
	// declared in the order ONTAP prints them; rows that share a prefix
	// ("owner.") stand together.
	Path string
	// Flag is the command line's name without its hyphen ("fail-mode"), ""
	// when the command line does not have the field. Aliases are other
	// spellings it takes.
	Flag    string
	Aliases []string
	// Kind is what the field holds, Use when it may be given and shown.
	Kind Kind
	Use  Use
	// Default is taken on create when the field is not given.
	Default Value
	// Enum lists the words of an Enum field (or of a Strings field confined
	// to words) in ONTAP's order.
	Enum []string
	// Words are the command line's words for values of an Enum or a String,
	// by value, where they are not the values themselves.
	Words map[string]string
	// Min and Max bound an Int's value, a text's length in bytes, an array's
	// number of elements. Both 0 means unbounded by the declaration; the
	// engine's own limits on sizes still hold.
	Min, Max int64
	// Elem declares the members of an Objects field's elements.
	Elem []Column
	// Lookup names what a service can find records by without looking at all
	// of them, where this field is that: see Query.Pinned.
	Lookup string
	// Doc is one sentence for the reference, Label the command line's words
	// for the field ("Duo API Host"), Example a value for the reference.
	Doc, Label, Example string
	// Get returns the record's value. It is called under filters, a hundred
	// thousand times in one request, so it must not allocate for scalars.
	Get func(*T) Value
	// Set stores a value that has passed the row's own checks; an absent
	// Value clears the field. A rule the row cannot express is Check's or the
	// domain's. Nil for ReadOnly rows.
	Set func(*T, Value)
	// Check, if any, is the domain's rule on this value alone: a *fault.Error
	// or nil. It runs before Set; the engine fills in the target.
	Check func(Value) error
}

// A Column is one member of the elements of an Objects field.
type Column struct {
	Name     string
	Kind     Kind // a scalar kind or Strings
	Required bool
	Default  Value
	Enum     []string
	// Doc is one sentence for the reference, Example a value for it.
	Doc, Example string
}
