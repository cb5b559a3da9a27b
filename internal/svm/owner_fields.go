package svm

import "github.com/duoplane/duoplane/internal/record"

// OwnerFields returns the two rows by which every owned record names its
// owner: owner.uuid, part of the record's key, and owner.name beside it.
// What is "the profile", "the group", for the reference; of finds the Owner
// inside a record.
func OwnerFields[T any](what string, of func(*T) *Owner) []record.Field[T] {
	return []record.Field[T]{
		{
			Path: "owner.uuid", Kind: record.UUID, Use: record.Key | record.CreateOnly, Lookup: lookupUUID,
			Doc: "UUID of the cluster or SVM " + what + " belongs to." +
				" Where neither it nor the name is given on create, that is the cluster.",
			Example: "a4d2c8be-3b70-11f0-9d44-d039ea4b1c20",
			Get:     func(t *T) record.Value { return record.Text(of(t).UUID) },
			Set:     func(t *T, v record.Value) { of(t).UUID = v.Str() },
		},
		{
			Path: "owner.name", Flag: "vserver", Kind: record.String, Use: record.Shown | record.CreateOnly, Lookup: lookupName,
			Doc: "Name of the cluster or SVM " + what + " belongs to.", Label: "Vserver", Example: "svm1",
			Get: func(t *T) record.Value { return record.Text(of(t).Name) },
			Set: func(t *T, v record.Value) { of(t).Name = v.Str() },
		},
	}
}
