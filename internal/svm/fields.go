package svm

import (
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
)

// Bounds of what an SVM takes. That of the name is ONTAP's.
const (
	maxName       = 47
	maxComment    = 1024
	maxWord       = 64
	maxAggregates = 64
)

// Schema returns the declaration of an SVM.
func Schema() *record.Schema[SVM] {
	return record.NewSchema("svm", append(append(ownFields, compatFields...), protocolFields()...)...)
}

// ownFields are the rows that mean something here.
var ownFields = []record.Field[SVM]{
	{
		Path: "uuid", Flag: "uuid", Kind: record.UUID, Use: record.Key | record.ReadOnly, Lookup: lookupUUID,
		Doc: "UUID of the SVM; it never changes.", Label: "Vserver UUID", Example: "a4d2c8be-3b70-11f0-9d44-d039ea4b1c20",
		Get: func(s *SVM) record.Value { return record.Text(s.UUID) },
	},
	{
		Path: "name", Flag: "vserver", Kind: record.String, Use: record.Required | record.Shown, Lookup: lookupName,
		Doc:   "Name of the SVM: 1 to 47 letters, digits, \".\", \"-\" and \"_\", beginning with a letter or \"_\"; unique among the SVMs and the cluster.",
		Label: "Vserver", Example: "svm1",
		Get:   func(s *SVM) record.Value { return record.Text(s.Name) },
		Set:   func(s *SVM, v record.Value) { s.Name = v.Str() },
		Check: func(v record.Value) error { return CheckName(v.Str()) },
	},
	{
		Path: "comment", Flag: "comment", Kind: record.String, Use: record.Clearable, Max: maxComment,
		Doc: "Free text.", Label: "Comment", Example: "engineering",
		// Shown though empty: na_ontap_svm sets a comment only where it reads one.
		Get:   func(s *SVM) record.Value { return record.Present(s.Comment) },
		Set:   func(s *SVM, v record.Value) { s.Comment = v.Str() },
		Check: record.Plain,
	},
}

// CheckName tells whether an SVM or cluster may have the name: NameLength,
// NameCharacters.
func CheckName(name string) error {
	if name == "" || len(name) > maxName {
		return fault.New(fault.NameLength, "name", "The name has %d characters; 1 to %d are allowed.", len(name), maxName)
	}
	for i := range len(name) {
		c := name[i]
		first := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_'
		later := '0' <= c && c <= '9' || c == '.' || c == '-'
		if !first && (i == 0 || !later) {
			return fault.New(fault.NameCharacters, "name",
				"The name %q is not allowed; use letters, digits, \".\", \"-\" and \"_\", beginning with a letter or \"_\".", name)
		}
	}
	return nil
}
