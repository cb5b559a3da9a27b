package record

import (
	"strconv"
	"strings"
	"time"

	"github.com/duoplane/duoplane/internal/fault"
)

// ReadText reads one field's value from text as the command line has it:
// arrays separated by commas; "" and "-" clear a Clearable field.
func (s *Schema[T]) ReadText(path, text string) (Value, error) {
	row, ok := s.paths[path]
	if !ok {
		return Value{}, unexpected(path)
	}
	v, err := s.shapes[row].parse(text)
	if err != nil {
		return Value{}, err
	}
	return v, s.check(row, v)
}

// parse makes a checked Value of text from a command line.
func (sh *shape) parse(text string) (Value, error) {
	switch {
	case text == "" || text == "-" && sh.use.Has(Clearable):
		return sh.readNothing(jsonValue{kind: jsonText})
	case sh.kind == Objects:
		return Value{}, fault.New(fault.BadReason, sh.path, "Field \"%s\" cannot be given as one text.", sh.path)
	case sh.kind != Strings:
		v, err := sh.scalar(sh.heard(text))
		if err != nil {
			return Value{}, sh.aloud().badValue(text)
		}
		return v, nil
	}
	var items []Value
	for part := range strings.SplitSeq(text, ",") {
		item, err := sh.element(part)
		if err != nil {
			return Value{}, err
		}
		items = append(items, item)
	}
	return sh.array(items)
}

// parseInt takes a plain decimal number: no plus sign, no point, no exponent.
func parseInt(text string) (int64, bool) {
	if strings.HasPrefix(text, "+") {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}

// parseTime takes RFC 3339, and a date alone as its midnight in UTC.
func parseTime(text string) (Value, bool) {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t, err = time.Parse(time.DateOnly, text)
	}
	if err != nil || t.IsZero() {
		return Value{}, false
	}
	return Instant(t), true
}
