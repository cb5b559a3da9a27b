package seal

import (
	"slices"

	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/store"
)

// A Vault is a table whose records hold sealed secrets, with the way to them.
type Vault struct {
	table string
	// open returns a copy of a record and its secrets, which may be changed.
	open func(value any) (record any, slots []secret.Slot)
}

// VaultOf declares that a table's records hold secrets.
func VaultOf[T any, P interface {
	*T
	Secrets() []secret.Slot
}](t *store.Table[T]) Vault {
	return Vault{t.Name, func(value any) (any, []secret.Slot) {
		record := new(*value.(*T))
		return record, P(record).Secrets()
	}}
}

// TableName returns the name of the table.
func (v Vault) TableName() string { return v.table }

// Keys returns the keys that sealed the secrets of a record, each once. Secrets
// that tell no key are left out: they do not open with any.
func (v Vault) Keys(value any) []KeyID {
	var ids []KeyID
	_, slots := v.open(value)
	for _, slot := range slots {
		if id, err := keyOf(slot.Secret.Cipher()); err == nil && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// count returns how many records each key sealed.
func count(snap store.Snapshot, vaults []Vault) map[KeyID]int {
	records := map[KeyID]int{}
	for _, v := range vaults {
		for row := range snap.Rows(v.table, "") {
			for _, id := range v.Keys(row.Value) {
				records[id]++
			}
		}
	}
	return records
}
