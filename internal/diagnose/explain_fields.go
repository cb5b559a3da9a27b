package diagnose

import (
	"github.com/duoplane/duoplane/internal/duo"
	"github.com/duoplane/duoplane/internal/record"
)

// Words of an explanation.
const (
	methodPush = "push"
	methodMenu = "menu"
	wordAllow  = "allow"
	wordDeny   = "deny"
)

// QuestionSchema returns the declaration of what Explain is asked.
func QuestionSchema() *record.Schema[duo.Login] {
	return record.NewSchema("login_question", duo.LoginFields(func(l *duo.Login) *duo.Login { return l })...)
}

// ExplanationSchema returns the declaration of what Explain answers.
func ExplanationSchema() *record.Schema[Explanation] {
	return record.NewSchema("login_explanation", explanationFields...)
}

func told(path, doc, example string, get func(*Explanation) string) record.Field[Explanation] {
	return record.Field[Explanation]{
		Path: path, Kind: record.String, Use: record.ReadOnly, Doc: doc, Example: example,
		Get: func(x *Explanation) record.Value { return record.Text(get(x)) },
	}
}

func oneOf(path, doc string, words []string, get func(*Explanation) string) record.Field[Explanation] {
	f := told(path, doc, words[0], get)
	f.Kind, f.Enum = record.Enum, words
	return f
}

var explanationFields = []record.Field[Explanation]{
	told("owner.uuid", "UUID of the cluster or SVM the login is for.", "a4d2c8be-3b70-11f0-9d44-d039ea4b1c20",
		func(x *Explanation) string { return x.Login.Owner.UUID }),
	told("owner.name", "Name of the cluster or SVM the login is for.", "svm1", func(x *Explanation) string { return x.Login.Owner.Name }),
	told("username", "Name of the user.", "alice", func(x *Explanation) string { return x.Login.User }),
	{
		Path: "is_known", Kind: record.Bool, Use: record.ReadOnly, Doc: "Whether the owner has an account of that name.",
		Get: func(x *Explanation) record.Value { return record.Flag(x.Known) },
	},
	{
		Path: "groups", Kind: record.Strings, Use: record.ReadOnly | record.Unsorted, Doc: "The user's groups: the account's, else those given.",
		Example: "storage-admins",
		Get:     func(x *Explanation) record.Value { return record.Texts(x.Login.Groups) },
	},
	{
		Path: "is_asked", Kind: record.Bool, Use: record.ReadOnly, Doc: "Whether the user would be asked for a second factor.",
		Get: func(x *Explanation) record.Value { return record.Flag(x.Ruling.Asked) },
	},
	oneOf("rule", "Word for the rule that decides.", []string{
		string(duo.Everybody), string(duo.Member), string(duo.NotMember), string(duo.Excluded), string(duo.Disabled), string(duo.NoProfile),
	}, func(x *Explanation) string { return string(x.Ruling.Reason) }),
	told("group", "The Duo group that decides, where one does.", "storage-admins", (*Explanation).group),
	told("profile.uuid", "UUID of the owner of the profile that governs.", "a4d2c8be-3b70-11f0-9d44-d039ea4b1c20", func(x *Explanation) string {
		if x.Ruling.Profile == nil {
			return ""
		}
		return x.Ruling.Profile.Owner.UUID
	}),
	told("profile.name", "Name of the owner of the profile that governs.", "svm1", func(x *Explanation) string {
		if x.Ruling.Profile == nil {
			return ""
		}
		return x.Ruling.Profile.Owner.Name
	}),
	oneOf("method", "What the user meets first: a push, or else a call, or a menu.", []string{methodPush, methodMenu}, (*Explanation).method),
	{
		Path: "max_prompts", Kind: record.Int, Use: record.ReadOnly, Doc: "How many tries the user has; one for a user with a public key alone.", Example: "1",
		Get: func(x *Explanation) record.Value {
			if !x.shown() {
				return record.Value{}
			}
			return record.Integer(int64(x.Tries))
		},
	},
	oneOf("fail_mode", "The profile's fail_mode.", []string{string(duo.Safe), string(duo.Secure)}, func(x *Explanation) string {
		if !x.shown() {
			return ""
		}
		return string(x.Ruling.Profile.FailMode)
	}),
	oneOf("without_duo", "What would become of the login if Duo could not be reached.", []string{wordAllow, wordDeny}, (*Explanation).withoutDuo),
	told("summary", "All of it in a few sentences.",
		"bob is not asked: the profile of svm1 governs, and the user is in none of its groups.", (*Explanation).summary),
}
