package main

import (
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// nameShape is what ONTAP takes as the name of a cluster or an SVM.
var nameShape = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]{0,46}$`)

func (o *commonOptions) faults() []error {
	return slices.Concat(
		oneOf("log-level", o.LogLevel, "debug", "info", "warn", "error"),
		oneOf("log-format", o.LogFormat, "text", "json"),
	)
}

func (o *apiOptions) faults() []error {
	out := address("api-listen", o.APIListen)
	if o.ShutdownTimeout <= 0 {
		out = append(out, faultf("shutdown-timeout", "must be longer than 0, for example 10s"))
	}
	return out
}

func (o *simListenOptions) faults() []error {
	return append(address("sim-listen", o.SimListen), address("sim-control-listen", o.SimControlListen)...)
}

func (o *serveOptions) faults() []error {
	out := slices.Concat(
		o.commonOptions.faults(), o.apiOptions.faults(), o.sshOptions.faults(), o.metricsOptions.faults(),
		together("tls-cert", o.TLSCert, "tls-key", o.TLSKey),
		oneOf("reads", o.Reads, "linearizable", "local"),
		o.storeOptions.faults(),
	)
	if o.MaxPolicyAge < time.Second {
		out = append(out, faultf("max-policy-age", "must be at least 1s, for example 5m"))
	}
	if o.DrainDelay < 0 {
		out = append(out, faultf("drain-delay", "must not be negative"))
	}
	if o.DataDir == "" {
		out = append(out, faultf("data-dir", "is required: name the folder that keeps everything, for example --data-dir=/var/lib/duoplane"))
	}
	if o.ClusterName != "" && !nameShape.MatchString(o.ClusterName) {
		out = append(out, faultf("cluster-name", "%q is not a name: 1 to 47 letters, digits, '_', '-' and '.', beginning with a letter or '_'", o.ClusterName))
	}
	return out
}

// faults checks the options of an etcd cluster, and that there is one when they
// are given.
func (o *storeOptions) faults() []error {
	out := append(
		together("etcd-cert-file", o.EtcdCertFile, "etcd-key-file", o.EtcdKeyFile),
		together("etcd-user", o.EtcdUser, "etcd-password-file", o.EtcdPasswordFile)...)
	schemes := map[string]bool{}
	for _, endpoint := range o.EtcdEndpoints {
		u, err := url.Parse(endpoint)
		if err == nil {
			schemes[u.Scheme] = true
		}
		if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || strings.Trim(u.Path, "/") != "" {
			out = append(out, faultf("etcd-endpoints", "%q is not the address of an etcd member, for example https://a.example.org:2379", endpoint))
		}
	}
	if len(schemes) > 1 && len(out) == 0 {
		out = append(out, faultf("etcd-endpoints", "are partly http, partly https; use https for all"))
	}
	if !strings.HasPrefix(o.EtcdPrefix, "/") || !strings.HasSuffix(o.EtcdPrefix, "/") || o.EtcdPrefix == "/" {
		out = append(out, faultf("etcd-prefix", "%q must begin and end with a slash and name something between", o.EtcdPrefix))
	}
	if len(o.EtcdEndpoints) > 0 {
		return out
	}
	given := []struct{ option, value string }{
		{"etcd-ca-file", o.EtcdCAFile},
		{"etcd-cert-file", o.EtcdCertFile},
		{"etcd-user", o.EtcdUser},
	}
	for _, g := range given {
		if g.value != "" {
			out = append(out, faultf(g.option, "is for an etcd cluster; give --etcd-endpoints too or leave it out"))
		}
	}
	return out
}

func (o *devOptions) faults() []error {
	return slices.Concat(o.commonOptions.faults(), o.apiOptions.faults(), o.sshOptions.faults(), o.metricsOptions.faults(), o.simListenOptions.faults())
}

func (o *simOptions) faults() []error {
	return slices.Concat(o.commonOptions.faults(), o.simListenOptions.faults())
}

// address checks that a listener can be asked for; whether it can be had shows
// when it is opened.
func address(option, given string) []error {
	_, port, err := net.SplitHostPort(given)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return []error{faultf(option, "%q is not host:port, for example 127.0.0.1:8443, or 127.0.0.1:0 for a free port", given)}
	}
	return nil
}

func oneOf(option, given string, words ...string) []error {
	if slices.Contains(words, given) {
		return nil
	}
	return []error{faultf(option, "%q is not one of %s", given, strings.Join(words, ", "))}
}

// together checks two options that mean nothing without each other.
func together(a, givenA, b, givenB string) []error {
	switch {
	case givenA != "" && givenB == "":
		return []error{faultf(b, "is missing: it goes with --%s", a)}
	case givenA == "" && givenB != "":
		return []error{faultf(a, "is missing: it goes with --%s", b)}
	}
	return nil
}
