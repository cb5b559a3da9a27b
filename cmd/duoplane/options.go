package main

import (
	"context"
	"time"
)

// A command is one sub-command with its options filled in and checked.
type command interface {
	// faults lists what is wrong with the options, without opening anything.
	faults() []error
	run(ctx context.Context, env environ) error
}

// cli declares every option once. The flag's name, its environment variable
// (DUOPLANE_ and the name in capitals), its key in the --config file, the help
// text and docs/configuration.md are all derived from here. A flag beats the
// environment, which beats the file, which beats the default.
type cli struct {
	Dev     devOptions     `cmd:"" help:"Run everything on this machine: temporary data, Duo simulated, samples to play with."`
	Serve   serveOptions   `cmd:"" help:"Serve Duo profiles durably, from a data directory or an etcd cluster."`
	Sim     simOptions     `cmd:"" help:"Run the Duo simulator alone, for any Duo client."`
	Login   loginOptions   `cmd:"" help:"Second factor of an SSH login, as OpenSSH's ForceCommand: asks a Duoplane server, then becomes the user's shell."`
	Backup  backupOptions  `cmd:"" help:"Write all records into one file, secrets sealed, also while a server serves them."`
	Restore restoreOptions `cmd:"" help:"Put the records of a backup into an empty data directory or an empty etcd prefix."`
	Keys    keysOptions    `cmd:"" help:"The keys that seal the secrets: list them, put a fresh one in place, drop those of the past."`
	Version versionOptions `cmd:"" help:"Print the version, the commit and the Go release it was built with."`
}

// commonOptions are those of every command that keeps running.
type commonOptions struct {
	// Config is read before anything else; it cannot name another file.
	Config    string `placeholder:"FILE" help:"YAML file with options, one 'name: value' a line."`
	ReadyFile string `placeholder:"FILE" help:"Write a JSON object with addresses and names here once everything listens. Mode 0600, removed at exit."`
	LogLevel  string `default:"info" placeholder:"LEVEL" help:"Least level of log lines on standard error: debug, info, warn or error. Default: ${default}."`
	LogFormat string `default:"text" placeholder:"FORMAT" help:"Form of log lines: text or json. Default: ${default}."`
}

// apiOptions are those of the REST edge.
type apiOptions struct {
	APIListen       string        `name:"api-listen" default:"127.0.0.1:8443" placeholder:"ADDRESS" help:"Address of the REST API. Port 0 takes a free one. Default: ${default}."`
	ShutdownTimeout time.Duration `default:"10s" placeholder:"DURATION" help:"How long requests under way may take to end after SIGTERM. Default: ${default}."`
}

// simListenOptions are those of the simulator's two listeners.
type simListenOptions struct {
	SimListen        string `default:"127.0.0.1:8444" placeholder:"ADDRESS" help:"Address of the simulated Duo service. Port 0 takes a free one. Default: ${default}."`
	SimControlListen string `default:"127.0.0.1:8445" placeholder:"ADDRESS" help:"Address of the simulator's control API: plain HTTP, whoever reaches it controls the simulator. Default: ${default}."`
}

// storeOptions say where the records and their keyset are.
type storeOptions struct {
	// DataDir holds the keyset, the certificates, the audit log and, unless
	// EtcdEndpoints is given, the store. It is created with mode 0700.
	DataDir    string `placeholder:"DIR" help:"Folder for everything kept: store, keyset, certificates, audit log. Required by duoplane serve."`
	KeysetFile string `placeholder:"FILE" help:"Keyset that seals the secrets, mode 0600. Default: keyset.json in the data directory, created on the first start."`

	EtcdEndpoints []string `placeholder:"URL" help:"Use this etcd cluster instead of the embedded store."`
	EtcdCAFile    string   `name:"etcd-ca-file" placeholder:"FILE" help:"Certificate authorities of the etcd cluster in PEM. Default: those of the system."`
	EtcdCertFile  string   `placeholder:"FILE" help:"Client certificate for the etcd cluster in PEM."`
	EtcdKeyFile   string   `placeholder:"FILE" help:"Private key of --etcd-cert-file in PEM, mode 0600."`
	EtcdUser      string   `placeholder:"NAME" help:"User name for the etcd cluster."`
	// The password itself is no option: command lines and environments are
	// read by others.
	EtcdPasswordFile string `placeholder:"FILE" help:"File with the password of --etcd-user on its first line, mode 0600."`
	EtcdPrefix       string `default:"/duoplane/v1/" placeholder:"PREFIX" help:"Prefix of every key in the etcd cluster. Default: ${default}."`
}

// serveOptions are those of duoplane serve.
type serveOptions struct {
	commonOptions
	apiOptions
	sshOptions
	metricsOptions `set:"metrics=off"`
	storeOptions

	ClusterName string `placeholder:"NAME" help:"Name of the cluster, taken on the first start. Default: cluster-1."`
	TLSCert     string `name:"tls-cert" placeholder:"FILE" help:"Certificate chain of the REST API in PEM. Default: one of our own, signed by tls/ca.pem in the data directory."`
	TLSKey      string `name:"tls-key" placeholder:"FILE" help:"Private key of --tls-cert in PEM, mode 0600."`
	DuoCAFile   string `name:"duo-ca-file" placeholder:"FILE" help:"Certificate authorities the Duo service must be signed by, in PEM. Default: those of the system."`

	// MaxPolicyAge counts from when the cluster last confirmed what is in memory.
	MaxPolicyAge time.Duration `default:"5m" placeholder:"DURATION" help:"While the etcd cluster cannot be reached, logins go on by what was last known for this long; then they are refused, whatever a profile's fail_mode says. Default: ${default}."`
	Reads        string        `default:"linearizable" placeholder:"MODE" help:"linearizable: a read sees every change acknowledged anywhere before it. local: it sees what has reached this process. Default: ${default}."`
	DrainDelay   time.Duration `placeholder:"DURATION" help:"How long after SIGTERM everything is answered as before, while /readyz tells load balancers to look elsewhere. Default: 0s."`
}

// devOptions are those of duoplane dev.
type devOptions struct {
	commonOptions
	apiOptions
	sshOptions
	metricsOptions `set:"metrics=127.0.0.1:8446"`
	simListenOptions

	Dir         string `placeholder:"DIR" help:"Folder for dev's temporary files: certificates, password, data. Must not exist or be empty; removed at exit. Default: a new one under the system's temporary folder."`
	AutoApprove bool   `help:"Let the simulated telephones approve every push by themselves."`
}

// simOptions are those of duoplane sim.
type simOptions struct {
	commonOptions
	simListenOptions

	Seed        string `placeholder:"FILE" help:"YAML file with what Duo knows at the start: integrations, users, phones, faults. Default: one integration with fresh keys and the sample users of dev."`
	AutoApprove bool   `help:"Let the simulated telephones approve every push by themselves."`
}

// versionOptions are those of duoplane version: none.
type versionOptions struct{}
