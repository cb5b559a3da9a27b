package record

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// reserved are the parameters of ParseQuery, which no field may be called.
var reserved = []string{
	"fields", "ignore_unknown_fields", "order_by", "max_records", "offset", "start",
	"query", "query_fields", "return_records", linksName,
}

// checkDeclaration finds what is wrong with a row taken by itself.
func checkDeclaration[T any](f *Field[T]) error {
	switch {
	case f.Path == "" || strings.Trim(f.Path, "abcdefghijklmnopqrstuvwxyz0123456789_.") != "":
		return errors.New("a path is made of lower-case letters, digits, underscores and dots")
	case slices.Contains(reserved, strings.SplitN(f.Path, ".", 2)[0]):
		return errors.New("the name is that of a query parameter")
	case f.Get == nil:
		return errors.New("no Get")
	case f.Set == nil && !f.Use.Has(ReadOnly):
		return errors.New("no Set, and not ReadOnly")
	case f.Use.Has(Key) && !slices.Contains([]Kind{String, UUID, Enum, Int}, f.Kind):
		return errors.New("a key is a String, UUID, Enum or Int")
	case f.Use.Has(Required) && (f.Use.Has(Clearable) || f.Use.Has(ReadOnly)):
		return errors.New("is Required, and Clearable or ReadOnly too")
	case (f.Kind == Objects) != (len(f.Elem) > 0):
		return errors.New("columns belong to Objects, and Objects need them")
	case f.Max != 0 && f.Min > f.Max:
		return errors.New("has a Min above its Max")
	}
	for value := range f.Words {
		if f.Kind != String && (f.Kind != Enum || !slices.Contains(f.Enum, value)) {
			return fmt.Errorf("the command line has a word for %q, which is no value of the field", value)
		}
	}
	for i, c := range f.Elem {
		if c.Kind == Objects || c.Kind == Secret {
			return fmt.Errorf("column %q: only scalars and Strings nest", c.Name)
		}
		if slices.ContainsFunc(f.Elem[:i], func(other Column) bool { return other.Name == c.Name }) {
			return fmt.Errorf("column %q is declared twice", c.Name)
		}
		if err := checkKind(c.Kind, c.Enum, c.Default); err != nil {
			return fmt.Errorf("column %q: %w", c.Name, err)
		}
	}
	return checkKind(f.Kind, f.Enum, f.Default)
}

func checkKind(kind Kind, words []string, def Value) error {
	switch {
	case kind.String() == "":
		return errors.New("no Kind")
	case kind == Enum && len(words) == 0:
		return errors.New("an Enum without words")
	case kind != Enum && kind != Strings && len(words) > 0:
		return errors.New("words belong to Enum and Strings")
	case !def.IsZero() && def.kind != valueKinds[kind]:
		return errors.New("the Default is of another kind")
	case kind == Enum && !def.IsZero() && !slices.Contains(words, def.text):
		return errors.New("the Default is none of the words")
	}
	return nil
}

// valueKinds tells which values a field of a kind holds.
var valueKinds = map[Kind]valueKind{
	String: textValue, Enum: textValue, Bool: boolValue, Int: intValue, Time: timeValue,
	Strings: listValue, Objects: listValue, Secret: secretValue, UUID: textValue,
}
