package enforce_test

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/duoplane/duoplane/internal/duo"
	"github.com/duoplane/duoplane/internal/duoapi"
	"github.com/duoplane/duoplane/internal/duosim"
)

// matrix is every way the service or the network can fail, at every step of a
// login, in both fail modes: what is decided, and the word for why. "open" is
// let in without Duo, which fail_mode alone decides and only at ping and
// preauth; "allow" is let in by Duo. The step auth is a passcode, whose answer
// is Duo's word; the step status follows a push.
//
// A ping has no result, so one in it means nothing and the login goes on. An
// answer "enroll" to a factor is no answer that Duo gives.
//
//nolint:dupword // neighbouring cells may agree
const matrix = `
event           ping/safe            ping/secure          preauth/safe         preauth/secure       auth/safe            auth/secure          status/safe          status/secure
none            allow:approved       allow:approved       allow:approved       allow:approved       allow:approved       allow:approved       allow:approved       allow:approved
refused         open:connect         deny:connect         open:connect         deny:connect         deny:connect         deny:connect         deny:connect         deny:connect
dns             open:lookup          deny:lookup          open:lookup          deny:lookup          deny:lookup          deny:lookup          deny:lookup          deny:lookup
unknown_ca      open:tls_authority   deny:tls_authority   open:tls_authority   deny:tls_authority   deny:tls_authority   deny:tls_authority   deny:tls_authority   deny:tls_authority
wrong_name      open:tls_name        deny:tls_name        open:tls_name        deny:tls_name        deny:tls_name        deny:tls_name        deny:tls_name        deny:tls_name
not_tls         open:not_tls         deny:not_tls         open:not_tls         deny:not_tls         deny:not_tls         deny:not_tls         deny:not_tls         deny:not_tls
handshake_hang  open:timeout         deny:timeout         open:timeout         deny:timeout         deny:timeout         deny:timeout         deny:timeout         deny:timeout
answer_hang     open:timeout         deny:timeout         open:timeout         deny:timeout         deny:timeout         deny:timeout         deny:timeout         deny:timeout
5xx             open:server_error    deny:server_error    open:server_error    deny:server_error    deny:server_error    deny:server_error    deny:server_error    deny:server_error
401_key         open:key             deny:key             open:key             deny:key             deny:key             deny:key             deny:key             deny:key
401_signature   open:signature       deny:signature       open:signature       deny:signature       deny:signature       deny:signature       deny:signature       deny:signature
401_clock       open:clock           deny:clock           open:clock           deny:clock           deny:clock           deny:clock           deny:clock           deny:clock
400             deny:rejected        deny:rejected        deny:rejected        deny:rejected        deny:rejected        deny:rejected        deny:rejected        deny:rejected
403             deny:rejected        deny:rejected        deny:rejected        deny:rejected        deny:rejected        deny:rejected        deny:rejected        deny:rejected
404             deny:rejected        deny:rejected        deny:rejected        deny:rejected        deny:rejected        deny:rejected        deny:rejected        deny:rejected
301             deny:redirect        deny:redirect        deny:redirect        deny:redirect        deny:redirect        deny:redirect        deny:redirect        deny:redirect
429             deny:rate_limit      deny:rate_limit      deny:rate_limit      deny:rate_limit      deny:rate_limit      deny:rate_limit      deny:rate_limit      deny:rate_limit
empty           open:malformed       deny:malformed       open:malformed       deny:malformed       deny:malformed       deny:malformed       deny:malformed       deny:malformed
not_json        open:malformed       deny:malformed       open:malformed       deny:malformed       deny:malformed       deny:malformed       deny:malformed       deny:malformed
cut_short       open:cut_short       deny:cut_short       open:cut_short       deny:cut_short       deny:cut_short       deny:cut_short       deny:cut_short       deny:cut_short
no_field        open:malformed       deny:malformed       open:malformed       deny:malformed       deny:malformed       deny:malformed       deny:malformed       deny:malformed
unknown_result  allow:approved       allow:approved       open:malformed       deny:malformed       deny:malformed       deny:malformed       deny:malformed       deny:malformed
fail_in_200     deny:fail            deny:fail            deny:fail            deny:fail            deny:fail            deny:fail            deny:fail            deny:fail
deny            allow:approved       allow:approved       deny:denied          deny:denied          deny:wrong_passcode  deny:wrong_passcode  deny:refused         deny:refused
enroll          allow:approved       allow:approved       deny:enroll          deny:enroll          deny:malformed       deny:malformed       deny:malformed       deny:malformed
`

