// Package logins keeps what became of the latest logins: a bounded table in
// memory for those who watch and ask, beside the audit log, which keeps them
// all.
package logins

import (
	"time"

	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/svm"
)

// The decisions of a login.
const (
	Allow = "allow"
	Deny  = "deny"
)

// A Login is one decision about a second factor.
type Login struct {
	// ID is a UUID of version 7: in order of ID is in order of time.
	ID   string
	Time time.Time
	// Owner is the cluster or the SVM the login was for, User the account's
	// name, From the client's address, Service what the login was for.
	Owner         svm.Owner
	User          string
	From, Service string
	// AskedBy is the account of the login service that asked, "" for this
	// program's own.
	AskedBy string
	// Decision is Allow or Deny, Reason the stable word for why.
	Decision, Reason string
	// FailOpen is set when the login was let in only because Duo could not be
	// asked.
	FailOpen bool
	// Profile is the owner of the profile that governed, Rule the word for the
	// rule that decided whether Duo was asked, Group the group that did.
	Profile     svm.Owner
	Rule, Group string
	// Factor is the last factor tried, Status and Message Duo's last word and
	// text for it.
	Factor, Status, Message string
	// Tries is how many second factors were tried.
	Tries        int
	Milliseconds int64
}

// Schema returns the declaration of a login.
func Schema() *record.Schema[Login] { return record.NewSchema("login", fields...) }

func text(path, flag, label, doc, example string, get func(*Login) string) record.Field[Login] {
	return record.Field[Login]{
		Path: path, Flag: flag, Kind: record.String, Use: record.ReadOnly, Label: label, Doc: doc, Example: example,
		Get: func(l *Login) record.Value { return record.Text(get(l)) },
	}
}

func ownerUUID(path, doc string, get func(*Login) string) record.Field[Login] {
	f := text(path, "", "", doc, "a4d2c8be-3b70-11f0-9d44-d039ea4b1c20", get)
	f.Kind = record.UUID
	return f
}

var fields = []record.Field[Login]{
	{
		Path: "id", Flag: "id", Kind: record.UUID, Use: record.Key | record.ReadOnly,
		Doc: "Identity of the decision; grows with time.", Label: "ID", Example: "019a1f6e-9d5e-7c5f-8a2b-3d1f0a9e4b11",
		Get: func(l *Login) record.Value { return record.Text(l.ID) },
	},
	{
		Path: "time", Flag: "time", Kind: record.Time, Use: record.Shown | record.ReadOnly,
		Doc: "When the login began.", Label: "Time", Example: "2026-11-21T20:27:46Z",
		Get: func(l *Login) record.Value { return record.Instant(l.Time) },
	},
	ownerUUID("owner.uuid", "UUID of the cluster or SVM the login was for.", func(l *Login) string { return l.Owner.UUID }),
	text("owner.name", "vserver", "Vserver", "Name of the cluster or SVM the login was for.", "svm1",
		func(l *Login) string { return l.Owner.Name }),
	text("user", "username", "User Name", "Name of the account.", "alice", func(l *Login) string { return l.User }),
	text("from", "from", "From", "Address of the client.", "192.0.2.10", func(l *Login) string { return l.From }),
	text("service", "service", "Service", "What the login was for.", "ssh", func(l *Login) string { return l.Service }),
	text("asked_by", "asked-by", "Asked By", "Account of the login service that asked, if it was another than this program.", "host1",
		func(l *Login) string { return l.AskedBy }),
	{
		Path: "decision", Flag: "decision", Kind: record.Enum, Use: record.ReadOnly, Enum: []string{Allow, Deny},
		Doc: "Whether the login was let in.", Label: "Decision", Example: Allow,
		Get: func(l *Login) record.Value { return record.Text(l.Decision) },
	},
	text("reason", "reason", "Reason", "Word for why: the rule that spared the user the question, what the person did, or what failed.",
		"approved", func(l *Login) string { return l.Reason }),
	{
		Path: "fail_open", Flag: "fail-open", Kind: record.Bool, Use: record.ReadOnly,
		Doc: "Whether the login was let in only because Duo could not be asked.", Label: "Failed Open",
		Get: func(l *Login) record.Value { return record.Flag(l.FailOpen) },
	},
	ownerUUID("profile.uuid", "UUID of the owner of the profile that governed.", func(l *Login) string { return l.Profile.UUID }),
	text("profile.name", "profile", "Profile", "Name of the owner of the profile that governed.", "svm1",
		func(l *Login) string { return l.Profile.Name }),
	text("rule", "rule", "Rule", "Word for the rule by which Duo was asked or not.", "member", func(l *Login) string { return l.Rule }),
	text("group", "group", "Group", "The Duo group that decided, where one did.", "storage-admins", func(l *Login) string { return l.Group }),
	text("factor", "factor", "Factor", "The last second factor tried.", "push", func(l *Login) string { return l.Factor }),
	text("status", "status", "Duo Status", "Duo's last word for it.", "allow", func(l *Login) string { return l.Status }),
	text("message", "message", "Duo Message", "Duo's last text for the user.", "Success. Logging you in...", func(l *Login) string { return l.Message }),
	{
		Path: "tries", Flag: "tries", Kind: record.Int, Use: record.ReadOnly,
		Doc: "How many second factors were tried.", Label: "Tries",
		Get: func(l *Login) record.Value { return record.Integer(int64(l.Tries)) },
	},
	{
		Path: "duration_ms", Flag: "duration", Kind: record.Int, Use: record.ReadOnly,
		Doc: "How long the decision took, in milliseconds.", Label: "Milliseconds",
		Get: func(l *Login) record.Value { return record.Integer(l.Milliseconds) },
	},
}
