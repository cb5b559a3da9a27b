package main

import (
	"reflect"
	"slices"
	"testing"

	"github.com/duoplane/duoplane/internal/seal"
	"github.com/duoplane/duoplane/internal/secret"
)

// TestEveryTableWithSecretsIsRotated looks into the types of all tables: a
// secret that a rotation does not know of would be lost with its key.
func TestEveryTableWithSecretsIsRotated(t *testing.T) {
	var rotated []string
	for _, v := range vaults() {
		rotated = append(rotated, v.TableName())
	}
	rotated = append(rotated, seal.Witnesses.Name) // a rotation begins with it
	found := 0
	for _, table := range tables() {
		value, err := table.Decode([]byte(`{"v":1,"d":{}}`))
		if err != nil {
			t.Fatal(err)
		}
		if holdsSecrets(reflect.TypeOf(value).Elem(), map[reflect.Type]bool{}) {
			found++
			if !slices.Contains(rotated, table.TableName()) {
				t.Errorf("the secrets in table %s are not sealed anew by a rotation", table.TableName())
			}
		}
	}
	if found != len(rotated) {
		t.Errorf("%d tables hold secrets, %d are rotated", found, len(rotated))
	}
}

func holdsSecrets(in reflect.Type, seen map[reflect.Type]bool) bool {
	if seen[in] {
		return false
	}
	seen[in] = true
	switch in.Kind() {
	case reflect.Struct:
		if in == reflect.TypeFor[secret.Sealed]() {
			return true
		}
		for field := range in.Fields() {
			if holdsSecrets(field.Type, seen) {
				return true
			}
		}
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return holdsSecrets(in.Elem(), seen)
	default:
	}
	return false
}
