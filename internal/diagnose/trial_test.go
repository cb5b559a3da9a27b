package diagnose_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/diagnose"
	"github.com/duoplane/duoplane/internal/duolink"
	"github.com/duoplane/duoplane/internal/duosim"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/svm"
)

// try tests a profile and says what came of it, one line a step.
func (w *world) try(t *testing.T, caller svm.Caller, owner, body string) (string, error) {
	t.Helper()
	in, err := diagnose.TrialSchema().ReadBody([]byte(body), record.Modify)
	if err != nil {
		return "", err
	}
	report, err := w.tester.Test(t.Context(), caller, []string{owner}, in)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s saved=%v passed=%v\n", report.Owner.Name, report.Saved, report.Passed())
	schema := diagnose.ReportSchema()
	f, _ := schema.Field("steps")
	for _, step := range f.Get(report).Items() {
		for _, m := range step.Members() {
			switch m.Name {
			case "duration_ms":
			case "step", "outcome", "kind":
				fmt.Fprintf(&b, "%s ", m.Value.Str())
			case "note":
				if n := m.Value.Str(); step.Member("step").Str() == "preauth" {
					fmt.Fprintf(&b, "(%s) ", n)
				}
			case "advice":
				b.WriteString("+advice")
			}
		}
		b.WriteString("\n")
	}
	if strings.Contains(schema.Project(report, schema.All()).String(), skey) {
		t.Error("the secret key is in the report")
	}
	return strings.ReplaceAll(b.String(), " \n", "\n"), nil
}

const connected = `settings done
lookup skipped
connect done
proxy skipped
tls done
clock done
`

func TestATestGoesStepByStep(t *testing.T) {
	w := newWorld(t)
	w.profile(t, `"owner.name":"svm1",`)
	const unreached = "proxy skipped\ntls skipped\nclock skipped\nkeys skipped\npreauth skipped\n"
	for _, tt := range []struct{ name, body, want string }{
		{"as it is stored", `{}`, "svm1 saved=true passed=true\n" + connected + "keys done\npreauth skipped (no user name was given)\n"},
		{"with a user", `{"username":"alice"}`, "svm1 saved=true passed=true\n" + connected + "keys done\npreauth done (Duo asks alice for a second factor; devices: 1: Account is active)\n"},
		{"with a user who needs no factor", `{"username":"bypass"}`, "svm1 saved=true passed=true\n" + connected + "keys done\npreauth done (Duo lets bypass in without a second factor"},
		{"with a user who is refused", `{"username":"disabled"}`, "svm1 saved=true passed=true\n" + connected + "keys done\npreauth done (Duo refuses disabled"},
		{"with a user who has to enrol", `{"username":"newcomer"}`, "svm1 saved=true passed=true\n" + connected + "keys done\npreauth done (newcomer has to enrol"},
		{"with another secret key", `{"secret_key":"wrong","username":"alice"}`, "svm1 saved=false passed=false\n" + connected + "keys failed signature +advice\npreauth skipped\n"},
		{"with another integration key", `{"integration_key":"DI000000000000000000"}`, "svm1 saved=false passed=false\n" + connected + "keys failed key +advice\npreauth skipped\n"},
		{"with a name nobody has", `{"api_host":"duo.invalid"}`, "svm1 saved=false passed=false\nsettings done\nlookup failed lookup +advice\nconnect skipped\n" + unreached},
		{"with a host where nobody listens", `{"api_host":"127.0.0.1:1"}`, "svm1 saved=false passed=false\nsettings done\nlookup skipped\nconnect failed connect +advice\n" + unreached},
		{"through a proxy that is not there", `{"http_proxy":"127.0.0.1:1"}`, "svm1 saved=false passed=false\nsettings done\nlookup skipped\nconnect failed proxy +advice\n" + unreached},
		{"under a name the certificate lacks", `{"api_host":"` + strings.Replace(w.apiHost, "127.0.0.1", "localhost", 1) + `"}`, "svm1 saved=false passed=false\nsettings done\nlookup done\nconnect done\nproxy skipped\ntls failed tls_name +advice\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := w.try(t, w.admin, w.svm1.UUID, tt.body)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(got, tt.want) {
				t.Errorf("report (-want +got):\n%s", cmp.Diff(tt.want, got))
			}
		})
	}
	for _, e := range w.sim.Journal() {
		if e.Path == "/auth/v2/auth" {
			t.Error("a user was asked")
		}
	}
}

func TestATestOfTheStoredProfileIsItsStatus(t *testing.T) {
	w := newWorld(t)
	w.profile(t, `"owner.name":"svm1",`)
	status := func() string {
		p, err := w.profiles.Find(t.Context(), w.admin, []string{w.svm1.UUID})
		if err != nil {
			t.Fatal(err)
		}
		return w.links.Status(t.Context(), p)
	}
	id, err := w.sim.AddFault(duosim.Fault{Do: duosim.DoHTTP, Step: "check", Status: 503})
	if err != nil {
		t.Fatal(err)
	}
	if got := status(); got == duolink.Ok {
		t.Fatal("a faulty service is Ok")
	}
	if err := w.sim.RemoveFault(id); err != nil {
		t.Fatal(err)
	}
	if _, err := w.try(t, w.admin, w.svm1.UUID, `{"api_host":"127.0.0.1:1"}`); err != nil {
		t.Fatal(err)
	}
	if got := status(); got == duolink.Ok {
		t.Error("a test of other settings counts as one of the stored ones")
	}
	if _, err := w.try(t, w.admin, w.svm1.UUID, ``+`{}`); err != nil {
		t.Fatal(err)
	}
	if got := status(); got != duolink.Ok {
		t.Errorf("after a test that passed the status is %q", got)
	}
}

func TestANewProfileIsTestedBeforeItIsMade(t *testing.T) {
	w := newWorld(t)
	body := `{"api_host":"` + w.apiHost + `","integration_key":"` + ikey + `","secret_key":"` + skey + `"}`
	got, err := w.try(t, w.admin, w.svm2.UUID, body)
	if want := "svm2 saved=false passed=true\n"; err != nil || !strings.HasPrefix(got, want) {
		t.Errorf("got %s, %v", got, err)
	}
	if _, err := w.profiles.Find(t.Context(), w.admin, []string{w.svm2.UUID}); !fault.Is(err, fault.NotFound) {
		t.Errorf("a profile was made: %v", err)
	}
}

func TestATestIsForThoseWhoSeeTheProfile(t *testing.T) {
	w := newWorld(t)
	w.profile(t, `"owner.name":"svm1",`)
	within := svm.Caller{Name: "vsadmin", Scope: svm.Within(w.svm2.UUID)}
	for _, tt := range []struct {
		name, owner, body string
		caller            svm.Caller
		want              fault.Code
	}{
		{"another SVM's", w.svm1.UUID, `{}`, within, fault.NotFound},
		{"one that is not there", w.svm2.UUID, `{"username":"alice"}`, w.admin, fault.NotFound},
		{"with a field that cannot be changed", w.svm1.UUID, `{"fingerprint":"x"}`, w.admin, fault.UnknownField},
		{"with a value out of range", w.svm1.UUID, `{"max_prompts":9}`, w.admin, fault.BadValue},
		{"with the stored password for another proxy", w.svm1.UUID, `{"http_proxy":"u:********@h:1"}`, w.admin, fault.BadReason},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := w.try(t, tt.caller, tt.owner, tt.body); !fault.Is(err, tt.want) {
				t.Errorf("got %s, %v; want %s", got, err, tt.want)
			}
		})
	}
}
