package record

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/secret"
)

// linksName is HAL's member, which a client may send back at any level.
const linksName = "_links"

// read makes a checked Value of a JSON value. The absent Value means that the
// field is to be cleared.
func (sh *shape) read(v jsonValue) (Value, error) {
	if v.kind == jsonNull || v.kind == jsonText && v.text == "" || v.kind == jsonArray && len(v.list) == 0 {
		return sh.readNothing(v)
	}
	switch {
	case sh.kind == Strings || sh.kind == Objects:
		return sh.readArray(v)
	case v.kind == jsonArray:
		return Value{}, fault.New(fault.ArrayUnwanted, sh.path, "Field \"%s\" takes one value, not an array.", sh.path)
	case v.kind == jsonText:
		return sh.scalar(v.text)
	case sh.kind == Bool:
		return sh.readBool(v)
	case sh.kind == Int && v.kind == jsonNumber:
		return sh.scalar(v.text)
	default:
		return Value{}, sh.badValue(v.literal())
	}
}

// readNothing takes null, "" and [] where the field may be cleared.
func (sh *shape) readNothing(v jsonValue) (Value, error) {
	switch {
	case sh.use.Has(Clearable):
		return Value{}, nil
	case v.kind == jsonArray && sh.kind != Strings && sh.kind != Objects:
		return Value{}, fault.New(fault.ArrayUnwanted, sh.path, "Field \"%s\" takes one value, not an array.", sh.path)
	case v.kind == jsonArray:
		return Value{}, sh.badValue("[]")
	default:
		return Value{}, sh.badValue(v.literal())
	}
}

// readBool takes true and false, and 1 and 0 as ONTAP's samples write them.
func (sh *shape) readBool(v jsonValue) (Value, error) {
	switch {
	case v.kind == jsonTrue, v.kind == jsonNumber && v.text == "1":
		return Flag(true), nil
	case v.kind == jsonFalse, v.kind == jsonNumber && v.text == "0":
		return Flag(false), nil
	default:
		return Value{}, sh.badValue(v.literal())
	}
}

func (sh *shape) readArray(v jsonValue) (Value, error) {
	if v.kind != jsonArray {
		return Value{}, fault.New(fault.ArrayWanted, sh.path, "Field \"%s\" takes an array.", sh.path)
	}
	items := make([]Value, 0, len(v.list))
	for _, element := range v.list {
		item, err := sh.readElement(element)
		if err != nil {
			return Value{}, err
		}
		items = append(items, item)
	}
	return sh.array(items)
}

func (sh *shape) readElement(v jsonValue) (Value, error) {
	switch {
	case sh.kind == Objects && v.kind == jsonObject:
		return sh.readColumns(*v.object)
	case sh.kind == Strings && v.kind == jsonText:
		return sh.element(v.text)
	default:
		return Value{}, sh.badValue(v.literal())
	}
}

// readColumns reads one element of an Objects row; its members come out in
// the order of the columns.
func (sh *shape) readColumns(o Body) (Value, error) {
	given := make([]Value, len(sh.columns))
	for _, m := range o.members {
		if m.name == linksName {
			continue
		}
		i := slices.IndexFunc(sh.columns, func(c shape) bool { return c.name() == m.name })
		if i < 0 {
			return Value{}, unexpected(join(sh.path, m.name))
		}
		if m.value.kind == jsonNull { // as good as left out
			continue
		}
		v, err := sh.columns[i].read(m.value)
		if err != nil {
			return Value{}, err
		}
		given[i] = v
	}
	var members []Member
	for i := range sh.columns {
		column := &sh.columns[i]
		v := given[i]
		if v.IsZero() {
			v = column.initial
		}
		switch {
		case !v.IsZero():
			members = append(members, Member{Name: column.name(), Value: v})
		case column.use.Has(Required):
			return Value{}, missing(column.path)
		}
	}
	return Object(members...), nil
}

// array checks what concerns the elements together.
func (sh *shape) array(items []Value) (Value, error) {
	n := int64(len(items))
	if n < sh.min || sh.max != 0 && n > sh.max || n > maxElements {
		return Value{}, sh.badReason(fmt.Sprintf("%d elements", n),
			fmt.Sprintf("it takes %d to %d elements", max(sh.min, 1), cmp.Or(sh.max, maxElements)))
	}
	for i := range items {
		if j := slices.IndexFunc(items[:i], items[i].Equal); j >= 0 {
			return Value{}, sh.duplicate(items[i])
		}
	}
	return List(items...), nil
}

// scalar makes a checked Value of text that is not empty.
func (sh *shape) scalar(text string) (Value, error) {
	switch sh.kind {
	case Enum:
		if word, ok := sh.word(text); ok {
			return Text(word), nil
		}
	case Bool:
		if strings.EqualFold(text, "true") || strings.EqualFold(text, "false") {
			return Flag(len(text) == len("true")), nil
		}
	case Int:
		if n, ok := parseInt(text); ok && sh.inRange(n) {
			return Integer(n), nil
		}
	case Time:
		if v, ok := parseTime(text); ok {
			return v, nil
		}
	case Secret:
		if sh.fits(text) {
			return Hidden(secret.NewText(text)), nil
		}
	case UUID:
		if sh.fits(text) {
			return Text(strings.ToLower(text)), nil
		}
	default:
		if sh.kind == String && sh.fits(text) {
			return Text(text), nil
		}
	}
	return Value{}, sh.badValue(text)
}

// element makes a checked Value of one text of a Strings row.
func (sh *shape) element(text string) (Value, error) {
	if text == "" || len(text) > maxText {
		return Value{}, sh.badValue(text)
	}
	if len(sh.words) == 0 {
		return Text(text), nil
	}
	word, ok := sh.word(text)
	if !ok {
		return Value{}, sh.badValue(text)
	}
	return Text(word), nil
}

func (sh *shape) inRange(n int64) bool {
	return sh.min == 0 && sh.max == 0 || n >= sh.min && (n <= sh.max || sh.max == 0)
}

func (sh *shape) fits(text string) bool {
	n := int64(len(text))
	return n >= sh.min && n <= sh.textLimit()
}
