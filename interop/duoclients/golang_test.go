package duoclients

import (
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"testing"
	"time"

	duoapi "github.com/duosecurity/duo_api_golang"
	"github.com/duosecurity/duo_api_golang/authapi"
)

// goLibraries is github.com/duosecurity/duo_api_golang 0.2.0: forms, sent in
// chunks, and JSON. It signs the port as part of the host.
func goLibraries() []library {
	failed := func(_, code, message string) string { return "FAIL " + code + " " + message }
	l := library{
		signer:  signer{"duoclients duo_api_golang/0.2.0", fit{Version: "v2", Digest: "sha512", Date: "date", Host: "host:port"}},
		refused: "connect: connection refused", failed: failed, retryFails: true,
	}
	forms, documents := l, l
	forms.name, forms.open = "Go, forms", openForms
	documents.name, documents.open, documents.fit.Version = "Go, JSON", openJSON, "v5"
	return []library{forms, documents}
}

func newDuoAPI(t *testing.T, to target) *duoapi.DuoApi {
	t.Helper()
	pem, err := os.ReadFile(to.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		t.Fatalf("%s holds no certificate", to.CAFile)
	}
	return duoapi.NewDuoApi(to.IKey, to.SKey, to.Host+":"+to.Port, "duoclients", duoapi.SetTimeout(10*time.Second),
		duoapi.SetTransport(func(tr *http.Transport) {
			tr.TLSClientConfig.RootCAs = roots
			t.Cleanup(tr.CloseIdleConnections)
		}))
}

// openForms uses package authapi, a method a call.
func openForms(t *testing.T, to target) caller {
	t.Helper()
	api := authapi.NewAuthApi(*newDuoAPI(t, to))
	return func(t *testing.T, name string, params map[string]string) reply {
		t.Helper()
		all := func(v *url.Values) {
			for name, value := range params {
				v.Set(name, value)
			}
		}
		switch name {
		case "ping":
			r, err := api.Ping()
			return goReply(t, r, err)
		case "check":
			r, err := api.Check()
			return goReply(t, r, err)
		case "preauth":
			r, err := api.Preauth(all)
			return goReply(t, r, err)
		case "auth":
			r, err := api.Auth(params["factor"], all)
			return goReply(t, r, err)
		case "auth_status":
			r, err := api.AuthStatus(params["txid"])
			return goReply(t, r, err)
		case "enroll":
			r, err := api.Enroll(all)
			return goReply(t, r, err)
		default:
			r, err := api.EnrollStatus(params["user_id"], params["activation_code"])
			return goReply(t, r, err)
		}
	}
}

// openJSON uses the one function that signs JSON.
func openJSON(t *testing.T, to target) caller {
	t.Helper()
	api := newDuoAPI(t, to)
	return func(t *testing.T, name string, params map[string]string) reply {
		t.Helper()
		method := http.MethodPost
		if name == "ping" || name == "check" || name == "auth_status" {
			method = http.MethodGet
		}
		body := duoapi.JSONParams{}
		for name, value := range params {
			body[name] = value
		}
		_, data, err := api.JSONSignedCall(method, "/auth/v2/"+name, body) //nolint:bodyclose // the library did
		r := struct {
			duoapi.StatResult
			Response json.RawMessage
		}{}
		if err == nil {
			err = json.Unmarshal(data, &r)
		}
		r.SyncCode()
		return goReply(t, &r, err)
	}
}

// goReply reads what the library decoded: a struct with its StatResult and a
// Response.
func goReply(t *testing.T, r any, err error) reply {
	t.Helper()
	if err != nil {
		return reply{Error: err.Error()}
	}
	decoded := reflect.ValueOf(r).Elem()
	stat, ok := reflect.TypeAssert[duoapi.StatResult](decoded.FieldByName("StatResult"))
	if !ok {
		t.Fatalf("%T has no StatResult", r)
	}
	if stat.Stat != "OK" {
		return reply{Error: fmt.Sprintf("%s %d %s", stat.Stat, *stat.Code, *stat.Message)}
	}
	text, err := json.Marshal(decoded.FieldByName("Response").Interface())
	if err != nil {
		t.Fatal(err)
	}
	var word string
	if json.Unmarshal(text, &word) == nil {
		return reply{Result: word}
	}
	var response struct { // encoding/json does not mind the case of Status_Msg
		Time              int64
		Result, Txid      string
		StatusMsg         string `json:"status_msg"`
		EnrollPortalURL   string `json:"enroll_portal_url"`
		ActivationBarcode string `json:"activation_barcode"`
		UserID            string `json:"user_id"`
		ActivationCode    string `json:"activation_code"`
	}
	if err := json.Unmarshal(text, &response); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if response.Time > 0 {
		return reply{Result: "ok"}
	}
	return reply{
		Result: response.Result, Text: response.StatusMsg, TxID: response.Txid,
		Link:   response.EnrollPortalURL + response.ActivationBarcode,
		UserID: response.UserID, ActivationCode: response.ActivationCode,
	}
}
