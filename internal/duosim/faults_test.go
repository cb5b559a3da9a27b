package duosim_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/duosim"
)

func (b *bench) fault(t *testing.T, f duosim.Fault) {
	t.Helper()
	if _, err := b.sim.AddFault(f); err != nil {
		t.Fatal(err)
	}
}

// preauth asks for alice and returns whatever came, errors of the connection
// included.
func (b *bench) preauth(user string) (status int, header http.Header, body string, err error) {
	resp, err := b.http.Do(request("POST", "https://"+b.addr, "/auth/v2/preauth", "username", user))
	if err != nil {
		return 0, nil, "", err
	}
	defer resp.Body.Close() //nolint:errcheck // read
	data, err := io.ReadAll(resp.Body)
	return resp.StatusCode, resp.Header, string(data), err
}

func TestFaultsOfTheServiceThatAreAnswers(t *testing.T) {
	b := start(t, duosim.Config{})
	for name, tc := range map[string]struct {
		fault   duosim.Fault
		status  int
		body    string
		headers map[string]string
	}{
		"a status":              {duosim.Fault{Do: duosim.DoHTTP, Status: 503}, 503, `{"stat":"FAIL","code":50301,"message":"Service Unavailable"}`, nil},
		"a status and code":     {duosim.Fault{Do: duosim.DoHTTP, Status: 401, Code: 40105, Message: "Bad request timestamp", Detail: "x"}, 401, `{"stat":"FAIL","code":40105,"message":"Bad request timestamp","message_detail":"x"}`, nil},
		"a page of a proxy":     {duosim.Fault{Do: duosim.DoHTTP, Status: 502, Body: "<html>bad gateway</html>"}, 502, "<html>bad gateway</html>", map[string]string{"Content-Type": "text/html"}},
		"a redirect":            {duosim.Fault{Do: duosim.DoHTTP, Status: 301, Location: "https://elsewhere.example/"}, 301, "", map[string]string{"Location": "https://elsewhere.example/"}},
		"no content":            {duosim.Fault{Do: duosim.DoHTTP, Status: 204}, 204, "", nil},
		"slow down":             {duosim.Fault{Do: duosim.DoRateLimit}, 429, `{"stat":"FAIL","code":42901,"message":"Too Many Requests"}`, map[string]string{"Retry-After": ""}},
		"slow down for a while": {duosim.Fault{Do: duosim.DoRateLimit, RetryAfter: "7"}, 429, `{"stat":"FAIL","code":42901,"message":"Too Many Requests"}`, map[string]string{"Retry-After": "7"}},
		"nothing":               {duosim.Fault{Do: duosim.DoEmpty}, 200, "", nil},
		"no response":           {duosim.Fault{Do: duosim.DoNoResponse}, 200, `{"stat":"OK"}`, nil},
		"no result":             {duosim.Fault{Do: duosim.DoNoResult}, 200, `{"stat":"OK","response":{}}`, nil},
		"an unknown result":     {duosim.Fault{Do: duosim.DoUnknownResult}, 200, `{"stat":"OK","response":{"status_msg":"Second factor not required. Logging you in...","result":"zzz"}}`, nil},
		"FAIL inside 200":       {duosim.Fault{Do: duosim.DoFailInOK}, 200, `{"stat":"FAIL","code":40002,"message":"Invalid request parameters"}`, nil},
		"half of the JSON":      {duosim.Fault{Do: duosim.DoBrokenJSON}, 200, `{"stat":"OK","response":{"result":"allow","status_ms`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			tc.fault.Times, tc.fault.User, tc.fault.Step = 1, "Bypass", "preauth"
			b.fault(t, tc.fault)
			b.get(t, "/auth/v2/check") // another step
			if _, _, body, _ := b.preauth("locked"); !strings.Contains(body, `"deny"`) {
				t.Errorf("another user met the fault: %s", body)
			}
			status, header, body, err := b.preauth("bypass")
			if err != nil || status != tc.status {
				t.Fatalf("HTTP %d %v", status, err)
			}
			if diff := cmp.Diff(tc.body, body); diff != "" {
				t.Error(diff)
			}
			for name, want := range tc.headers {
				if got := header.Get(name); got != want {
					t.Errorf("%s: %q", name, got)
				}
			}
			if e := b.last(t); len(e.Faults) != 1 || e.Faults[0] != string(tc.fault.Do) || e.Status != tc.status {
				t.Errorf("journal: %+v", e)
			}
			if _, _, body, err := b.preauth("bypass"); err != nil || !strings.Contains(body, `"allow"`) {
				t.Errorf("the fault stays: %s %v", body, err)
			}
		})
	}
}

