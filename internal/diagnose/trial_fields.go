package diagnose

import (
	"strings"

	"github.com/duoplane/duoplane/internal/duo"
	"github.com/duoplane/duoplane/internal/duoapi"
	"github.com/duoplane/duoplane/internal/record"
)

// TrialSchema returns the declaration of what Test is asked: a user name, and
// whatever of a profile can be changed.
func TrialSchema() *record.Schema[Trial] {
	fields := []record.Field[Trial]{{
		Path: "username", Kind: record.String, Use: record.Clearable, Max: 256,
		Doc: "A user to ask Duo about. Neither the user nor their telephone is asked.", Example: "alice",
		Get: func(t *Trial) record.Value { return record.Text(t.User) },
		Set: func(t *Trial, v record.Value) { t.User = v.Str() },
	}}
	profile := duo.ProfileSchema()
	for i := range profile.Fields() {
		f := &profile.Fields()[i]
		if !f.Use.Has(record.ReadOnly) && !f.Use.Has(record.CreateOnly) {
			fields = append(fields, ofTrial(f))
		}
	}
	return record.NewSchema("duo_profile_test", fields...)
}

// ofTrial makes a row of a profile's one of a Trial's.
func ofTrial(f *record.Field[duo.Profile]) record.Field[Trial] {
	return record.Field[Trial]{
		Path: f.Path, Flag: f.Flag, Aliases: f.Aliases, Kind: f.Kind, Use: f.Use &^ record.Required,
		Enum: f.Enum, Min: f.Min, Max: f.Max, Doc: f.Doc, Label: f.Label, Example: f.Example, Check: f.Check,
		Get: func(t *Trial) record.Value { return f.Get(&t.Profile) },
		Set: func(t *Trial, v record.Value) { f.Set(&t.Profile, v) },
	}
}

// ReportSchema returns the declaration of what Test answers.
func ReportSchema() *record.Schema[Report] {
	return record.NewSchema("duo_profile_report", reportFields...)
}

var reportFields = []record.Field[Report]{
	{
		Path: "owner.uuid", Kind: record.UUID, Use: record.ReadOnly, Doc: "UUID of the profile's owner.", Example: "a4d2c8be-3b70-11f0-9d44-d039ea4b1c20",
		Get: func(r *Report) record.Value { return record.Text(r.Owner.UUID) },
	},
	{
		Path: "owner.name", Kind: record.String, Use: record.ReadOnly, Doc: "Name of the profile's owner.", Example: "svm1",
		Get: func(r *Report) record.Value { return record.Text(r.Owner.Name) },
	},
	{
		Path: "is_saved", Kind: record.Bool, Use: record.ReadOnly, Doc: "Whether the profile was tested as it is stored, without a change.",
		Get: func(r *Report) record.Value { return record.Flag(r.Saved) },
	},
	{
		Path: "passed", Kind: record.Bool, Use: record.ReadOnly, Doc: "Whether no step failed.",
		Get: func(r *Report) record.Value { return record.Flag(r.Passed()) },
	},
	{
		Path: "steps", Kind: record.Objects, Use: record.ReadOnly | record.Unsorted, Elem: stepColumns, Doc: "The steps in the order they happen.",
		Get: func(r *Report) record.Value {
			items := make([]record.Value, len(r.Steps))
			for i := range r.Steps {
				items[i] = r.Steps[i].show()
			}
			return record.List(items...)
		},
	},
}

var stepColumns = []record.Column{
	{
		Name: "step", Kind: record.Enum, Doc: "What was tried.", Example: string(duoapi.StepTLS), Enum: []string{
			string(stepSettings), string(duoapi.StepLookup), string(duoapi.StepConnect), string(duoapi.StepProxy), string(duoapi.StepTLS),
			string(duoapi.StepClock), string(duoapi.StepKeys), string(stepPreauth),
		},
	},
	{
		Name: "outcome", Kind: record.Enum, Doc: "How it ended.", Example: string(duoapi.StepDone),
		Enum: []string{string(duoapi.StepDone), string(duoapi.StepFailed), string(duoapi.StepSkipped)},
	},
	{Name: "duration_ms", Kind: record.Int, Doc: "How long it took, in milliseconds.", Example: "12"},
	{Name: "note", Kind: record.String, Doc: "What was found.", Example: "TLS 1.3, certificate valid until 2027-01-31"},
	{Name: "kind", Kind: record.String, Doc: "Word for what failed.", Example: "tls_name"},
	{Name: "reason", Kind: record.String, Doc: "What failed.", Example: "API host's certificate is for another name"},
	{Name: "advice", Kind: record.String, Doc: "What to do about it.", Example: "Check the spelling of the API host."},
}

func (s *Step) show() record.Value {
	members := []record.Member{
		{Name: "step", Value: record.Text(string(s.Step))},
		{Name: "outcome", Value: record.Text(string(s.Outcome))},
		{Name: "duration_ms", Value: record.Integer(s.Took.Milliseconds())},
	}
	text := func(name, value string) {
		if value != "" {
			members = append(members, record.Member{Name: name, Value: record.Text(value)})
		}
	}
	text("note", s.Note)
	if e := s.Err; e != nil {
		reason := []string{e.Reason()}
		for _, more := range []string{e.Message, e.MessageDetail, e.Detail} {
			if more != "" {
				reason = append(reason, more)
			}
		}
		text("kind", string(e.Kind))
		text("reason", strings.Join(reason, ": "))
		text("advice", e.Kind.Advice())
	}
	return record.Object(members...)
}
