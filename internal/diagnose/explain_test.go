package diagnose_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/diagnose"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/svm"
)

// asks explains a login given like a query string, "a=b&c=d".
func (w *world) asks(t *testing.T, caller svm.Caller, query string) (string, error) {
	t.Helper()
	var params []record.Param
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		params = append(params, record.Param{Name: name, Value: value})
	}
	in, err := diagnose.QuestionSchema().ReadFlags(params, record.Modify)
	if err != nil {
		return "", err
	}
	x, err := w.explain.Explain(t.Context(), caller, nil, in)
	if err != nil {
		return "", err
	}
	schema := diagnose.ExplanationSchema()
	sel, err := schema.ParseSelection("*,!owner,!profile.uuid,!summary", false)
	if err != nil {
		t.Fatal(err)
	}
	return schema.Project(x, sel).String() + "\n" + summary(schema, x), nil
}

func summary(schema *record.Schema[diagnose.Explanation], x *diagnose.Explanation) string {
	f, _ := schema.Field("summary")
	return f.Get(x).Str()
}

func TestExplain(t *testing.T) {
	w := newWorld(t)
	ssh := `"applications":[{"application":"ssh","authentication_methods":["publickey"]}]`
	give(t, w.accounts.Schema(), w.accounts.Create, w.admin, `{"name":"alice","groups":["Storage-Admins"],`+ssh+`}`)
	give(t, w.accounts.Schema(), w.accounts.Create, w.admin, `{"name":"breakglass","groups":["storage-admins"],`+ssh+`}`)
	give(t, w.accounts.Schema(), w.accounts.Create, w.admin, `{"name":"bob",`+ssh+`}`)
	within := svm.Caller{Name: "vsadmin", Scope: svm.Within(w.svm2.UUID)}

	check := func(name string, caller svm.Caller, query, want string) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			got, err := w.asks(t, caller, query)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.TrimSpace(want), got); diff != "" {
				t.Errorf("explanation (-want +got):\n%s", diff)
			}
		})
	}
	check("nothing is set up", w.admin, "username=alice", `
{username=alice is_known=true groups=Storage-Admins is_asked=false rule=no_profile}
alice is not asked: neither lab-a nor the cluster has a profile.`)

	w.profile(t, `"auto_push":false,"max_prompts":3,"fail_mode":"secure",`)
	w.profile(t, `"owner.name":"svm1","is_enabled":false,`)
	check("everybody is asked; one try for a key alone", w.admin, "username=alice", `
{username=alice is_known=true groups=Storage-Admins is_asked=true rule=everybody profile={name=lab-a} method=menu max_prompts=1 fail_mode=secure without_duo=deny}
alice is asked: the profile of lab-a governs, and no group limits it. A menu offers the ways to prove who it is; tries: 1. If Duo cannot be reached, the login is refused (fail_mode secure).`)
	check("a user nobody knows", w.admin, "username=mallory&owner.name=svm2", `
{username=mallory is_known=false is_asked=true rule=everybody profile={name=lab-a} method=menu max_prompts=3 fail_mode=secure without_duo=deny}
mallory is asked: the profile of lab-a governs, and no group limits it. svm2 has no account mallory; no groups were given. A menu offers the ways to prove who it is; tries: 3. If Duo cannot be reached, the login is refused (fail_mode secure).`)
	check("a profile that is switched off", w.admin, "username=x&owner.uuid="+w.svm1.UUID, `
{username=x is_known=false is_asked=false rule=disabled profile={name=svm1}}
x is not asked: the profile of svm1 is switched off. svm1 has no account x; no groups were given.`)

	w.group(t, `{"name":"storage-admins","excluded_users":["breakglass"]}`)
	check("a member", w.admin, "username=alice", `
{username=alice is_known=true groups=Storage-Admins is_asked=true rule=member group=storage-admins profile={name=lab-a} method=menu max_prompts=1 fail_mode=secure without_duo=deny}
alice is asked: the profile of lab-a governs, and the user is in its group storage-admins. A menu offers the ways to prove who it is; tries: 1. If Duo cannot be reached, the login is refused (fail_mode secure).`)
	check("an excluded user", w.admin, "username=breakglass", `
{username=breakglass is_known=true groups=storage-admins is_asked=false rule=excluded group=storage-admins profile={name=lab-a}}
breakglass is not asked: the profile of lab-a governs, and its group storage-admins excludes the user.`)
	check("no member; groups given for a known user do not count", w.admin, "username=bob&groups=storage-admins", `
{username=bob is_known=true is_asked=false rule=not_member profile={name=lab-a}}
bob is not asked: the profile of lab-a governs, and the user is in none of its groups.`)
	check("groups given for a user nobody knows", w.admin, "username=eve&groups=staff,storage-admins", `
{username=eve is_known=false groups=staff,storage-admins is_asked=true rule=member group=storage-admins profile={name=lab-a} method=menu max_prompts=3 fail_mode=secure without_duo=deny}
eve is asked: the profile of lab-a governs, and the user is in its group storage-admins. lab-a has no account eve; the groups given were taken. A menu offers the ways to prove who it is; tries: 3. If Duo cannot be reached, the login is refused (fail_mode secure).`)
	check("the cluster's profile as an SVM sees it", within, "username=eve&groups=storage-admins", `
{username=eve is_known=false groups=storage-admins is_asked=true rule=member profile={name=lab-a}}
eve is asked: the profile of lab-a governs, and the user is in its group. svm2 has no account eve; the groups given were taken.`)

	for _, tt := range []struct {
		name, query string
		caller      svm.Caller
		want        fault.Code
	}{
		{"an SVM out of scope", "username=x&owner.name=svm1", within, fault.NoSuchOwner},
		{"an SVM that is not there", "username=x&owner.name=svm9", w.admin, fault.NoSuchOwner},
		{"no user", "owner.name=svm1", w.admin, fault.MissingField},
		{"a user with control characters", "username=a\x1b[2J", w.admin, fault.BadReason},
		{"a parameter that is not there", "username=x&secret_key=1", w.admin, fault.UnknownField},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := w.asks(t, tt.caller, tt.query); !fault.Is(err, tt.want) {
				t.Errorf("got %s, %v; want %s", got, err, tt.want)
			}
		})
	}
	if len(w.sim.Journal()) > 0 {
		t.Error("Duo was asked")
	}
}