func TestAnUnknownResultInTheOldDialectComesWithAText(t *testing.T) {
	b := start(t, duosim.Config{})
	b.fault(t, duosim.Fault{Do: duosim.DoUnknownResult, Step: "preauth", User: "alice"})
	got := b.post(t, "/rest/v1/preauth.json", "user", "alice")
	if got.text("result") != "zzz" || got.text("status") != "Account is active" {
		t.Error(got.Body)
	}
}

func TestFaultsThatBreakTheConnection(t *testing.T) {
	b := start(t, duosim.Config{})
	b.fault(t, duosim.Fault{Do: duosim.DoDrop, Times: 2}) // net/http tries a lost keep-alive connection again
	if status, _, body, err := b.preauth("bypass"); err == nil {
		t.Errorf("drop: HTTP %d %s", status, body)
	}
	b.sim.ClearFaults()
	b.fault(t, duosim.Fault{Do: duosim.DoWrongLength, Times: 1})
	if status, _, body, err := b.preauth("bypass"); !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(body, `"allow"`) {
		t.Errorf("wrong length: HTTP %d %s %v", status, body, err)
	}
	b.fault(t, duosim.Fault{Do: duosim.DoHang, Times: 1})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	resp, err := b.http.Do(request("POST", "https://"+b.addr, "/auth/v2/preauth", "username", "bypass").WithContext(ctx)) //nolint:bodyclose // there is none
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("hang: %v %v", resp, err)
	}
	if _, _, body, err := b.preauth("bypass"); err != nil || !strings.Contains(body, `"allow"`) {
		t.Errorf("afterwards: %s %v", body, err)
	}
}

func TestFaultsReachTheBSONDialect(t *testing.T) {
	b := start(t, duosim.Config{})
	b.fault(t, duosim.Fault{Do: duosim.DoFailInOK, Times: 1})
	resp, err := b.http.Do(request("POST", "https://"+b.addr, "/rest/v1/preauth.bson", "user", "alice"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // read
	data, _ := io.ReadAll(resp.Body)
	doc, err := duosim.ReadBSON(data)
	if err != nil || string(doc) != `{"stat":"FAIL","code":40002,"message":"Invalid request parameters"}` {
		t.Errorf("%s %v", doc, err)
	}
}

func TestAPersonsDeeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDirect(t, same)
		for _, tc := range []struct {
			fault duosim.Fault
			want  []string
			took  time.Duration
		}{
			{duosim.Fault{Do: duosim.DoApprove}, []string{"waiting/pushed", "allow/allow"}, 0},
			{duosim.Fault{Do: duosim.DoDeny, Delay: duosim.Duration(3 * time.Second)}, []string{"waiting/pushed", "deny/deny"}, 3 * time.Second},
			{duosim.Fault{Do: duosim.DoFraud}, []string{"waiting/pushed", "deny/fraud"}, 0},
			{duosim.Fault{Do: duosim.DoTimeout}, []string{"waiting/pushed", "deny/timeout"}, 0},
			{duosim.Fault{Do: duosim.DoApprove, Delay: duosim.Duration(2 * time.Minute)}, []string{"waiting/pushed", "waiting/pushed", "waiting/pushed", "deny/timeout"}, time.Minute},
			{duosim.Fault{Do: duosim.DoPushFailed}, []string{"waiting/push_failed", "waiting/push_failed", "waiting/push_failed", "deny/timeout"}, time.Minute},
		} {
			tc.fault.Times, tc.fault.User = 1, "alice"
			if _, err := d.sim.AddFault(tc.fault); err != nil {
				t.Fatal(err)
			}
			begin := time.Now()
			txid := d.push(t)
			var got []string
			for range tc.want {
				got = append(got, d.poll(t, txid))
			}
			if diff := cmp.Diff(tc.want, got); diff != "" || time.Since(begin) != tc.took {
				t.Errorf("%s after %v (-want +got):\n%s", tc.fault.Do, time.Since(begin), diff)
			}
		}
	})
}

