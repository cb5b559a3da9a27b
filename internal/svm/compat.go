package svm

import (
	"maps"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
)

// compatFields are what ONTAP's clients, Ansible's na_ontap_svm above all,
// read and send with every SVM and what means nothing without storage behind
// it. State and subtype say what an SVM does, so only what is true here is
// taken. The others are kept as given and given back, so that a playbook that
// sets them finds them set when it runs again.
var compatFields = []record.Field[SVM]{
	{
		Path: "state", Kind: record.Enum, Enum: []string{stateRunning, "stopped"},
		Doc:   "Always \"running\", for clients that ask; an SVM cannot be stopped here.",
		Get:   func(*SVM) record.Value { return record.Text(stateRunning) },
		Set:   func(*SVM, record.Value) {},
		Check: onlyTrue(stateRunning, "An SVM cannot be stopped here: it holds no data, only configuration and accounts."),
	},
	{
		Path: "subtype", Kind: record.Enum, Use: record.CreateOnly,
		Enum:  []string{subtypeDefault, "dp_destination", "sync_destination", "sync_source"},
		Doc:   "Always \"default\", for clients that ask.",
		Get:   func(*SVM) record.Value { return record.Text(subtypeDefault) },
		Set:   func(*SVM, record.Value) {},
		Check: onlyTrue(subtypeDefault, "There is no replication here, so the subtype can only be \"default\"."),
	},
	kept("language", "c.utf_8", 0, func(s *SVM) *string { return &s.Language }),
	kept("ipspace.name", "Default", record.CreateOnly, func(s *SVM) *string { return &s.IPspace }),
	kept("snapshot_policy.name", "default", 0, func(s *SVM) *string { return &s.SnapshotPolicy }),
	kept("max_volumes", "unlimited", 0, func(s *SVM) *string { return &s.MaxVolumes }),
	{
		Path: "aggregates", Kind: record.Objects, Use: record.Clearable | record.Unsorted, Max: maxAggregates,
		Elem: []record.Column{{Name: "name", Kind: record.String, Required: true, Doc: "Name of an aggregate.", Example: "aggr1"}},
		Doc:  "Kept as given, without effect.",
		Get:  aggregates,
		Set: func(s *SVM, v record.Value) {
			s.Aggregates = nil
			for _, item := range v.Items() {
				s.Aggregates = append(s.Aggregates, item.Member("name").Str())
			}
		},
	},
}

const (
	stateRunning   = "running"
	subtypeDefault = "default"
)

// protocols are those whose "allowed" and "enabled" clients set.
var protocols = []string{"nfs", "cifs", "iscsi", "fcp", "nvme", "ndmp"}

// kept declares a text that is kept as given and has no effect.
func kept(path, fallback string, use record.Use, of func(*SVM) *string) record.Field[SVM] {
	return record.Field[SVM]{
		Path: path, Kind: record.String, Use: use, Max: maxWord, Default: record.Text(fallback),
		Doc:     "Kept as given, without effect.",
		Example: fallback,
		Get:     func(s *SVM) record.Value { return record.Text(*of(s)) },
		Set:     func(s *SVM, v record.Value) { *of(s) = v.Str() },
		Check:   record.Plain,
	}
}

func onlyTrue(word, why string) func(record.Value) error {
	return func(v record.Value) error {
		if v.Str() == word {
			return nil
		}
		return fault.New(fault.BadReason, "", "%s", why)
	}
}

// aggregates is present even when empty: clients read it without asking
// whether it is there.
func aggregates(s *SVM) record.Value {
	if len(s.Aggregates) == 0 {
		return noAggregates
	}
	items := make([]record.Value, len(s.Aggregates))
	for i, name := range s.Aggregates {
		items[i] = record.Object(record.Member{Name: "name", Value: record.Text(name)})
	}
	return record.List(items...)
}

var noAggregates = record.List()

// protocolFields declares two rows for every protocol.
func protocolFields() []record.Field[SVM] {
	var rows []record.Field[SVM]
	for _, name := range protocols {
		rows = append(rows,
			protocolField(name, "allowed", func(p *Protocol) **bool { return &p.Allowed }),
			protocolField(name, "enabled", func(p *Protocol) **bool { return &p.Enabled }))
	}
	return rows
}

func protocolField(name, member string, of func(*Protocol) **bool) record.Field[SVM] {
	return record.Field[SVM]{
		Path: name + "." + member, Kind: record.Bool, Use: record.Clearable,
		Doc: "Kept as given, without effect; absent until then.",
		Get: func(s *SVM) record.Value {
			p := s.Protocols[name]
			if b := *of(&p); b != nil {
				return record.Flag(*b)
			}
			return record.Value{}
		},
		Set: func(s *SVM, v record.Value) {
			p := s.Protocols[name]
			if *of(&p) = nil; !v.IsZero() {
				*of(&p) = new(v.Bool())
			}
			// The map may be shared with the record as stored.
			next := maps.Clone(s.Protocols)
			if next == nil {
				next = make(map[string]Protocol)
			}
			next[name] = p
			s.Protocols = next
		},
	}
}