// events make what happens happen at a step. A service that misbehaves does so
// at that step alone; a network that does, from then on.
var events = map[string]func(st *stage, step string){
	"none":           func(*stage, string) {},
	"refused":        network(func(*scenery) trouble { return to("127.0.0.1:1") }),
	"dns":            network(func(*scenery) trouble { return lost }),
	"unknown_ca":     network(func(s *scenery) trouble { return to(s.unknownCA) }),
	"wrong_name":     network(func(s *scenery) trouble { return to(s.otherName) }),
	"not_tls":        network(func(s *scenery) trouble { return to(s.plain) }),
	"handshake_hang": network(func(s *scenery) trouble { return to(s.mute) }),
	"answer_hang":    service(duosim.Fault{Do: duosim.DoHang}),
	"5xx":            service(duosim.Fault{Do: duosim.DoHTTP, Status: 500}),
	"401_key":        service(duosim.Fault{Do: duosim.DoHTTP, Status: 401, Code: 40102}),
	"401_signature":  service(duosim.Fault{Do: duosim.DoHTTP, Status: 401, Code: 40103}),
	"401_clock":      service(duosim.Fault{Do: duosim.DoHTTP, Status: 401, Code: 40105}),
	"400":            service(duosim.Fault{Do: duosim.DoHTTP, Status: 400}),
	"403":            service(duosim.Fault{Do: duosim.DoHTTP, Status: 403}),
	"404":            service(duosim.Fault{Do: duosim.DoHTTP, Status: 404}),
	"301":            service(duosim.Fault{Do: duosim.DoHTTP, Status: 301, Location: "https://127.0.0.1:1/"}),
	"429":            service(duosim.Fault{Do: duosim.DoRateLimit, RetryAfter: "3600"}),
	"empty":          service(duosim.Fault{Do: duosim.DoEmpty}),
	"not_json":       service(duosim.Fault{Do: duosim.DoHTTP, Status: 200, Body: "<html>Welcome to the hotel</html>"}),
	"cut_short":      service(duosim.Fault{Do: duosim.DoWrongLength}),
	"no_field":       service(duosim.Fault{Do: duosim.DoNoResult}),
	"unknown_result": service(duosim.Fault{Do: duosim.DoUnknownResult}),
	"fail_in_200":    service(duosim.Fault{Do: duosim.DoFailInOK}),
	"deny": func(st *stage, step string) {
		switch step {
		case "ping":
			pingSays(st, "deny")
		case "preauth":
			st.user = "disabled"
		case "auth":
			st.answer = "000000"
		case "status":
			st.fault(duosim.Fault{Do: duosim.DoDeny})
		}
	},
	"enroll": func(st *stage, step string) {
		switch step {
		case "ping":
			pingSays(st, "enroll")
		case "preauth":
			st.user = "nobody-knows"
		default:
			st.fault(duosim.Fault{Do: duosim.DoHTTP, Status: 200, Step: step, Body: `{"stat":"OK","response":{"result":"enroll","status":"x","status_msg":"y"}}`})
		}
	},
}

type trouble = func(context.Context) (net.Conn, error)

// steps are in the order of their requests, each of which dials.
var steps = []string{"ping", "preauth", "auth", "status"}

func network(t func(*scenery) trouble) func(*stage, string) {
	return func(st *stage, step string) {
		st.trouble, st.troubleFrom = t(st.scenery), slices.Index(steps, step)+1
	}
}

func service(f duosim.Fault) func(*stage, string) {
	return func(st *stage, step string) {
		f.Step = step
		st.fault(f)
	}
}

// pingSays lets a ping carry a result beside its time.
func pingSays(st *stage, result string) {
	st.fault(duosim.Fault{
		Do: duosim.DoHTTP, Status: 200, Step: "ping",
		Body: fmt.Sprintf(`{"stat":"OK","response":{"time":%d,"result":%q}}`, time.Now().Unix(), result),
	})
}

// TestEveryFailureAtEveryStep drives the matrix through the real client
// against the simulator over TLS.
func TestEveryFailureAtEveryStep(t *testing.T) {
	scenery := newScenery(t)
	lines := strings.Split(strings.TrimSpace(matrix), "\n")
	columns := strings.Fields(lines[0])[1:]
	type cell struct {
		name, want string
		got        chan string
	}
	var hanging, others []cell
	for _, line := range lines[1:] {
		fields := strings.Fields(line)
		for i, want := range fields[1:] {
			step, mode, _ := strings.Cut(columns[i], "/")
			st := scenery.newStage(t, duo.FailMode(mode))
			st.profile.AutoPush = step == "status"
			events[fields[0]](st, step)
			c := cell{fields[0] + " at " + step + " in mode " + mode, want, make(chan string, 1)}
			play := func() { c.got <- st.play(t.Context()) }
			if strings.HasSuffix(fields[0], "_hang") { // they only wait, so they wait together
				st.limits = duoapi.Timeouts{Handshake: 2 * time.Second, Call: 2 * time.Second, Poll: 2 * time.Second}
				hanging = append(hanging, c)
				go play()
				continue
			}
			others = append(others, c)
			play()
		}
	}
	if want := len(events) * len(steps) * 2; len(hanging)+len(others) != want {
		t.Errorf("got %d cells, want %d", len(hanging)+len(others), want)
	}
	for _, c := range slices.Concat(others, hanging) {
		t.Run(c.name, func(t *testing.T) {
			if got := <-c.got; got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}
