package rest

import (
	"github.com/duoplane/duoplane/internal/diagnose"
	"github.com/duoplane/duoplane/internal/door"
	"github.com/duoplane/duoplane/internal/duo"
	"github.com/duoplane/duoplane/internal/logins"
	"github.com/duoplane/duoplane/internal/svm"
)

// pathOurs is above everything that ONTAP does not have.
const pathOurs = "/duoplane"

const authenticateDoc = "The second factor of a login that another service serves. POST opens a transaction; its answer, like that of every" +
	" later call, comes as soon as there is news, at the latest after 25 seconds. While the state is \"running\", GET the transaction again." +
	" While it is \"asking\", show the prompt and POST the person's answer; go on with GET meanwhile, since a transaction that nobody polls" +
	" for 30 seconds is ended as a refusal. Once it is \"done\", the decision is there, and the transaction is gone." +
	" For accounts with the role \"admin\", or \"login\", which may do nothing else."

func (s *Services) ours() []Mounted {
	return []Mounted{
		Resource[logins.Login]{
			Path: pathOurs + "/logins", Schema: s.Logins.Schema(), Reader: s.Logins,
			Operations: Operations{List: "login_collection_get", Read: "login_get"},
			Links:      ownerLink(func(l *logins.Login) svm.Owner { return l.Owner }),
			Tag:        "Duoplane", Title: "logins",
			Doc: "What became of the latest 10,000 logins on this server. The audit log has them all.",
		},
		Endpoint{
			Path: pathOurs + "/explain", Name: "explain", Tag: "Duoplane", Title: "explanations",
			Doc: "What would happen to a login, by whose profile and which rule. Neither Duo nor the user is asked.",
			Get: Action[duo.Login, diagnose.Explanation]{
				Operation: "login_explain", Summary: "Explain a login",
				Input: diagnose.QuestionSchema(), Output: diagnose.ExplanationSchema(), Do: s.Explainer.Explain,
			},
		},
		Endpoint{
			Path: pathOurs + "/profiles/{owner.uuid}/test", Keys: []string{"UUID of the cluster or SVM the profile belongs to."},
			Name: "profile_test", Tag: "Duoplane", Title: "profile tests",
			Doc: "Whether a Duo profile works, step by step: name lookup, connection, proxy, TLS, clock, keys, and with a user name what Duo would do about" +
				" the user. Fields of a change may be given to be tried before they are saved; nothing is stored. For an owner without a profile" +
				" they are those of a new one. That a step failed is no failure of the call.",
			Post: Action[diagnose.Trial, diagnose.Report]{
				Operation: "duo_test", Summary: "Test a Duo profile",
				Input: diagnose.TrialSchema(), Output: diagnose.ReportSchema(), Do: s.Tester.Test,
			},
		},
		Endpoint{
			Path: pathOurs + "/authenticate", Name: "authenticate", Tag: "Duoplane", Title: "second factors", Doc: authenticateDoc,
			Post: Action[door.Visit, door.Turn]{
				Operation: "authentication_open", Summary: "Ask for a second factor",
				Input: door.VisitSchema(), Output: door.TurnSchema(), Do: s.Door.Open, Outdated: s.Door.Outdated, Hold: door.Hold,
			},
		},
		Endpoint{
			Path: pathOurs + "/authenticate/{uuid}", Keys: []string{"Identity of the transaction."},
			Name: "authentication", Tag: "Duoplane", Title: "second factors under way", Doc: authenticateDoc,
			Get: Action[door.Nothing, door.Turn]{
				Operation: "authentication_poll", Summary: "Wait for news of a second factor",
				Output: door.TurnSchema(), Do: s.Door.Poll, Hold: door.Hold,
			},
			Post: Action[door.Reply, door.Turn]{
				Operation: "authentication_answer", Summary: "Answer for the person who is asked",
				Input: door.ReplySchema(), Output: door.TurnSchema(), Do: s.Door.Answer, Hold: door.Hold,
			},
		},
	}
}
