package trail

import (
	"slices"

	"github.com/duoplane/duoplane/internal/record"
)

// Schema returns the declaration of a message as REST has it.
func Schema() *record.Schema[Message] { return record.NewSchema("audit_message", fields...) }

// LogSchema returns the declaration of a message as the command line has it,
// which can also show the line as a whole.
func LogSchema() *record.Schema[Message] {
	return record.NewSchema("audit_log", append(slices.Clip(fields),
		text("entry", "entry", "Log Message Entry", "The line in short.",
			"http :: 192.0.2.10 :: admin :: modify duo_profile svm1 max_prompts=2 :: success", (*Message).entry))...)
}

func text(path, flag, label, doc, example string, get func(*Message) string) record.Field[Message] {
	return record.Field[Message]{
		Path: path, Flag: flag, Kind: record.String, Use: record.ReadOnly | record.Shown, Label: label, Doc: doc, Example: example,
		Get: func(m *Message) record.Value { return record.Text(get(m)) },
	}
}

// detail is text for a field that lists show only when asked.
func detail(path, flag, label, doc, example string, get func(*Message) string) record.Field[Message] {
	f := text(path, flag, label, doc, example, get)
	f.Use &^= record.Shown
	return f
}

func word(path, flag, label, doc, example string, words []string, get func(*Message) string) record.Field[Message] {
	f := text(path, flag, label, doc, example, get)
	f.Kind, f.Enum = record.Enum, words
	return f
}

func uuid(f record.Field[Message]) record.Field[Message] {
	f.Kind = record.UUID
	return f
}

var fields = []record.Field[Message]{
	{
		Path: "timestamp", Flag: "timestamp", Kind: record.Time, Use: record.ReadOnly | record.Shown,
		Doc: "When the line was written; absent if it is damaged there.", Label: "Log Entry Timestamp", Example: "2026-11-21T20:27:46Z",
		Get: func(m *Message) record.Value { return record.Instant(m.Time) },
	},
	uuid(text("node.uuid", "", "", "UUID of the node.", "0c5b7b5e-6f43-5a39-9c5e-3a8f2d0a6b11",
		func(m *Message) string { return m.read.node.UUID })),
	text("node.name", "node", "Node", "Name of the node.", "cluster-1-01", func(m *Message) string { return m.read.node.Name }),
	{
		Path: "index", Kind: record.Int, Use: record.Key | record.ReadOnly,
		Doc: "Place of the line in the log; grows from line to line.", Example: "68719477248",
		Get: func(m *Message) record.Value { return record.Integer(int64(m.Place)) },
	},
	detail("session_id", "session-id", "Session ID", "Id of the request, under which the server's own log knows it too.", "019a1f6e9d5e7c5f",
		func(m *Message) string { return m.decoded().Request }),
	detail("command_id", "command-id", "Command ID", "Id of the line.", "019a1f6e-9d5e-7c5f-8a2b-3d1f0a9e4b11",
		func(m *Message) string { return m.decoded().ID }),
	text("application", "application", "Protocol", "The way the request came: \"http\", \"ssh\", \"internal\", or what another login service calls itself.",
		"http", (*Message).application),
	text("location", "location", "Remote User Location", "Address of the client.", "192.0.2.10", func(m *Message) string { return m.decoded().From }),
	uuid(text("svm.uuid", "", "", "UUID of the SVM that the line is about; absent for the cluster.", "a4d2c8be-3b70-11f0-9d44-d039ea4b1c20",
		func(m *Message) string { return m.SVM().UUID })),
	text("svm.name", "vserver", "Vserver Name", "Name of the SVM that the line is about; absent for the cluster, and once the SVM is gone.", "svm1",
		func(m *Message) string { return m.SVM().Name }),
	text("user", "username", "Username", "Name of the account, as it was given.", "admin", func(m *Message) string { return m.decoded().Who.Name }),
	text("input", "input", "Command Being Executed",
		"What was asked for: the event, the record, and the fields given; secrets appear by their fingerprint. At most 2048 bytes.",
		"modify duo_profile svm1 max_prompts=2", (*Message).input),
	word("state", "state", "State of Audit Request", "How it ended; \"pending\" is a change under way, or one whose end was never written.",
		success, []string{pending, success, failure}, (*Message).state),
	text("message", "message", "Additional Information", "More on how it ended: that it failed, was refused or is not known to have happened, and why.",
		"refused: unauthenticated", (*Message).message),
	word("scope", "", "", "Whether the line is about an SVM or about the cluster.", svmScope, []string{svmScope, clusterScope}, (*Message).scope),
}
