package door

import (
	"github.com/duoplane/duoplane/internal/duo"
	"github.com/duoplane/duoplane/internal/enforce"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/secret"
)

// A Visit is a login for which a service asks a second factor.
type Visit struct {
	Login duo.Login
	// From is the client's address, Hostname the machine being entered,
	// Service and Command what the login is for.
	From, Hostname, Service, Command string
	// Interactive is whether the person can be asked.
	Interactive bool
}

// A Reply is what the person answers.
type Reply struct{ Answer secret.Text }

// Nothing is what a poll is given.
type Nothing struct{}

// A Turn tells how a transaction stands.
type Turn struct {
	ID    string
	State State
	// Texts are to be shown; each is told once.
	Texts []string
	// Prompt is the question while State is Asking.
	Prompt string
	// Decision is there once State is Done.
	Decision enforce.Decision
}

// VisitSchema returns the declaration of what Open takes.
func VisitSchema() *record.Schema[Visit] {
	login := duo.LoginFields(func(v *Visit) *duo.Login { return &v.Login })
	return record.NewSchema("authentication", append(login, visitFields...)...)
}

func line(path, doc, example string, of func(*Visit) *string) record.Field[Visit] {
	return record.Field[Visit]{
		Path: path, Kind: record.String, Use: record.Clearable, Max: 255, Doc: doc, Example: example,
		Get: func(v *Visit) record.Value { return record.Text(*of(v)) },
		Set: func(v *Visit, text record.Value) { *of(v) = text.Str() },
		Check: func(text record.Value) error {
			for _, r := range text.Str() {
				if r < ' ' || r == 0x7f || 0x80 <= r && r < 0xa0 {
					return fault.New(fault.BadReason, path, "The value of field %q holds a control character; give plain text.", path)
				}
			}
			return nil
		},
	}
}

var visitFields = []record.Field[Visit]{
	line("ipaddr", "Address the user comes from.", "192.0.2.10", func(v *Visit) *string { return &v.From }),
	line("hostname", "Name of the machine being entered.", "host1.example.org", func(v *Visit) *string { return &v.Hostname }),
	line("service", "Service that is used.", "sshd", func(v *Visit) *string { return &v.Service }),
	{
		Path: "command", Kind: record.String, Use: record.Clearable, Doc: "Command to be run.", Example: "volume show",
		Get: func(v *Visit) record.Value { return record.Text(v.Command) },
		Set: func(v *Visit, text record.Value) { v.Command = text.Str() },
	},
	{
		Path: "interactive", Kind: record.Bool, Default: record.Flag(true),
		Doc: "Whether the person can be shown texts and asked. If not, the automatic factor is tried, once.",
		Get: func(v *Visit) record.Value { return record.Flag(v.Interactive) },
		Set: func(v *Visit, given record.Value) { v.Interactive = given.Bool() },
	},
}

// ReplySchema returns the declaration of what Answer takes.
func ReplySchema() *record.Schema[Reply] {
	return record.NewSchema("authentication_answer", record.Field[Reply]{
		Path: "answer", Kind: record.Secret, Use: record.Clearable, Max: 1024,
		Doc: "What the person typed: the number of an option, or a passcode. Left out for an empty line.",
		Get: func(*Reply) record.Value { return record.Value{} },
		Set: func(r *Reply, v record.Value) { r.Answer = v.Secret() },
	})
}

// TurnSchema returns the declaration of what every call answers.
func TurnSchema() *record.Schema[Turn] { return record.NewSchema("authentication_turn", turnFields...) }

var turnFields = []record.Field[Turn]{
	{
		Path: "uuid", Kind: record.UUID, Use: record.ReadOnly,
		Doc: "Identity of the transaction, for the account that opened it alone.", Example: "5d0cf2ae-3b70-41f0-9d44-d039ea4b1c20",
		Get: func(t *Turn) record.Value { return record.Text(t.ID) },
	},
	{
		Path: "state", Kind: record.Enum, Use: record.ReadOnly, Enum: []string{string(Running), string(Asking), string(Done)},
		Doc: "Whether Duo is at work, the person is asked, or all is decided.", Example: string(Asking),
		Get: func(t *Turn) record.Value { return record.Text(string(t.State)) },
	},
	{
		Path: "texts", Kind: record.Strings, Use: record.ReadOnly | record.Unsorted,
		Doc: "Texts to show to the person, in order, each told once.", Example: "Pushed a login request to your phone...",
		Get: func(t *Turn) record.Value { return record.Texts(t.Texts) },
	},
	{
		Path: "prompt", Kind: record.String, Use: record.ReadOnly,
		Doc: "What the person is asked while the state is \"asking\".", Example: "Passcode or option (1-3): ",
		Get: func(t *Turn) record.Value { return record.Text(t.Prompt) },
	},
	{
		Path: "decision.allow", Kind: record.Bool, Use: record.ReadOnly,
		Doc: "Whether to let the person in. There once the state is \"done\", and told once.",
		Get: func(t *Turn) record.Value {
			if t.State != Done {
				return record.Value{}
			}
			return record.Flag(t.Decision.Allow)
		},
	},
	{
		Path: "decision.reason", Kind: record.String, Use: record.ReadOnly, Doc: "Word for why.", Example: "approved",
		Get: func(t *Turn) record.Value { return record.Text(string(t.Decision.Reason)) },
	},
}
