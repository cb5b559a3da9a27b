package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/duoplane/duoplane/internal/durable"
)

// A ready is the JSON object of --ready-file: what a script needs to talk to
// what was started. Fields that the command has nothing for are left out.
type ready struct {
	APIURL     string `json:"api_url,omitempty"`
	CAFile     string `json:"ca_file,omitempty"`
	SSHAddr    string `json:"ssh_addr,omitempty"`
	MetricsURL string `json:"metrics_url,omitempty"`
	// SSHDoors are the addresses of the SSH doors of single SVMs, by the SVM's
	// name; of several of one SVM, the first.
	SSHDoors    map[string]string `json:"ssh_doors,omitempty"`
	AdminUser   string            `json:"admin_user,omitempty"`
	ClusterUUID string            `json:"cluster_uuid,omitempty"`

	// From dev alone.
	AdminPassword string `json:"admin_password,omitempty"`
	SVMUUID       string `json:"svm_uuid,omitempty"`

	// From dev and sim. The keys are of a service that forgets them at exit.
	SimURL            string `json:"sim_url,omitempty"`
	SimCAFile         string `json:"sim_ca_file,omitempty"`
	SimControlURL     string `json:"sim_control_url,omitempty"`
	PhoneURL          string `json:"phone_url,omitempty"`
	SimIntegrationKey string `json:"sim_integration_key,omitempty"`
	SimSecretKey      string `json:"sim_secret_key,omitempty"`
	SimUser           string `json:"sim_user,omitempty"`
}

// clearReady removes the ready file, an earlier run's so that nobody takes it
// for this one's, and makes sure that a new one can be written.
func clearReady(path string) error {
	if path == "" {
		return nil
	}
	err := os.Remove(path)
	if errors.Is(err, os.ErrNotExist) {
		err = writable(filepath.Dir(path))
	}
	if err != nil {
		return faultf("ready-file", "%v", err)
	}
	return nil
}

// writable reports whether a file can be made in a folder.
func writable(dir string) error {
	f, err := os.CreateTemp(dir, ".duoplane-*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// writeReady writes the ready file in one step, readable by its owner alone.
func writeReady(path string, r ready) error {
	if path == "" {
		return nil
	}
	doc, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("describe what listens: %w", err)
	}
	if err := durable.Replace(path, append(doc, '\n'), 0o600); err != nil {
		return faultf("ready-file", "%v", err)
	}
	return nil
}
