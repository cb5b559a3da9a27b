package rest

import (
	"context"
	"net/http"

	"github.com/duoplane/duoplane/internal/diagnose"
	"github.com/duoplane/duoplane/internal/duo"
	"github.com/duoplane/duoplane/internal/logins"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/svm"
)

// cliOurs lists what ONTAP's command line does not have.
func (s *Services) cliOurs() []Mounted {
	trial := diagnose.TrialSchema()
	return []Mounted{
		Directory[logins.Login]{
			Name: "security login duo history", Path: pathOurs + "/logins", Schema: s.Logins.Schema(), Reader: s.Logins,
			Keys: []string{"time", flagVserver, flagUsername},
		},
		Command[subject, diagnose.Report]{
			Name: "security login duo test", Method: http.MethodPost, Path: pathOurs + "/profiles",
			Input: record.NewSchema("duo_test", vserverField), Output: diagnose.ReportSchema(),
			Do: func(ctx context.Context, caller svm.Caller, in record.Input[subject]) (*diagnose.Report, error) {
				p, err := pick(ctx, caller, s.Profiles, func(p *duo.Profile, is func(svm.Owner) bool) bool { return is(p.Owner) }, in.Get("owner.name").Str())
				if err != nil {
					return nil, err
				}
				return s.Tester.Test(ctx, caller, []string{p.Owner.UUID}, trial.Nothing())
			},
		},
		Command[duo.Login, diagnose.Explanation]{
			Name: "security login duo explain", Method: http.MethodGet, Path: pathOurs + "/explain",
			Input: diagnose.QuestionSchema(), Output: diagnose.ExplanationSchema(),
			Do: func(ctx context.Context, caller svm.Caller, in record.Input[duo.Login]) (*diagnose.Explanation, error) {
				return s.Explainer.Explain(ctx, caller, nil, in)
			},
		},
	}
}