func TestEndlessWaitingForClientsToSurvive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDirect(t, same)
		txid := d.push(t)
		if _, err := d.sim.AddFault(duosim.Fault{Do: duosim.DoWaiting, User: "alice"}); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		for i := range 40 {
			if got := d.poll(t, txid); got != "waiting/pushed" || time.Since(begin) != 0 {
				t.Fatalf("poll %d: %s after %v", i, got, time.Since(begin))
			}
		}
	})
}

func TestLateAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDirect(t, same)
		if _, err := d.sim.AddFault(duosim.Fault{Do: duosim.DoDelay, Step: "preauth", Delay: duosim.Duration(5 * time.Second)}); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		if r := d.call(t, "POST", "/auth/v2/preauth", "username", "bypass"); r.text("result") != "allow" || time.Since(begin) != 5*time.Second {
			t.Errorf("%s after %v", r.Body, time.Since(begin))
		}
	})
}

func TestClockShiftAndKeysSwitchedOff(t *testing.T) {
	b := start(t, duosim.Config{})
	b.configure(t, func(s *duosim.Settings) { s.ClockShift = duosim.Duration(400 * time.Second) })
	r := b.get(t, "/auth/v2/ping")
	if ahead := r.fields()["time"].(float64) - float64(time.Now().Unix()); ahead < 395 || ahead > 401 {
		t.Errorf("ping is %v s ahead", ahead)
	}
	if r := b.get(t, "/auth/v2/check"); r.Code != 40105 || r.HTTP != 401 {
		t.Errorf("%s", r.Body)
	}
	b.configure(t, func(s *duosim.Settings) { *s = duosim.DefaultSettings() })
	for off, want := range map[bool]int{true: 40102, false: 0} {
		if err := b.sim.SwitchIntegration(testIKey, off); err != nil {
			t.Fatal(err)
		}
		if r := b.get(t, "/auth/v2/check"); r.Code != want {
			t.Errorf("off %v: %s", off, r.Body)
		}
	}
}

func TestFaultsThatMakeNoSenseAreRefused(t *testing.T) {
	b := start(t, duosim.Config{})
	for _, f := range []duosim.Fault{
		{},
		{Do: "explode"},
		{Do: duosim.DoDrop, Step: "breakfast"},
		{Do: duosim.DoApprove, Step: "ping"},
		{Do: duosim.DoWaiting, Step: "auth"},
		{Do: duosim.DoHTTP},
		{Do: duosim.DoHTTP, Status: 99},
		{Do: duosim.DoDrop, Times: -1},
		{Do: duosim.DoRateLimit, RetryAfter: "1\r\nX: y"},
	} {
		if id, err := b.sim.AddFault(f); err == nil {
			t.Errorf("%+v was taken as %s", f, id)
		}
	}
	id, err := b.sim.AddFault(duosim.Fault{Do: duosim.DoDrop})
	if err != nil || b.sim.RemoveFault(id) != nil || b.sim.RemoveFault(id) == nil || len(b.sim.Faults()) != 0 {
		t.Errorf("%s %v %v", id, err, b.sim.Faults())
	}
}
